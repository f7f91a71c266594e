"""The peak of live tensors in one training step, as a maximum over its moments."""

from __future__ import annotations

from dataclasses import dataclass, replace

from transxlab.facts.estimated.activations import Layer, layer, side_tokens
from transxlab.facts.estimated.anatomy import Anatomy, Gap
from transxlab.facts.estimated.parameters import HEADS
from transxlab.facts.estimated.setup import Profile, Setup, constants, losses, optimizer, profile
from transxlab.facts.estimated.tensors import compute_bytes, upcast
from transxlab.facts.estimated.weights import Held, held, layer_size

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Peak:
    """Live tensors at the worst moment, in bytes."""

    allocated: float
    """All live tensors, library workspaces included (``max_memory_allocated``)."""
    moment: str
    """Which moment of the step that is."""
    dynamic: float
    """What forward and backward make and free: activations, logits, workspaces."""
    beside: float
    """What is alive beside that: weights, states, adapters, and gradients of earlier batches."""
    loss: float
    """The part of that which logits and their loss make."""
    layer: float
    """What recomputing and differentiating one layer makes and frees."""
    components: dict[str, float]
    """What the peak consists of; its values sum to ``allocated``."""
    static: float
    """The part that nothing about the batch changes."""
    paged: float
    """Optimizer state that torch does not count and that may move to the host."""
    trained: int
    """Parameters that train."""


def logit_bytes(model: Anatomy, setup: Setup, p: Profile) -> float:
    """Bytes of logits and their loss when backward through the loss begins."""
    if not model.head:
        return 0.0
    kind = setup.loss or p.loss
    each = losses()[kind][0]
    if setup.compiled and f"{kind}_compiled" in losses():
        each = losses()[f"{kind}_compiled"][0]
    if model.softcap and each > 1:
        each += head_bytes(setup, p)  # tanh keeps its output
    if setup.teaches:
        each += 10  # the teacher's logits in 16 bits, and two fp32 distributions of them
    adapted_head = setup.adapters is not None and any(t in HEADS for t in setup.adapters.targets)
    if kind == "chunked_head" and adapted_head:
        each += 4
    return each * logits(model, setup) + output_alive(model, setup, p)


def logits(model: Anatomy, setup: Setup) -> float:
    """How many logits one GPU has of a micro-batch."""
    rows = (setup.micro_batch or 1) * setup.rows_per_sample
    tokens = rows * side_tokens(model, model.stacks[-1], setup) / setup.context_parallel
    return tokens * model.vocab / setup.tensor_parallel


def output_alive(model: Anatomy, setup: Setup, p: Profile) -> float:
    """Bytes of the model's output where the loop still holds it through backward."""
    kind = setup.loss or p.loss
    if not (model.head and p.logits_alive and kind == "full"):
        return 0.0
    if setup.compiled and f"{kind}_compiled" in losses():
        return 0.0
    return head_bytes(setup, p) * logits(model, setup)


def head_bytes(setup: Setup, p: Profile) -> int:
    """Bytes of one logit as the head gives it: fp32 where its weights are and nothing casts."""
    return 4 if upcast(setup, p) and not p.autocast else compute_bytes(setup)


def head_copy(model: Anatomy, setup: Setup, p: Profile) -> float:
    """Bytes of the head's 16-bit copy that autocast makes of frozen fp32 weights for backward.

    Source: torch's ``autocast::cached_cast`` caches copies of leaves that train alone.
    """
    narrow = p.autocast and setup.compute != "fp32"
    if not (upcast(setup, p) and narrow and model.head) or p.head_quantized:
        return 0.0
    return 2.0 * model.vocab * model.hidden


def dequantized(model: Anatomy, setup: Setup, p: Profile) -> tuple[float, float]:
    """Bytes of dequantised copies inside a layer and at the head, for a moment."""
    if not setup.quantized:
        return 0.0, 0.0
    inside = max(
        (q.inputs * q.outputs for q in model.parts if q.kind == "linear" and ".N." in q.path),
        default=0,
    )
    times = 3 if setup.weights in ("gptq", "gptq8") else 1
    head = model.vocab * model.hidden if p.head_quantized and model.head else 0
    return inside * 2.0 * times, head * constants()["quantized_head"][0]


def chains(model: Anatomy, setup: Setup, p: Profile) -> list[tuple[Layer, int]]:
    """One layer of each stack with the number of such layers on this GPU."""
    found = []
    upper = side_tokens(model, model.stacks[0], setup) if len(model.stacks) > 1 else 0
    for stack in model.stacks:
        count = -(-stack.layers // setup.pipeline_parallel)
        found.append((layer(model, stack, setup, p, upper), count))
    return found


def kept(setup: Setup, one: Layer, count: int) -> float:
    """Bytes kept of a stack from forward to backward."""
    flights = min(setup.pipeline_parallel, setup.accumulation or 1)
    if setup.checkpointing == "full":
        return count * one.boundary * flights
    if setup.checkpointing == "offload":
        return 0.0
    if setup.checkpointing == "selective":
        return count * one.selected * flights
    return count * one.saved * flights


def peak(model: Anatomy, setup: Setup) -> Peak | Gap:
    """The peak of one GPU for a setup whose choices are all made; see ``settled``.

    Three moments can be the worst: backward through the loss (or through the last layer), the end
    of backward, and the optimizer's step. Nothing is added up that is not alive together.
    """
    p = profile(setup.trainer)
    opt = optimizer(setup.optimizer or "adamw_torch")
    if opt is None:
        return Gap(
            f"the memory of optimizer {setup.optimizer!r} is not in the table",
            ("config.optimizer",),
        )
    if setup.tokens is None:
        return Gap("the sequence length is not known", ("config.max_seq_length",))
    if opt.temporary == "backward":
        setup = replace(setup, in_backward=True)
    whole = untied(model) if p.unties_head else model
    stays = held(whole, setup, p, opt)
    if isinstance(stays, Gap):
        return stays
    return _worst(whole, setup, p, stays)


def untied(model: Anatomy) -> Anatomy:
    """The model with a head of its own where the checkpoint ties it to the embedding."""
    parts = tuple(replace(q, shared=False) if q.path == "lm_head" else q for q in model.parts)
    return replace(model, parts=parts)


def _worst(model: Anatomy, setup: Setup, p: Profile, stays: Held) -> Peak:
    """The worst of the moments, with its components."""
    at, work, hump = moments(model, setup, p, stays)
    early = stays.gradients if grads_alive(setup) else 0.0
    name = max(at, key=lambda m: sum(at[m].values()))
    fixed = fixed_parts(stays, setup)
    parts = {**fixed, **at[name]}
    return Peak(
        allocated=sum(parts.values()),
        moment=name,
        dynamic=max(sum(at[m].values()) for m in COMING) - early,
        beside=sum(fixed.values()) + early,
        loss=hump,
        layer=work,
        components={key: value for key, value in parts.items() if value},
        static=stays.static + stays.gradients,
        paged=stays.paged,
        trained=stays.trained,
    )


COMING = ("backward of the loss", "backward of the last layer")
"""Moments at which all that forward made is alive."""


def moments(
    model: Anatomy, setup: Setup, p: Profile, stays: Held
) -> tuple[dict[str, dict[str, float]], float, float]:
    """What is alive at each moment beside what stays; one layer's work, the hump of the loss."""
    inside, at_head = dequantized(model, setup, p)
    stored, again, last = through_layers(model, setup, p)
    hump = logit_bytes(model, setup, p) + at_head + head_copy(model, setup, p)
    early = stays.gradients if grads_alive(setup) else 0.0
    alive = {"gradients": early, "casts": cast_cache(model, setup)}
    late = {"gradients": stays.gradients}
    first, table = arriving(model, setup, stays)
    output = {"logits": output_alive(model, setup, p)}
    work = again + last.working + inside
    at: dict[str, dict[str, float]] = {
        COMING[0]: {**alive, "activations": stored, "logits": hump},
        COMING[1]: {**alive, **output, "activations": stored + work},
        "backward of the first layer": {
            **output,
            "gradients": stays.gradients - first,
            "casts": layer_casts(model, setup),
            "activations": again or last.saved,
            "workspace": last.working + inside,
        },
        "end of backward": {**late, **output, "workspace": table + last.boundary},
        "optimizer step": {**late, "optimizer temporary": stays.temporary},
        "generation": {**alive, "cache of keys and values": generation(model, setup)},
    }
    return at, work - inside, hump


def arriving(model: Anatomy, setup: Setup, stays: Held) -> tuple[float, float]:
    """Bytes of gradients that come after the first layer's backward, and the embedding's second.

    Its own and the embedding's come last; a tied embedding's, or one that is added to that of an
    earlier micro-batch, stands beside the sum for a moment.
    """
    if setup.adapter or setup.in_backward or not stays.trained:
        return 0.0, 0.0
    share = stays.gradients / stays.trained
    rows = next((q.size for q in model.parts if q.kind == "embedding"), 0) * share
    tied = any(q.path == "lm_head" and q.shared for q in model.parts)
    if grads_alive(setup):
        return 0.0, rows
    return layer_size(model) * share + (0.0 if tied else rows), rows if tied else 0.0


def layer_casts(model: Anatomy, setup: Setup) -> float:
    """Bytes of 16-bit copies of one layer's fp32 weights."""
    if setup.weights != "fp32" or setup.compute == "fp32" or setup.sharding == "zero3":
        return 0.0
    return 2.0 * layer_size(model)


def through_layers(model: Anatomy, setup: Setup, p: Profile) -> tuple[float, float, Layer]:
    """Bytes kept of all layers, bytes recomputed for one of them, and the last layer."""
    layers = chains(model, setup, p)
    stored = sum(kept(setup, one, count) for one, count in layers)
    last = layers[-1][0]
    again = last.saved if setup.checkpointing in ("full", "offload") else 0.0
    if setup.checkpointing == "selective":
        again = 0.5 * last.saved
    return stored, again, last


def fixed_parts(stays: Held, setup: Setup) -> dict[str, float]:
    """What is alive at every moment, in bytes."""
    return {
        "weights": stays.weights,
        "adapters": stays.adapters,
        "optimizer states": stays.states,
        "references": stays.references,
        "further trained models": stays.critics,
        "generation engine": setup.engine_bytes,
        "gathered layers": stays.gathered,
        "library workspaces": constants()["workspace_mib"][0] * MIB,
    }


def generation(model: Anatomy, setup: Setup) -> float:
    """Bytes of keys and values while a step's completions are generated; 0 where none are."""
    if not setup.generates:
        return 0.0
    rows = (setup.micro_batch or 1) * (setup.accumulation or 1)
    each = sum(s.layers * (s.latent or 2 * s.key) for s in model.stacks if s.side == "decoder")
    return 2.0 * each * rows * (setup.tokens or 0) / setup.tensor_parallel


def grads_alive(setup: Setup) -> bool:
    """Whether gradients of an earlier micro-batch are alive when backward begins."""
    return setup.adapter or (setup.accumulation or 1) > 1 or setup.in_backward


def cast_cache(model: Anatomy, setup: Setup) -> float:
    """Bytes of 16-bit copies of fp32 weights that autograd keeps from autocast until backward.

    Layers that are recomputed make theirs again.
    """
    if setup.weights != "fp32" or setup.compute == "fp32" or setup.sharding == "zero3":
        return 0.0
    again = setup.checkpointing in ("full", "offload")
    inside = [q for q in model.parts if q.kind == "linear" and not (again and ".N." in q.path)]
    return 2.0 * sum(q.size * q.copies for q in inside)
