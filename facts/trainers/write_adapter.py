"""What the writers of several trainers say of an adapter and an optimizer in the same way."""

from __future__ import annotations

from transxlab.facts.trainers.draft import Draft

CLASSES = {
    "adamw_torch": "torch.optim.AdamW",
    "adamw_torch_fused": "torch.optim.AdamW",
    "paged_adamw_8bit": "bitsandbytes.optim.PagedAdamW8bit",
    "paged_adamw_32bit": "bitsandbytes.optim.PagedAdamW",
    "adamw_bnb_8bit": "bitsandbytes.optim.AdamW8bit",
    "adamw_8bit": "bitsandbytes.optim.AdamW8bit",
    "adafactor": "torch.optim.Adafactor",
    "lion": "bitsandbytes.optim.Lion",
    "sgd": "torch.optim.SGD",
}
"""Class of each optimizer, for trainers that name it by its import path."""
WITH_BETAS = ("torch.optim.AdamW", "bitsandbytes.optim")
"""Beginnings of the classes that take ``betas``."""


def scale(draft: Draft, rank: str, alpha: str, dropout: str) -> None:
    """Rank and scale as whole numbers where they are whole, and the dropout."""
    for key, slot in ((rank, "adapter.r"), (alpha, "adapter.alpha")):
        value = draft.get(slot)
        if isinstance(value, (int, float)):
            draft.set(key, int(value) if value == int(value) else value, slot)
    value = draft.get("adapter.dropout")
    if isinstance(value, (int, float)):
        draft.set(dropout, float(value), "adapter.dropout")


def listed(draft: Draft, key: str, slot: str, *, joined: bool = False) -> bool:
    """Write a list of modules, or its names with commas between; whether there is one."""
    names = draft.get(slot)
    if not isinstance(names, tuple) or not names:
        return False
    held = [str(name) for name in names]
    draft.set(key, ",".join(held) if joined else held, slot)
    return True


def betas(draft: Draft) -> list[float] | None:
    """Both decay rates of Adam's averages, 0.9 and 0.999 for one that is not known."""
    pair = [draft.get(f"config.adam_beta{number}") for number in (1, 2)]
    draft.leave("config.adam_beta1", "config.adam_beta2")
    if all(not isinstance(value, (int, float)) for value in pair):
        return None
    standard = (0.9, 0.999)  # torch.optim.AdamW of torch 2.8
    return [
        float(value) if isinstance(value, (int, float)) else usual
        for value, usual in zip(pair, standard, strict=True)
    ]


def warmup(draft: Draft) -> int | None:
    """Steps of warmup for trainers that count them; None where neither count nor run is known."""
    for slot in ("config.warmup_steps", "run.warmup_steps"):
        value = draft.get(slot)
        if isinstance(value, (int, float)) and value >= 1:
            draft.leave("config.warmup_ratio")
            return int(value)
    return None
