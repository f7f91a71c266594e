"""ms-swift configs from facts: YAML for ``swift sft``, ``swift pt`` and ``swift rlhf``."""

from __future__ import annotations

from transxlab.facts.situation import Facts
from transxlab.facts.trainers import starting, write_adapter
from transxlab.facts.trainers import write_huggingface as hf
from transxlab.facts.trainers.draft import CannotWrite, Draft

_RLHF = ("dpo", "orpo", "simpo", "kto", "rm", "ppo", "grpo")
_TASKS = {"embedding": "embedding", "classification": "seq_cls"}
_FOLDER = "output"


def entry_for(facts: Facts) -> str | None:
    """``full`` where every weight trains: defaults depend on it."""
    known = facts.known("config.method")
    return "full" if known is not None and known.value == "full" else "lora"


def compose(draft: Draft) -> None:
    """Write what several keys say together, then the rest by the key map."""
    stage = str(draft.get("config.stage", "sft"))
    if stage in _RLHF:
        draft.set("rlhf_type", stage, "config.stage")
    elif stage in _TASKS:
        draft.set("task_type", _TASKS[stage], "config.stage")
    elif stage not in ("sft", "cpt"):
        raise CannotWrite(f"ms-swift has no {stage} stage")
    if draft.get("model.init") == "scratch":
        raise CannotWrite("ms-swift trains from trained weights only")
    draft.leave("config.stage", "model.init")
    _method(draft)
    hf.precision(draft)
    _data(draft)
    hf.sharing(draft)
    hf.trackers(draft)
    for key in ("num_train_epochs", "per_device_train_batch_size"):
        if draft.get(f"config.{key}") is not None:
            draft.set(key, draft.get(f"config.{key}"), f"config.{key}")
    draft.leave("evaluation.generation_planned")
    if not draft.get("evaluation.predict_with_generate"):
        draft.leave("evaluation.predict_with_generate")
    draft.table()


def _method(draft: Draft) -> None:
    method = str(draft.get("config.method", "full"))
    if method not in ("full", "lora", "qlora", "dora", "qdora", "adalora", "vera"):
        raise CannotWrite(f"ms-swift has no {method} method that is known here")
    low_rank = method in ("lora", "qlora", "dora", "qdora")
    draft.set("tuner_type", "lora" if low_rank else method, "config.method")
    draft.leave("config.quantization", "config.double_quantization")
    if method in ("qlora", "qdora"):
        draft.set("quant_method", "bnb", "config.quantization")
        draft.set("quant_bits", 4, "config.quantization")
    if method.endswith("dora"):
        draft.set("use_dora", True, "config.method")
    if not low_rank:
        return
    write_adapter.scale(draft, "lora_rank", "lora_alpha", "lora_dropout")
    targets = "adapter.target_modules"
    if draft.get("adapter.all_linear") or not write_adapter.listed(
        draft, "target_modules", targets
    ):
        draft.set("target_modules", ["all-linear"], targets)
    write_adapter.listed(draft, "modules_to_save", "adapter.modules_to_save")
    if draft.get("adapter.use_rslora"):
        draft.set("use_rslora", True, "adapter.use_rslora")


def _data(draft: Draft) -> None:
    for role, key in (("train", "dataset"), ("val", "val_dataset")):
        named = []
        for fact in draft.sources(role):
            held = {slot: known.value for slot, known in fact.slots.items()}
            rows = held.get("max_rows")
            named.append(
                f"{held['name']}#{rows:g}" if isinstance(rows, (int, float)) else held["name"]
            )
        if named:
            draft.set(key, named, "source")
    if not draft.sources("train"):
        draft.remarks.append("Add dataset: no data set is known.")
    if draft.sources("val"):
        draft.leave("evaluation.holdout")
    draft.leave("source", "evaluation.has_data", "config.max_train_rows")


def command(facts: Facts, config: str) -> str:
    """How the run starts."""
    known = facts.known("config.stage")
    stage = known.value if known is not None else "sft"
    what = "rlhf" if stage in _RLHF else ("pt" if stage == "cpt" else "sft")
    gpus = starting.training_gpus(facts)
    before = f"NPROC_PER_NODE={gpus} " if gpus and gpus > 1 else ""
    return f"{before}swift {what} {config}"


def quick_test(facts: Facts, config: str) -> str:
    """Three steps into a folder of their own."""
    folder = starting.output(facts, _FOLDER)
    return f"{command(facts, config)} --max_steps 3 --output_dir {folder}-quick-test"


def merge(facts: Facts, config: str) -> str:
    """The export command on the newest checkpoint; it finds the base model in its folder.

    ms-swift writes into a folder per run, ``OUTPUT/v0-20260901-120000/checkpoint-100``, and without
    an output folder below one for the model.
    """
    del config
    named = facts.known("paths.output_dir")
    folder = starting.output(facts, _FOLDER) + ("" if named and named.value else "/*")
    newest = f"$(ls -td {folder}/v*/checkpoint-* | head -n 1)"
    return f'swift export --adapters "{newest}" --merge_lora true'
