"""Bytes per token that autograd keeps of one layer, counted operation by operation.

The modelling code of transformers is counted; h is the width of the residual stream, q and k the
widths of all query and key heads, f the feed-forward width. What a number takes depends on where
it stands: autocast computes products in 16 bits and normalisations in fp32, a quantised layer
answers in the type of its input, and every cast makes a copy of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Stack
from transxlab.facts.estimated.readers import Readers
from transxlab.facts.estimated.setup import Profile, Setup, constants


@dataclass(frozen=True, slots=True)
class Types:
    """Bytes of one number by where it stands in a layer, and what makes copies."""

    residual: int
    """In the residual stream."""
    normed: int
    """In the output of a normalisation."""
    product: int
    """In the output of a matrix that reads a normalised input."""
    attended: int
    """In what the attention kernel reads and gives."""
    compute: int
    """In matrix products."""
    adapter: int
    """In the weights of adapters."""
    autocast: bool
    """Whether autocast is on."""
    frozen: bool
    """Whether the matrices themselves are frozen."""
    quantized: bool
    """Whether they are quantised."""
    fused: bool
    """Whether activation functions are single kernels, as in trainers with their own models."""


def upcast(setup: Setup, p: Profile) -> bool:
    """Whether what is not quantised becomes fp32: PEFT does that beside bitsandbytes' weights only.

    Source: peft 0.21 ``prepare_model_for_kbit_training``, which leaves GPTQ, AWQ, HQQ and torchao.
    """
    return p.kbit_fp32 and setup.weights in ("nf4", "fp4", "int8")


def residual_bytes(setup: Setup, p: Profile) -> int:
    """Bytes of one number of the residual stream: fp32 weights outside the layers make it fp32."""
    whole = setup.weights == "fp32" and setup.sharding != "zero3"  # FSDP casts weights to 16 bits
    return 4 if upcast(setup, p) or whole or setup.compute == "fp32" else 2


def compute_bytes(setup: Setup) -> int:
    """Bytes of one number in matrix products."""
    return 4 if setup.compute == "fp32" else 2


def types(stack: Stack, setup: Setup, p: Profile) -> Types:
    """The types of a layer's tensors under a trainer.

    bitsandbytes' ``Linear4bit`` answers in the type of its input, so that fp32 norms make fp32
    queries and gates; layer norm is on autocast's list of fp32 operations, RMS norms are not.
    """
    narrow, residual = compute_bytes(setup), residual_bytes(setup, p)
    masters = setup.weights == "fp32" and setup.sharding != "zero3"
    cast = p.autocast and narrow == 2 and (setup.adapter or masters)
    normed = 4 if stack.norm == "layer" and cast else residual
    product = normed if setup.quantized else narrow
    return Types(
        residual=residual,
        normed=normed,
        product=product,
        attended=narrow if cast else product,
        compute=narrow,
        adapter=4 if p.adapter == "fp32" else 2,
        autocast=cast,
        frozen=setup.adapter,
        quantized=setup.quantized,
        fused=p.own_models,
    )


def inputs(width: int, size: int, linears: int, adapters: int, dropout: float, t: Types) -> float:
    """Bytes per token that linear layers keep of an input they share; ``size``: of one number.

    A trained weight keeps its input, once for all that read it, but a copy of its own where
    autocast narrows it. An adapter keeps a copy of its own behind dropout and behind a cast: PEFT
    casts the input to the adapter's type, and autocast casts it back (``lora.Linear.forward``);
    under autocast adapters on quantised layers cast nothing (``lora.bnb.Linear4bit.forward``).
    """
    base = 0.0
    if not t.frozen:
        base = width * (linears * t.compute if t.autocast and size != t.compute else size)
    if not adapters:
        return base
    own = t.compute if t.autocast else t.adapter
    if dropout > 0:
        return base + adapters * (own + 1) * width
    if copied(size, t):
        return base + adapters * own * width
    return base or float(size * width)


def copied(size: int, t: Types) -> bool:
    """Whether each adapter keeps a copy of its input for want of the same type."""
    own = t.compute if t.autocast else t.adapter
    return size != own or (t.autocast and not t.quantized and t.adapter != size)


def itself(size: int, adapters: int, dropout: float, t: Types) -> bool:
    """Whether what layers keep of their input is that very tensor, shared with who made it."""
    if not t.frozen:
        return not (t.autocast and size != t.compute)
    return adapters > 0 and dropout == 0 and not copied(size, t)


def norms(stack: Stack, t: Types) -> float:
    """Bytes per token that normalisations keep.

    RMS norms keep an fp32 copy of their input, and where their scale trains the normalised input;
    Gemma scales in fp32, T5 keeps the input as it came too. Layer norm keeps its input.
    """
    count = stack.norms
    if stack.norm == "layer":
        copied = t.autocast and t.residual == 2
        shared = stack.parallel and count <= 2 and not copied
        return (1 if shared else count) * (4 if copied else t.residual) * stack.hidden
    each = 4 + (t.residual if stack.rms == "t5" and t.residual == 2 else 0)
    if not t.frozen and stack.norm == "rms":
        each += 4 if stack.rms == "gemma" else t.residual
    count = 1 if stack.parallel and count <= 2 else count
    return count * each * stack.hidden


def head_norms(stack: Stack, t: Types) -> float:
    """Bytes per token that RMS norms on queries and keys keep."""
    if not stack.qk_norm:
        return 0.0
    each = 4 + (0 if t.frozen else 4 if stack.rms == "gemma" else t.product)
    return each * (stack.query + stack.key)


def attention(
    stack: Stack, r: Readers, every: Readers, dropout: float, t: Types, p: Profile, *, eager: bool
) -> float:
    """Bytes per token that attention keeps, score matrices aside."""
    kept = inputs(stack.hidden, t.normed, every.queries, r.queries, dropout, t)
    views = stack.rotary and every.queries == 1 and not eager and t.product == t.attended
    kept += head_norms(stack, t) + kernel(stack, t, p, eager=eager, views=views)
    return kept + projected(stack.query, r.out, dropout, t, eager=eager)


def kernel(stack: Stack, t: Types, p: Profile, *, eager: bool, views: bool) -> float:
    """Bytes per token of queries, keys and values that attention keeps, and of log-sum-exps.

    Eager attention repeats grouped keys and values for every query head.
    """
    q, k, b = stack.query, stack.key, t.attended
    expanded = q if eager or p.fused_qkv else k
    kept = b * (q + 2 * expanded) + (0 if eager else 4 * stack.heads)
    # A fused value is a view, so that the whole fused tensor stays beside turned queries and keys.
    return kept + ((t.product * (q + k)) if views or p.fused_qkv else 0)


def projected(width: int, adapters: int, dropout: float, t: Types, *, eager: bool = False) -> float:
    """Bytes per token of attention's output: fused kernels keep it, and the projection reads it."""
    own = inputs(width, t.attended, 1, adapters, dropout, t)
    shared = eager or itself(t.attended, adapters, dropout, t)
    return own if shared else own + t.attended * width


@dataclass(frozen=True, slots=True)
class Function:
    """What an activation function keeps."""

    kept: tuple[int, int, int]
    """Bytes per number of a 16-bit input, of one under autocast, and of an fp32 input."""
    passing: tuple[int, int, int]
    """Bytes per number that its backward makes for a moment, of the same three."""
    gives: str
    """Type of its output: ``same``, or ``wide`` where autocast made it fp32 on the way."""
    also_input: bool
    """Whether what it keeps is its output, which the next matrix keeps too."""


@lru_cache(maxsize=1)
def functions() -> dict[str, Function]:
    """The activation functions by name."""
    table = rows("transxlab.facts.estimated", "functions.csv")
    return {
        r["function"]: Function(
            (int(r["narrow"]), int(r["autocast"]), int(r["wide"])),
            (int(r["back_narrow"]), int(r["back_autocast"]), int(r["back_wide"])),
            r["gives"],
            r["also_input"] == "1",
        )
        for r in table
    }


def function(stack: Stack, t: Types) -> Function:
    """The activation function of a layer; a plain one where it is not in the table."""
    name = "gelu" if t.fused and stack.activation.startswith("gelu") else stack.activation
    return functions().get(name, functions()["silu"])


def activated(stack: Stack, t: Types) -> tuple[int, int, bool]:
    """Bytes per number that the activation keeps and gives, and whether that is one tensor."""
    found = function(stack, t)
    given = 4 if t.product == 4 or (t.autocast and found.gives == "wide") else 2
    return found.kept[_place(t)], given, found.also_input


def _place(t: Types) -> int:
    """Which of three figures holds: 16 bits, 16 bits under autocast, or fp32."""
    return 2 if t.product == 4 else int(t.autocast)


def differentiated(stack: Stack, t: Types) -> float:
    """Bytes per token that backward through the feed-forward part makes beside what is saved.

    Gradients of both halves of a gated product, or of the activation's input; where adapters in
    fp32 read 16-bit inputs, the gradient of their copy and its casts; gradients of the residual.
    """
    own = function(stack, t).passing[_place(t)]
    each = max(2 * t.product, own) if stack.gated else own
    if t.frozen and t.product == 2 and t.adapter == 4:
        each = max(each, 6)
    rows = 2 * stack.routed * t.compute  # gradients of the experts' answers and inputs
    return float(each * stack.intermediate + (8 + rows) * stack.hidden)


def feedforward(stack: Stack, r: Readers, every: Readers, dropout: float, t: Types) -> float:
    """Bytes per token that the feed-forward part keeps."""
    f, h = stack.intermediate, stack.hidden
    one_norm = stack.parallel and stack.norms == 1
    shared = one_norm and itself(t.normed, r.queries and r.up, dropout, t)
    kept = 0.0 if shared else inputs(h, t.normed, every.up, r.up, dropout, t)
    held, given, same = activated(stack, t)
    if stack.gated:
        product = max(given, t.product)
        # The activation's output and the other half are the product's operands.
        kept += (held + given + t.product) * f
        return kept + inputs(f, product, 1, r.down, dropout, t)
    into = inputs(f, given, 1, r.down, dropout, t)
    twice = same and itself(given, r.down, dropout, t)
    return kept + into + (0.0 if twice else held * f)


def scores(t: Types, rate: float, *, capped: bool) -> tuple[float, float]:
    """Bytes per score that eager attention keeps, and that its backward needs beside.

    Kept: softmax's output in fp32, its copy in 16 bits for the product with the values, dropout's
    mask and, where it makes no copy, dropout's output; the output of ``tanh`` where scores are
    capped. Backward of softmax: the gradient in fp32, its product with the output, the result,
    less the copy that is free again by then.
    """
    b = t.attended
    kept = 4.0 + (2.0 if b == 2 else 0.0)
    if rate > 0:
        kept += 1.0 + (4.0 if b == 4 else 0.0)
    if capped:
        kept += b
    result = 4.0 if t.residual == 4 else 2.0
    return kept, 8.0 + result - (2.0 if b == 2 else 0.0)


def masks(stack: Stack, rate: float) -> float:
    """Bytes per token of dropout's masks on what is added to the residual stream."""
    blocks = 3 if stack.cross else 2
    return blocks * constants()["dropout_mask"][0] * stack.hidden if rate > 0 else 0.0


def frozen_inputs(stack: Stack, setup: Setup, p: Profile) -> float:
    """Bytes per token that frozen quantised layers keep of inputs (bitsandbytes up to 0.43)."""
    if not (setup.quantized and p.keeps_frozen_inputs):
        return 0.0
    ups = 2 if stack.gated else 1
    wide = (1 + ups) * stack.hidden + stack.query + stack.intermediate
    return constants()["frozen_input"][0] * wide
