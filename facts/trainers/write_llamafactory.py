"""LLaMA-Factory configs from facts."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Sequence
from fnmatch import fnmatch

from transxlab.facts.situation import Fact, Facts
from transxlab.facts.trainers import starting, write_adapter, write_data
from transxlab.facts.trainers import write_huggingface as hf
from transxlab.facts.trainers.datafile import data_file
from transxlab.facts.trainers.draft import CannotWrite, Draft

_STAGES = {
    "pretrain": "pt",
    "cpt": "pt",
    "sft": "sft",
    "rm": "rm",
    "ppo": "ppo",
    "dpo": "dpo",
    "kto": "kto",
    "orpo": "dpo",
    "simpo": "dpo",
    "ipo": "dpo",
}
_LOSSES = ("orpo", "simpo", "ipo")
_FOLDER = "saves"


def entry_for(facts: Facts) -> str | None:
    """The stage, as the key map's defaults depend on it."""
    known = facts.known("config.stage")
    stage = str(known.value) if known is not None and known.value is not None else "sft"
    return "pretrain" if stage == "cpt" else stage


def compose(draft: Draft) -> None:
    """Write what several keys say together, then the rest by the key map."""
    stage = str(draft.get("config.stage", "sft"))
    if stage not in _STAGES:
        raise CannotWrite(f"LLaMA-Factory has no {stage} stage")
    draft.set("stage", _STAGES[stage], "config.stage")
    draft.set("do_train", True, "config.stage")
    if stage in _LOSSES:
        draft.set("pref_loss", stage, "config.loss_type")
    if draft.get("model.init") == "scratch":
        draft.set("train_from_scratch", True, "model.name")
    draft.leave("model.init", "config.model_dtype", "config.checkpointing_reentrant")
    _method(draft)
    _precision(draft)
    _data(draft)
    if _STAGES[stage] != "pt":
        _template(draft)
    hf.sharing(draft)
    hf.trackers(draft)
    hf.evaluation(draft)
    draft.table()


def _template(draft: Draft) -> None:
    """Its versions up to 0.9 refuse to tune on answers without the name of a template."""
    tuned = draft.get("model.is_instruct")
    if draft.get("tokenizer.chat_template"):
        return
    named = "default" if tuned is False else template_of(str(draft.get("model.name", "")))
    if tuned is None or named is None:
        draft.remarks.append("Add template: the one the model was tuned with; default for a base.")
    else:
        draft.set("template", named, "tokenizer.chat_template")


def template_of(model: str) -> str | None:
    """LLaMA-Factory's template for an instruction-tuned model; None where the table has none."""
    lines = data_file("llamafactory_templates.csv").splitlines()
    table = csv.DictReader(line for line in lines if not line.startswith("#"))
    fitting = (row["template"] for row in table if fnmatch(model.lower(), row["pattern"]))
    return next(fitting, None)


def _method(draft: Draft) -> None:
    method = str(draft.get("config.method", "full"))
    special = {"galore": "use_galore", "badam": "use_badam"}
    kinds = {"full": "full", "freeze": "freeze", "oft": "oft", "galore": "full", "badam": "full"}
    kinds.update(dict.fromkeys(("lora", "qlora", "dora", "qdora"), "lora"))
    if method not in kinds:
        raise CannotWrite(f"LLaMA-Factory has no {method} method")
    draft.set("finetuning_type", kinds[method], "config.method")
    if method in special:
        draft.set(special[method], True, "config.method")
    quantization = draft.get("config.quantization", "none")
    if method in ("qlora", "qdora"):
        draft.set("quantization_bit", 4, "config.quantization")
        draft.set("quantization_method", "bnb", "config.quantization")
        if quantization == "fp4":
            draft.set("quantization_type", "fp4", "config.quantization")
    elif quantization == "int8" and kinds[method] == "lora":
        draft.set("quantization_bit", 8, "config.quantization")
    if method.endswith("dora"):
        draft.set("use_dora", True, "config.method")
    if method not in ("qlora", "qdora"):
        draft.leave("config.double_quantization")
    draft.leave("config.quantization", "config.quantization_compute_dtype")
    if kinds[method] == "lora":
        _adapter(draft)


def _adapter(draft: Draft) -> None:
    write_adapter.scale(draft, "lora_rank", "lora_alpha", "lora_dropout")
    targets = "adapter.target_modules"
    if draft.get("adapter.all_linear") or not write_adapter.listed(
        draft, "lora_target", targets, joined=True
    ):
        draft.set("lora_target", "all", targets)
    write_adapter.listed(draft, "additional_target", "adapter.modules_to_save", joined=True)
    if draft.get("adapter.use_rslora"):
        draft.set("use_rslora", True, "adapter.use_rslora")
    if draft.get("adapter.init") == "pissa":
        draft.set("pissa_init", True, "adapter.init")
    if draft.get("adapter.lr_ratio"):
        draft.set("loraplus_lr_ratio", draft.get("adapter.lr_ratio"), "adapter.lr_ratio")


def _precision(draft: Draft) -> None:
    precision = draft.get("config.precision")
    if precision in ("pure_bf16", "fp8"):
        draft.set(str(precision), True, "config.precision")
        draft.set("bf16", True, "config.precision")
        draft.leave("config.precision")
    else:
        hf.precision(draft)
    draft.leave("config.parallelism")
    attention = {
        "flash_attention_2": "fa2",
        "flash_attention_3": "fa3",
        "sdpa": "sdpa",
        "eager": "disabled",
    }
    spelled = attention.get(str(draft.get("config.attention")))
    if spelled:
        draft.set("flash_attn", spelled, "config.attention")
    draft.leave("config.attention")
    if draft.get("config.packing") is not None:
        draft.set("packing", draft.get("config.packing"), "config.packing")
    draft.leave("config.packing")


def _data(draft: Draft) -> None:
    """Data sets are named in ``dataset_info.json`` of ``dataset_dir``."""
    for role, key in (("train", "dataset"), ("val", "eval_dataset")):
        names = [name for name, _ in _named(draft.sources(role))]
        if names:
            draft.set(key, ",".join(names), "source")
    if any(True for _, described in _named(draft.facts.all("source")) if described):
        draft.set("dataset_dir", ".", "source")
        draft.remarks.append("dataset_info.json beside this file says what the columns hold.")
    elif draft.sources("train"):
        draft.remarks.append(
            "Each name under dataset must stand in dataset_info.json of dataset_dir."
        )
    else:
        draft.remarks.append("Add dataset: (names of dataset_info.json): no data set is known.")
    if draft.sources("val"):
        draft.leave("evaluation.holdout")
    draft.leave("source", "evaluation.has_data")


def _named(facts: Sequence[Fact]) -> list[tuple[str, Fact | None]]:
    """The name of every data set; with its fact where we can say how it is read."""
    found = []
    for fact in facts:
        name, known = str(fact.slots["name"].value), bool(write_data.columns(fact))
        found.append((write_data.label(name) if known else name, fact if known else None))
    return found


def companions(facts: Facts) -> dict[str, str]:
    """``dataset_info.json``, where the columns of the data are known."""
    described = {name: fact for name, fact in _named(facts.all("source")) if fact is not None}
    return {"dataset_info.json": write_data.dataset_info(described)} if described else {}


def command(facts: Facts, config: str) -> str:
    """How the run starts; it launches torchrun by itself on several GPUs."""
    del facts
    return f"llamafactory-cli train {config}"


def quick_test(facts: Facts, config: str) -> str:
    """Three steps; any key can be overridden on the command line."""
    folder = starting.output(facts, _FOLDER)
    return f"llamafactory-cli train {config} max_steps=3 output_dir={folder}-quick-test"


def merge(facts: Facts, config: str) -> str:
    """The export command; quantised weights are merged into the unquantised model."""
    del config
    folder = starting.output(facts, _FOLDER)
    model = starting.text(facts, "model.name", "MODEL")
    known = facts.known("tokenizer.chat_template")
    template = f" --template {shlex.quote(str(known.value))}" if known and known.value else ""
    return (
        f"llamafactory-cli export --model_name_or_path {model} --adapter_name_or_path {folder}"
        f"{template} --finetuning_type lora --export_dir {folder}-merged"
    )
