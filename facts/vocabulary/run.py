"""The run as a whole: figures that calculators derive."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, slot, template


@template()
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Run(Filled):
    """Derived figures; no reader fills them but ``rows`` (``--rows``)."""

    rows: Number = slot(unit="rows", noun="the number of training rows")
    """Training rows of one epoch."""
    tokens_per_epoch: Number = slot(unit="tokens")
    """Trained-on tokens of one epoch, after truncation."""
    tokens: Number = slot(unit="tokens")
    """Tokens of the whole run."""
    tokens_per_param: Number = slot(unit="tokens per parameter")
    """``tokens`` over the model's parameters."""
    unique_tokens_per_param: Number = slot(unit="tokens per parameter")
    """Tokens of one epoch over the model's parameters."""
    world_size: Number = slot(unit="GPUs")
    """GPUs that hold different rows at a time (data-parallel replicas)."""
    effective_batch: Number = slot(unit="sequences")
    """Sequences per optimizer step over all GPUs."""
    tokens_per_step: Number = slot(unit="tokens")
    """Tokens per optimizer step, at the full sequence length."""
    steps_per_epoch: Number = slot(unit="optimizer steps")
    """Optimizer steps of one epoch."""
    total_steps: Number = slot(unit="optimizer steps")
    """Optimizer steps of the run."""
    most_steps: Number = slot(unit="optimizer steps")
    """Optimizer steps of the run on one GPU: the most it can have, however many there are."""
    epochs: Number = slot(unit="epochs")
    """Passes over the rows, also where ``max_steps`` rules."""
    warmup_steps: Number = slot(unit="optimizer steps", noun="the warmup")
    """Steps of warmup as the trainer computes them."""
    warmup_share: Number = slot(unit="share 0 to 1")
    """Warmup as a share of all steps."""
    evaluations: Number = slot(unit="evaluations")
    """Evaluations that will run."""
    first_evaluation_step: Number = slot(unit="optimizer steps")
    """Step of the first evaluation."""
    checkpoints_written: Number = slot(unit="checkpoints")
    """Checkpoints that will be written."""
    checkpoints_kept: Number = slot(unit="checkpoints")
    """Checkpoints on the disk at the end."""
    log_lines: Number = slot(unit="lines")
    """Log lines that will be written."""
    scratch_params_ceiling: Number = slot(unit="parameters")
    """Parameters that this much data carries from scratch."""
    adapter_scale: Number = slot()
    """Factor on the adapter's update: alpha / r, or alpha / sqrt(r)."""
    bytes_per_param_static: Number = slot(unit="bytes per parameter")
    """Weights, gradients and optimizer state per trained parameter."""
