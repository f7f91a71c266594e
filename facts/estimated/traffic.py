"""Bytes that a training step moves through GPU memory beside its matrix products.

Counted operation by operation for eager modelling code: each kernel reads its inputs and writes its
output once. T tokens pass; h, q, k and f are the widths of ``activations``.
"""

from __future__ import annotations

from transxlab.facts.estimated.anatomy import Anatomy, Stack
from transxlab.facts.estimated.readers import Readers, readers
from transxlab.facts.estimated.setup import Setup, profile
from transxlab.facts.estimated.tensors import residual_bytes

BACKWARD = 2.0
"""Bytes of backward against forward: a gradient comes in, the saved input too, a gradient goes."""


def norm_bytes(stack: Stack, wide: int, *, fused: bool) -> float:
    """Bytes per token of one normalisation.

    Eager RMS norm: cast up, square, mean, scale, cast down, weight (transformers LlamaRMSNorm).
    """
    if fused or stack.norm != "rms":
        return (wide + 2) * stack.hidden
    return (36 if wide == 2 else 30) * stack.hidden


def rotary_bytes(stack: Stack, *, fused: bool) -> float:
    """Bytes per token of rotary positions on queries and keys; layer norms mark models without."""
    if stack.norm != "rms":
        return 0.0
    turned = stack.query + stack.key
    spread = 0.0 if stack.key == stack.query else 8.0 * stack.query  # repeat_kv of keys and values
    return (4.0 if fused else 18.0) * turned + (0.0 if fused else spread)


def adapter_bytes(stack: Stack, setup: Setup, r: Readers, *, fused: bool) -> float:
    """Bytes per token of low-rank branches: cast and dropout of inputs, scaling and adding."""
    ends = (
        (r.queries, stack.hidden, stack.query),
        (r.out, stack.query, stack.hidden),
        (r.up, stack.hidden, stack.intermediate),
        (r.down, stack.intermediate, stack.hidden),
    )
    dropped = 5.0 if setup.adapters and setup.adapters.dropout else 0.0
    cast, add = (0.0, 4.0) if fused else (6.0, 14.0)
    return sum(n * ((cast + dropped) * into + add * out) for n, into, out in ends)


def cast_bytes(stack: Stack) -> float:
    """Bytes per token of casts around quantised matrices that read and give fp32.

    Source: bitsandbytes Linear4bit casts its input to the compute type and its output back.
    """
    ups = 2 if stack.gated else 1
    reads = (3 + ups) * stack.hidden + stack.query + stack.intermediate
    gives = stack.query + 2 * stack.key + 2 * stack.hidden + ups * stack.intermediate
    return 6.0 * (reads + gives)


def forward_bytes(model: Anatomy, stack: Stack, setup: Setup, *, fused: bool) -> float:
    """Bytes per token and layer of one forward pass."""
    wide = residual_bytes(setup, profile(setup.trainer))
    upcast = wide == 4 and setup.compute != "fp32" and setup.quantized
    wrapped = setup.adapters if setup.adapter else None
    r = readers(model, stack, wrapped)
    inner = rotary_bytes(stack, fused=fused)
    inner += ((6.0 if fused else 10.0) if stack.gated else 4.0) * stack.intermediate
    moved = stack.norms * norm_bytes(stack, wide, fused=fused) + 6.0 * wide * stack.hidden
    moved += 4.0 * stack.query + inner * (2 if upcast else 1)
    moved += cast_bytes(stack) if upcast else 0.0
    if setup.dropout:
        moved += 2 * 5.0 * stack.hidden
    return (moved + adapter_bytes(stack, setup, r, fused=fused)) * (
        2.0 if setup.compute == "fp32" else 1.0
    )


def score_bytes(setup: Setup) -> tuple[float, float]:
    """Bytes per score of eager attention, forward and backward: mask, softmax in fp32, casts."""
    more = 5.0 if setup.dropout else 0.0
    if setup.compute == "fp32":
        return 28.0 + more, 36.0 + more
    return 24.0 + more, 36.0 + more
