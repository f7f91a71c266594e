"""Reinforcement-learning programs that are read by their key maps: verl, OpenRLHF, NeMo-RL."""

from __future__ import annotations

from collections.abc import Callable

from transxlab.facts.trainers import shared
from transxlab.facts.trainers.document import Document
from transxlab.facts.trainers.sheet import Sheet

_ESTIMATORS = {"gae": "ppo", "rloo": "rloo"}
_NEMO = {"sft": "sft", "dpo": "dpo", "rm": "rm", "distillation": "distill", "grpo": "grpo"}
_OPENRLHF = (
    ("train_sft", "sft"),
    ("train_dpo", "dpo"),
    ("train_rm", "rm"),
    ("train_kto", "kto"),
    ("train_prm", "prm"),
    ("train_kd", "distill"),
    ("train_ppo", "ppo"),
)


def entry(document: Document) -> str | None:
    """The stage the run is in."""
    command = document.command or ""
    for word, name in _OPENRLHF:
        if word in command:
            return name
    for key, name in _NEMO.items():
        if document.has(f"{key}.max_num_steps") or document.has(f"{key}.max_num_epochs"):
            return name
    if document.has("grpo.num_prompts_per_step") or document.has("loss_fn.ratio_clip_min"):
        return "grpo"
    if "sft" in command or document.has("model.partial_pretrain"):
        return "sft"
    if document.has("algorithm.adv_estimator"):
        return _ESTIMATORS.get(str(document.value("algorithm.adv_estimator")), "grpo")
    if document.has("actor_rollout_ref.model.path") or document.has("actor_rollout_ref"):
        return "ppo"
    return None


def derive(sheet: Sheet) -> None:
    """Fill what several keys decide together."""
    if sheet.entry is not None:
        key = "algorithm.adv_estimator"
        sheet.put("config.stage", sheet.entry, key if sheet.document.has(key) else None)
    _EACH[sheet.map.name](sheet)
    shared.from_head(sheet)
    shared.weights(sheet)
    shared.strategy(sheet)


def _verl(sheet: Sheet) -> None:
    document = sheet.document
    ranks = ("actor_rollout_ref.model.lora_rank", "actor_rollout_ref.model.lora.rank")
    key = next((k for k in ranks if document.has(k)), "model.lora_rank")
    if document.has("actor_rollout_ref.model.lora_adapter_path") and not document.has(key):
        sheet.put("config.method", "lora", "actor_rollout_ref.model.lora_adapter_path")
    else:
        shared.low_rank(sheet, key)
    shared.data(sheet, "train", "data.train_files")
    held = shared.data(sheet, "val", "data.val_files")
    if held:
        sheet.put("evaluation.has_data", True, "data.val_files")


def _openrlhf(sheet: Sheet) -> None:
    document = sheet.document
    four = document.on("ds.load_in_4bit") or document.on("load_in_4bit")
    key = "ds.lora.rank" if document.has("ds.lora.rank") else "lora_rank"
    shared.low_rank(sheet, key, four=four)
    shared.data(sheet, "train", "data.dataset", "data.prompt_dataset", "dataset", "prompt_data")
    stage = document.value("ds.zero_stage", document.value("zero_stage"))
    if stage in (1, 2, 3):
        sheet.put("config.parallelism", f"zero{stage}", "ds.zero_stage")


def _nemo(sheet: Sheet) -> None:
    document = sheet.document
    if document.on("policy.dtensor_cfg.lora_cfg.enabled"):
        sheet.put("config.method", "lora", "policy.dtensor_cfg.lora_cfg.enabled")
    shared.data(sheet, "train", "data.dataset_name", "data.train.dataset_name")


_EACH: dict[str, Callable[[Sheet], None]] = {
    "nemo-rl": _nemo,
    "openrlhf": _openrlhf,
    "verl": _verl,
}
