"""Real measurements: a quick test, or the log of a run."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Text, Truth, slot, template


@template(several=True, role="kind", noun="the measurement")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Measurement(Filled):
    """One measured test or run."""

    kind: Text = slot(values=("quick_test", "run", "proof"))
    """A few steps, a whole run's log, or a model built and proved."""
    steps: Number = slot(unit="optimizer steps")
    """Steps it lasted."""
    step_seconds: Number = slot(unit="seconds")
    """Median time of one step."""
    tokens_per_second: Number = slot(unit="tokens per second")
    """Training speed."""
    peak_gib: Number = slot(unit="GiB")
    """Peak of GPU memory."""
    first_loss: Number = slot(unit="nats per token")
    """Training loss of the first step."""
    last_loss: Number = slot(unit="nats per token")
    """Training loss at the end."""
    best_eval_loss: Number = slot(unit="nats per token")
    """Lowest evaluation loss."""
    last_eval_loss: Number = slot(unit="nats per token")
    """Evaluation loss at the end."""
    max_grad_norm: Number = slot()
    """Largest gradient norm seen."""
    loss_is_nan: Truth = slot()
    """Whether the loss became NaN or infinite."""
    out_of_memory: Truth = slot()
    """Whether it ended for want of memory."""
    finished: Truth = slot()
    """Whether it ran to its end."""
    trainable_params: Number = slot(unit="parameters")
    """Parameters it trained."""
    overfits_one_batch: Truth = slot()
    """Whether the built model learned one batch by heart, as a sound one must."""
