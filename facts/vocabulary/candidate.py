"""The candidates a design chooses among."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Range, Text, Truth, slot, template


@template(several=True, noun="the candidate")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Candidate(Filled):
    """One way to run: a model, a method, a micro-batch. Made by the caller, judged by rules."""

    name: Text = slot()
    """``mistral-7b-instruct-v0.3 lora, micro-batch 2``."""
    model: Text = slot(stands_for="model.name")
    """Catalogue name of the base."""
    method: Text = slot(stands_for="config.method")
    """Training method."""
    micro_batch: Number = slot(stands_for="config.per_device_train_batch_size", unit="sequences")
    """Sequences one GPU takes at a time."""
    gradient_checkpointing: Truth = slot(stands_for="config.gradient_checkpointing")
    """Whether activations are recomputed."""
    optimizer: Text = slot(stands_for="config.optimizer")
    """Optimizer."""
    model_dtype: Text = slot(stands_for="config.model_dtype")
    """Type its weights are loaded in; what trains under fp16 has to be in fp32."""
    init: Text = slot(values=("pretrained", "scratch"))
    """Whether its weights are trained already."""
    family: Text = slot()
    """Model family."""
    arch: Text = slot()
    """Which halves the model has."""
    params: Number = slot(unit="parameters")
    """All its parameters."""
    active_params: Number = slot(unit="parameters")
    """Parameters one token passes through."""
    is_instruct: Truth = slot()
    """Whether the base follows instructions already."""
    context_tokens: Number = slot(unit="tokens")
    """Context of the base."""
    licence: Text = slot()
    """Licence in short."""
    commercial: Truth = slot()
    """Whether it may be used commercially."""
    gated: Truth = slot()
    """Whether the hub asks for an agreement."""
    quality: Number = slot(unit="score of the catalogue")
    """Quality in the catalogue; higher is better; unknown where the catalogue has none."""
    peak_gib: Range = slot(unit="GiB")
    """Memory one training GPU needs at the peak."""
    serve_gib: Range = slot(unit="GiB")
    """Memory it needs to serve."""
    latency_seconds: Range = slot(unit="seconds")
    """Time one answer takes on the serving GPU."""
    tokens_per_second: Range = slot(unit="tokens per second")
    """Training speed."""
    hours: Range = slot(unit="hours")
    """Time of the run."""
    usd: Range = slot(unit="US dollars")
    """Cost of the run."""
    excluded: Truth = slot()
    """Whether a rule takes it out; written by the engine."""
    chosen: Truth = slot()
    """Whether it is the best that agrees with what the user set; written by the engine."""
    best: Truth = slot()
    """Whether it is the best of all, whatever the user set; written by the engine."""
