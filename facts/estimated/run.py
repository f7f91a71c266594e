"""Steps of a run, as the trainers compute them."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Length:
    """How long a run is, in optimizer steps."""

    steps_per_epoch: int
    """Optimizer steps of one pass over the rows."""
    total_steps: int
    """Optimizer steps of the run."""
    epochs: float
    """Passes over the rows, also where the number of steps is given."""


def steps_per_epoch(
    rows: int, micro_batch: int, replicas: int, accumulation: int, *, drop_last: bool = False
) -> int:
    """Optimizer steps of one epoch.

    Source: transformers 5.23 ``Trainer.set_initial_training_values``: batches are rounded up
    (down with ``drop_last``), then an incomplete accumulation counts as a step. Releases before
    4.46 round the second division down, which is at most one step fewer.
    """
    share = rows / (micro_batch * replicas)
    batches = math.floor(share) if drop_last else math.ceil(share)
    return max(math.ceil(batches / accumulation), 1)


def length(per_epoch: int, epochs: float | None, max_steps: int | None) -> Length | None:
    """Steps of the whole run: a positive ``max_steps`` rules; None where neither is set."""
    if max_steps is not None and max_steps > 0:
        return Length(per_epoch, max_steps, max_steps / per_epoch)
    if epochs is None:
        return None
    return Length(per_epoch, math.ceil(epochs * per_epoch), float(epochs))


def warmup(total_steps: int, warmup_steps: float | None, warmup_ratio: float | None) -> int:
    """Steps of warmup; a positive count rules over a ratio, a count below 1 is a ratio.

    Source: transformers 5.23 ``TrainingArguments.get_warmup_steps``.
    """
    if warmup_steps is not None and warmup_steps >= 1:
        return int(warmup_steps)
    share = warmup_steps if warmup_steps else warmup_ratio or 0.0
    return math.ceil(total_steps * share)


def interval_steps(every: float, total_steps: int) -> int:
    """Steps between events: a number below 1 is a share of all steps (``eval_steps: 0.1``)."""
    return max(1, math.ceil(every * total_steps)) if every < 1 else int(every)


def events(
    strategy: str | None, every: float | None, total_steps: int, per_epoch: int
) -> tuple[int, int | None]:
    """How often an evaluation or a checkpoint happens, and the step at which the first is due.

    That step may lie behind the end of the run.
    """
    if strategy == "steps" and every:
        gap = interval_steps(every, total_steps)
        count = total_steps // gap
        return count, gap
    if strategy == "epoch":
        count = math.ceil(total_steps / per_epoch)
        return count, min(per_epoch, total_steps)
    return 0, None
