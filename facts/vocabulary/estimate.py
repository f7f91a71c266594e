"""What the run needs, estimated."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Range, Text, slot, template


@template(noun="the estimate")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Estimate(Filled):
    """Parameters, memory, time and cost of the run; estimates are intervals."""

    trainable_params: Number = slot(unit="parameters")
    """Parameters that train."""
    trainable_share: Number = slot(unit="share 0 to 1")
    """Parameters that train over all parameters."""
    peak_gib: Range = slot(unit="GiB", noun="the memory the run needs")
    """Memory one training GPU needs at the peak, as the process holds it."""
    allocated_gib: Range = slot(unit="GiB")
    """Peak of live tensors (``max_memory_allocated``)."""
    reserved_gib: Range = slot(unit="GiB")
    """Peak of the allocator's pool (``max_memory_reserved``)."""
    peak_moment: Text = slot()
    """Moment of the step at which the peak stands."""
    static_gib: Range = slot(unit="GiB")
    """Weights, gradients and optimizer state alone: nothing about the batch lowers it."""
    host_gib: Range = slot(unit="GiB")
    """Main memory the run needs."""
    eval_gib: Range = slot(unit="GiB")
    """Memory the evaluation needs at its peak."""
    tokens_per_second: Range = slot(unit="tokens per second")
    """Training speed over all GPUs."""
    step_seconds: Range = slot(unit="seconds")
    """Time of one optimizer step."""
    hours: Range = slot(unit="hours")
    """Wall-clock time of the run."""
    usd: Range = slot(unit="US dollars")
    """Cost of the run; 0 on one's own machine."""
    serve_gib: Range = slot(unit="GiB")
    """Memory the finished model needs to serve one request at full context."""
    latency_seconds: Range = slot(unit="seconds")
    """Time one answer takes on the serving GPU."""
    first_token_seconds: Range = slot(unit="seconds")
    """Time until the first token of an answer: the prompt's pass."""
    answer_tokens_per_second: Range = slot(unit="tokens per second")
    """Speed at which one request's answer is written on the serving GPU."""
    checkpoint_gib: Range = slot(unit="GiB")
    """Size of one checkpoint."""
    disk_gib: Range = slot(unit="GiB")
    """Disk all kept checkpoints fill."""
    max_micro_batch: Number = slot(unit="sequences")
    """Largest micro-batch that surely fits; 0 where none does."""
    max_seq_length: Number = slot(unit="tokens")
    """Longest sequence that surely fits with the rest unchanged; 0 where none does."""
    max_rank: Number = slot()
    """Highest rank that surely fits with the rest unchanged; 0 where none does."""
    cheapest_fit: Text = slot(unset="none of those that were tried")
    """The cheapest change that makes the run fit, in words; none where it fits or nothing does."""
