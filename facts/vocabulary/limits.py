"""The limits the run must stay inside."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, slot, template


@template(noun="the limit")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Limits(Filled):
    """What may be spent, asked of the owner."""

    train_vram_gib: Number = slot(unit="GiB")
    """GPU memory a training GPU may use, where it is less than the card has."""
    serve_vram_gib: Number = slot(unit="GiB")
    """GPU memory the finished model may use."""
    params_min: Number = slot(unit="parameters")
    """Smallest model wanted."""
    params_max: Number = slot(unit="parameters")
    """Largest model allowed."""
    usd: Number = slot(unit="US dollars")
    """Budget for the run."""
    hours: Number = slot(unit="hours")
    """Wall-clock time the run may take."""
    latency_seconds: Number = slot(unit="seconds")
    """Longest time one answer may take when the model serves."""
    disk_gib: Number = slot(unit="GiB")
    """Disk that checkpoints may fill."""
