"""The adapters that train instead of the weights."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Names, Number, Text, Truth, slot, template


@template(
    applies='config.method in ["lora", "qlora", "dora", "qdora", "oft", "adalora", "ia3", "vera"]'
)
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Adapter(Filled):
    """Low-rank adapters, in the terms of PEFT."""

    r: Number = slot(knob=True, noun="the rank")
    """Rank of the update."""
    alpha: Number = slot(knob=True)
    """Scale: the update is multiplied by alpha / r (alpha / sqrt(r) with rsLoRA)."""
    dropout: Number = slot(knob=True)
    """Dropout on the adapter's input, 0 to 1."""
    target_modules: Names = slot(knob=True)
    """Modules that get an adapter; none where the trainer chooses."""
    all_linear: Truth = slot(knob=True)
    """Whether every linear layer but the head gets one."""
    excluded_modules: Names = slot(knob=True)
    """Modules that get none although they match."""
    layers: Names = slot(knob=True)
    """Layers that get adapters; none where all do."""
    modules_to_save: Names = slot(knob=True)
    """Modules trained whole and saved beside the adapters."""
    trainable_tokens: Truth = slot(knob=True)
    """Whether only the rows of new tokens train in the embedding."""
    bias: Text = slot(knob=True, values=("none", "all", "lora_only"))
    """Which biases train."""
    task_type: Text = slot(knob=True)
    """PEFT's task type; decides which head is kept trainable."""
    use_rslora: Truth = slot(knob=True)
    """Whether the scale is alpha / sqrt(r)."""
    init: Text = slot(knob=True)
    """Initialisation (``default``, ``pissa``, ``loftq``, ``gaussian`` ...)."""
    lr_ratio: Number = slot(knob=True)
    """LoRA+ ratio of the two matrices' learning rates; none where equal."""
    fused_kernels: Truth = slot(knob=True)
    """Whether the trainer's fused adapter kernels are on (they need dropout 0)."""
    resumed_from: Text = slot(knob=True)
    """Adapter that training goes on from; none where new."""
    merge_after: Truth = slot(knob=True)
    """Whether the adapter is merged into the weights at the end."""
    virtual_tokens: Number = slot(knob=True, unit="tokens")
    """Length of a trained prompt or prefix."""
