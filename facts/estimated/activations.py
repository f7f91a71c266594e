"""Bytes of one layer in training: what stays for backward, and what its backward needs beside."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.estimated.anatomy import Anatomy, Stack
from transxlab.facts.estimated.readers import Readers, crossing, linears, on_experts, readers
from transxlab.facts.estimated.setup import Profile, Setup, constants
from transxlab.facts.estimated.tensors import (
    Types,
    attention,
    differentiated,
    feedforward,
    frozen_inputs,
    inputs,
    itself,
    masks,
    norms,
    projected,
    scores,
    types,
)


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


@dataclass(frozen=True, slots=True)
class Case:
    """What the counting of one layer looks at."""

    types: Types
    """Bytes of its numbers."""
    wrapped: Readers
    """Adapters by what they read."""
    every: Readers
    """Matrices by what they read."""
    dropout: float
    """Dropout on what adapters read."""
    eager: bool
    """Whether score matrices are stored."""


def case(model: Anatomy, stack: Stack, setup: Setup, p: Profile) -> Case:
    """One layer of a stack as a setup trains it."""
    carried = setup.adapters if setup.adapter else None
    return Case(
        types(stack, setup, p),
        readers(model, stack, carried, fused=p.fused_qkv),
        linears(model, stack),
        setup.adapters.dropout if setup.adapters else 0.0,
        setup.attention == "eager",
    )


def layer(model: Anatomy, stack: Stack, setup: Setup, p: Profile, other: int = 0) -> Layer:
    """One layer of a stack; ``other`` is the length of the encoder's output it attends to."""
    rows = (setup.micro_batch or 1) * setup.rows_per_sample
    length = side_tokens(model, stack, setup)
    tokens = rows * length / setup.context_parallel
    one = case(model, stack, setup, p)
    t, fed = one.types, feedforward(stack, one.wrapped, one.every, one.dropout, one.types)
    each = fed + norms(stack, t) + attending(stack, one, p) + frozen_inputs(stack, setup, p)
    each += masks(stack, setup.dropout or stack.dropout)
    carried = setup.adapter and on_experts(model, setup.adapters)
    saved = tokens * (each + routing(stack, t, merged=carried))
    saved += merged_experts(model, stack) if carried else 0.0
    kept, moment = scored(model, stack, setup, t, rows * length * length)
    if stack.cross:
        saved += across(model, stack, setup, one, rows * other, tokens)
        more, later = scored(model, stack, setup, t, rows * length * other)
        kept, moment = kept + more, max(moment, later)
    split = setup.tensor_parallel
    boundary = (t.normed if stack.post_norm else t.residual) * stack.hidden * tokens
    # Backward reaches the feed-forward part first, and frees what it kept.
    working = max(tokens * differentiated(stack, t), moment - tokens * fed)
    if setup.compiled and setup.checkpointing == "none":
        saved *= constants()["compile_keeps"][0]
    selected = boundary + tokens * selective(stack, t)
    return Layer((saved + kept) / split, boundary / split, working / split, selected / split)


def routing(stack: Stack, t: Types, *, merged: bool) -> float:
    """Bytes per token that routing to experts keeps beside their products.

    Each expert's answer, which its weight multiplies; and where experts train, their inputs, one
    row per token and expert; under adapters the input of the way down too (transformers 5.23
    ``integrations/moe.py``).
    """
    answers = stack.routed * stack.hidden * t.compute
    if not merged:
        return answers * (1 if t.frozen else 2)
    return 2 * answers + t.compute * stack.intermediate


def merged_experts(model: Anatomy, stack: Stack) -> float:
    """Bytes of one layer's experts with their adapters added, which PEFT makes and autograd keeps.

    Source: peft 0.21 ``lora.ParamWrapper``: a parametrization, evaluated in every forward.
    """
    return 2.0 * sum(q.total for q in model.parts if q.kind == "experts") / stack.layers


def attending(stack: Stack, one: Case, p: Profile) -> float:
    """Bytes that attention of one layer to its own sequence keeps of one token."""
    return attention(stack, one.wrapped, one.every, one.dropout, one.types, p, eager=one.eager)


def across(
    model: Anatomy, stack: Stack, setup: Setup, one: Case, others: float, tokens: float
) -> float:
    """Bytes that attention to the encoder keeps: queries of ``tokens``, keys of ``others``."""
    t, rate, q, h = one.types, one.dropout, stack.query, stack.hidden
    adapters = crossing(model, stack, setup.adapters if setup.adapter else None)
    kept = inputs(h, t.normed, 1, min(adapters, 1), rate, t) + t.attended * q
    kept += projected(q, max(0, adapters - 3), rate, t, eager=one.eager)
    read = 0.0  # the encoder's output itself is one tensor for all layers
    if not itself(t.normed, adapters, rate, t):
        read = inputs(h, t.normed, 2, max(0, min(adapters - 1, 2)), rate, t)
    return tokens * kept + others * (read + 2 * t.attended * stack.key)


def scored(
    model: Anatomy, stack: Stack, setup: Setup, t: Types, count: float
) -> tuple[float, float]:
    """Bytes of score matrices that eager attention keeps, and that its backward needs beside."""
    if setup.attention != "eager":
        return 0.0, 0.0
    kept, moment = scores(t, setup.dropout or stack.attention_dropout, capped=model.softcap)
    return stack.heads * count * kept, stack.heads * count * moment


def selective(stack: Stack, t: Types) -> float:
    """Bytes per token of every second product and of attention's output."""
    ups = 2 if stack.gated else 1
    products = stack.query + 2 * stack.key + 2 * stack.hidden + ups * stack.intermediate
    return t.compute * (0.5 * products + stack.query)


def side_tokens(model: Anatomy, stack: Stack, setup: Setup) -> int:
    """Tokens of one sequence on the side that a stack works on."""
    if len(model.stacks) > 1 and stack.side == "decoder":
        return setup.target_tokens or setup.tokens or 0
    return setup.tokens or 0
