"""Bytes that autograd keeps for one layer, and what one layer's backward pass needs beside them.

Counted operation by operation for the modelling code of transformers; T is tokens, h the width of
the residual stream, q and k the widths of all query and key heads, f the feed-forward width.
"""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.estimated.anatomy import Anatomy, Part, Stack
from transxlab.facts.estimated.parameters import Adapters, adapted
from transxlab.facts.estimated.setup import Profile, Setup, constants


@dataclass(frozen=True, slots=True)
class Layer:
    """Bytes of one layer of one stack."""

    saved: float
    """What stays from forward to backward when nothing is recomputed."""
    boundary: float
    """What checkpointing keeps of it: its input."""
    working: float
    """What its backward pass needs beside what is saved."""
    selected: float
    """What selective checkpointing keeps: its input, attention's output, every second product."""


def residual_bytes(setup: Setup, p: Profile) -> int:
    """Bytes of one number of the residual stream: fp32 weights outside the layers make it fp32."""
    upcast = setup.quantized and p.kbit_fp32
    whole = setup.weights == "fp32" and setup.sharding != "zero3"  # FSDP casts weights to 16 bits
    return 4 if upcast or whole or setup.compute == "fp32" else 2


def compute_bytes(setup: Setup) -> int:
    """Bytes of one number in matrix products."""
    return 4 if setup.compute == "fp32" else 2


@dataclass(frozen=True, slots=True)
class Readers:
    """Which groups of linear layers read the same input, and how many of each are adapted."""

    queries: int
    """Adapted ones among query, key and value."""
    out: int
    """Adapted output projections."""
    up: int
    """Adapted ones among gate and up."""
    down: int
    """Adapted down projections."""


ATTENTION_OUT = ("o_proj", "out_proj", "dense", "wo", "o", "attn.Wo", "c_proj")
MLP_UP = (
    "gate_proj",
    "up_proj",
    "gate_up_proj",
    "fc1",
    "c_fc",
    "fc_in",
    "dense_h_to_4h",
    "w1",
    "w2",
    "w3",
)
MLP_DOWN = ("down_proj", "fc2", "fc_out", "dense_4h_to_h", "wo", "mlp.Wo")


def readers(
    model: Anatomy, stack: Stack, adapters: Adapters | None, *, fused: bool = False
) -> Readers:
    """How many adapters read each input of a layer; ``fused`` ones of q, k and v share one."""
    parts = adapted(model, adapters) if adapters else ()
    if not isinstance(parts, tuple):
        parts = ()
    inside = [p for p in parts if ".N." in p.path and _side(p, stack)]
    queries = sum(1 for p in inside if _role(p) == "queries")
    up = sum(1 for p in inside if _role(p) == "up")
    return Readers(
        queries=min(queries, 1) if fused else queries,
        out=sum(1 for p in inside if _role(p) == "out"),
        up=(2 if stack.gated and up else up) if fused else up,
        down=sum(1 for p in inside if _role(p) == "down"),
    )


def _side(part: Part, stack: Stack) -> bool:
    if part.path.startswith("encoder."):
        return stack.side == "encoder"
    if part.path.startswith("decoder."):
        return stack.side == "decoder"
    return True


def _role(part: Part) -> str:
    """What an adapted matrix is for, told by where it stands and its name."""
    path, last = part.path, part.path.rpartition(".")[2]
    block = (
        "mlp"
        if any(w in path for w in (".mlp.", "DenseRelu", "fc1", "fc2", "intermediate"))
        else "attention"
    )
    if path.endswith("output.dense") and ".attention." not in path:
        block = "mlp"
    if block == "mlp":
        return (
            "down"
            if last in MLP_DOWN
            or (last in ("wo", "dense", "c_proj", "Wo") and "intermediate" not in path)
            else "up"
        )
    return "out" if last in ATTENTION_OUT or last == "Wo" else "queries"


def inputs(width: int, count: int, setup: Setup, p: Profile, dropout: float) -> float:
    """Bytes per token that linear layers keep of an input they share.

    A trained weight keeps the input once for all layers that read it. An adapter keeps it too,
    but a copy of its own where dropout or a cast stands in between.
    """
    b = compute_bytes(setup)
    base = b * width if not setup.adapter else 0
    if not count:
        return base
    if dropout > 0:
        return base + count * (b + 1) * width
    mixed = p.adapter == "fp32" and not autocast(setup)
    return base + (count * 4 * width if mixed else (0 if base else b * width))


def autocast(setup: Setup) -> bool:
    """Whether matrix products run under autocast, so that fp32 adapters read 16-bit inputs."""
    return setup.compute in ("bf16", "fp16")


def norms(stack: Stack, setup: Setup, p: Profile) -> float:
    """Bytes per token that normalisations keep; RMS norms keep an fp32 copy of their input."""
    r, b = residual_bytes(setup, p), compute_bytes(setup)
    each = 4 * stack.hidden if stack.norm == "rms" and r < 4 else r * stack.hidden
    if stack.norm == "rms" and not setup.adapter:
        each += b * stack.hidden  # the normalised input, for the gradient of the scale
    count = 1 if stack.parallel and stack.norms <= 2 else stack.norms
    return count * each


def attention(stack: Stack, setup: Setup, p: Profile, r: Readers, dropout: float) -> float:
    """Bytes per token that attention keeps, score matrices aside."""
    b, q, k, h = compute_bytes(setup), stack.query, stack.key, stack.hidden
    kept = inputs(h, r.queries, setup, p, dropout)
    if dropout > 0 and r.queries:
        kept += b * h  # the norm's output lives on beside its dropped copies
    expanded = q if p.fused_qkv and k != q else k
    kept += b * (q + 2 * expanded)
    if p.fused_qkv:
        kept += b * (q + k)  # the value is a view, so the whole fused tensor stays
    kept += b * q + 4 * stack.heads  # output and log-sum-exp
    kept += inputs(q, r.out, setup, p, dropout)
    return kept - (b * q if not setup.adapter else 0)  # the output is the projection's input


def feedforward(stack: Stack, setup: Setup, p: Profile, r: Readers, dropout: float) -> float:
    """Bytes per token that the feed-forward part keeps."""
    b, f, h = compute_bytes(setup), stack.intermediate, stack.hidden
    kept = (
        0.0
        if stack.parallel and r.queries == 0 and not setup.adapter
        else inputs(h, r.up, setup, p, dropout)
    )
    if stack.gated:
        return kept + 3 * b * f + inputs(f, r.down, setup, p, dropout)
    kept += b * f
    return kept + inputs(f, r.down, setup, p, dropout)


def frozen_inputs(stack: Stack, setup: Setup, p: Profile) -> float:
    """Bytes per token that frozen quantised layers keep of inputs (bitsandbytes up to 0.43)."""
    if not (setup.quantized and p.keeps_frozen_inputs):
        return 0.0
    ups = 2 if stack.gated else 1
    wide = (1 + ups) * stack.hidden + stack.query + stack.intermediate
    return constants()["frozen_input"][0] * wide


def scores(stack: Stack, setup: Setup, rows: int, queries: int, keys: int) -> tuple[float, float]:
    """Bytes of score matrices that eager attention keeps, and that its backward needs."""
    if setup.attention != "eager":
        return 0.0, 0.0
    count = rows * stack.heads * queries * keys
    if setup.compute == "fp32":
        return count * (4.0 + (5.0 if setup.dropout else 0.0)), count * 8.0
    return count * (6.0 + (3.0 if setup.dropout else 0.0)), count * (
        12.0 if setup.quantized else 9.0
    )


def layer(model: Anatomy, stack: Stack, setup: Setup, p: Profile, other: int = 0) -> Layer:
    """One layer of a stack; ``other`` is the length of the encoder's output it attends to."""
    rows = (setup.micro_batch or 1) * setup.rows_per_sample
    length = side_tokens(model, stack, setup)
    tokens = rows * length / setup.context_parallel
    dropout = setup.adapters.dropout if setup.adapters else 0.0
    wrapped = setup.adapters if setup.adapter else None
    r = readers(model, stack, wrapped, fused=p.fused_qkv)
    each = norms(stack, setup, p) + attention(stack, setup, p, r, dropout)
    each += feedforward(stack, setup, p, r, dropout) + frozen_inputs(stack, setup, p)
    kept, moment = scores(stack, setup, rows, length, length)
    saved = tokens * each
    if setup.dropout:
        saved += tokens * 2 * (constants()["dropout_bytes"][0]) * stack.hidden
    if stack.cross:
        b = compute_bytes(setup)
        saved += tokens * (attention(stack, setup, p, r, dropout) - 2 * b * stack.key)
        saved += rows * other * 2 * b * stack.key
        more, later = scores(stack, setup, rows, length, other)
        kept, moment = kept + more, max(moment, later)
    split = setup.tensor_parallel
    boundary = residual_bytes(setup, p) * stack.hidden * tokens
    working = tokens * (3 * compute_bytes(setup) * stack.intermediate + 8 * stack.hidden) / split
    if setup.compiled and setup.checkpointing == "none":
        saved *= constants()["compile_keeps"][0]
    b = compute_bytes(setup)
    ups = 2 if stack.gated else 1
    products = stack.query + 2 * stack.key + (1 + 1) * stack.hidden + ups * stack.intermediate
    selected = boundary + tokens * b * (0.5 * products + stack.query)
    return Layer(
        (saved + kept) / split, boundary / split, max(working, moment / split), selected / split
    )


def side_tokens(model: Anatomy, stack: Stack, setup: Setup) -> int:
    """Tokens of one sequence on the side that a stack works on."""
    if len(model.stacks) > 1 and stack.side == "decoder":
        return setup.target_tokens or setup.tokens or 0
    return setup.tokens or 0
