"""Bytes of stored weights, gradients and optimizer state on one GPU."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.estimated.anatomy import Anatomy, Gap, Part
from transxlab.facts.estimated.parameters import HEADS, lora, saved_whole, total
from transxlab.facts.estimated.setup import Optimizer, Profile, Setup
from transxlab.facts.estimated.tensors import upcast

PLAIN = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0}
"""Bytes of one plain weight."""
QUANTIZED = {
    # Dettmers 2023: 4 bits and one fp32 scale per block of 64.
    "nf4": 0.5 + 4 / 64,
    "fp4": 0.5 + 4 / 64,
    # LLM.int8: one fp32 scale per row, far below a thousandth.
    "int8": 1.0,
    "int4": 0.5 + 2.5 / 128,
    # GPTQ with groups of 128: fp16 scale and 4-bit zero per group.
    "gptq": 0.5 + 2.5 / 128,
    "gptq8": 1 + 3 / 128,
    "fp8": 1.0,
}
"""Bytes of one quantised weight, scales included."""
DOUBLE = 0.5 + 1 / 64 + 4 / (64 * 256)
"""The same for nf4 with double quantisation: 8-bit scales and one fp32 per 256 of them."""
TORCHAO_NF4 = 0.516
"""The same for torchao's NF4, which keeps 8-bit scales."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one GPU holds whatever the batch, in bytes."""

    weights: float
    """Weights of the model, as stored, its share of them under sharding."""
    adapters: float
    """Adapter weights and whole copies of saved modules; master weights of full training."""
    states: float
    """Optimizer state."""
    gradients: float
    """Gradients of everything that trains, when all are alive."""
    temporary: float
    """Temporary of the optimizer step."""
    gathered: float
    """Unsharded copies of the layers in work, and communication buffers."""
    references: float
    """Frozen copies of the model."""
    critics: float
    """Further trained models with their gradients and state."""
    paged: float
    """Optimizer state in managed memory: outside torch's counters, and on the host where the card
    is full (bitsandbytes paged optimizers)."""
    trained: int
    """Parameters that train."""

    @property
    def static(self) -> float:
        """What stays through the whole step."""
        return self.weights + self.adapters + self.states + self.references + self.critics


def per_weight(setup: Setup) -> float:
    """Bytes of one weight that is stored as the setup says."""
    storage = setup.weights or "bf16"
    if storage in PLAIN:
        return PLAIN[storage]
    if storage == "nf4" and setup.trainer == "torchtune":
        return TORCHAO_NF4
    if storage == "nf4" and setup.double_quantized:
        return DOUBLE
    return QUANTIZED[storage]


def is_quantizable(part: Part, *, head: bool) -> bool:
    """Whether quantisation touches a part: linear layers, the head only where the trainer does."""
    if part.kind == "experts":
        return True
    return part.kind == "linear" and (head or part.path not in HEADS) and not part.shared


def stored(model: Anatomy, setup: Setup, p: Profile) -> float:
    """Bytes of all weights of the model."""
    if not setup.quantized:
        return total(model) * per_weight(setup)
    inside = sum(
        q.inputs * q.outputs * q.copies
        for q in model.parts
        if is_quantizable(q, head=p.head_quantized)
    )
    rest = total(model) - inside
    return inside * per_weight(setup) + rest * (4 if upcast(setup, p) else 2)


def trained(model: Anatomy, setup: Setup) -> int | Gap:
    """Parameters that train under the setup's method."""
    if setup.adapter:
        if setup.adapters is None and setup.trained is not None:
            return setup.trained
        if setup.adapters is None:
            return Gap("the rank and the targets of the adapters are not known", ("adapter.r",))
        return lora(model, setup.adapters)
    if setup.method in ("full", "galore"):
        return total(model)
    if setup.method == "bitfit":
        return sum(q.bias * q.copies for q in model.parts if not q.shared)
    if setup.trained is None:
        return Gap(
            f"how many parameters train under {setup.method} is not known",
            ("estimate.trainable_params",),
        )
    return setup.trained


def trained_type(setup: Setup, p: Profile) -> float:
    """Bytes of one weight that trains."""
    if setup.adapter:
        return PLAIN[p.adapter]
    return PLAIN.get(setup.weights or "bf16", 2.0)


def largest(model: Anatomy) -> int:
    """Parameters of the largest single weight."""
    return max((q.size for q in model.parts if not q.shared), default=0)


def layer_size(model: Anatomy) -> float:
    """Parameters of one layer, averaged over the stacks."""
    return sum(q.total for q in model.parts if ".N." in q.path) / max(1, model.layers)


def largest_outside(model: Anatomy) -> int:
    """Parameters of the largest weight outside the layers: embedding or head."""
    return max((q.total for q in model.parts if ".N." not in q.path), default=0)


def held(model: Anatomy, setup: Setup, p: Profile, opt: Optimizer) -> Held | Gap:
    """What one GPU holds: ZeRO and FSDP divide states, gradients and weights (Rajbhandari 2020)."""
    count = trained(model, setup)
    if isinstance(count, Gap):
        return count
    states_over, grads_over, weights_over = shares(setup)
    trains, spread = count, kept_by_experts(model, setup)
    if not setup.adapter:
        count = int(count * spread)
    width = trained_type(setup, p)
    whole = saved_whole(model, setup.adapters) if setup.adapter and setup.adapters else 0
    small = count - whole
    copy = 4.0 if setup.compute == "fp32" else 2.0
    host = setup.offload != "none"
    state = opt.state_fp32 if width == 4 or setup.master else opt.state_bf16
    grads = small * (4 if setup.master and setup.sharding == "none" else width) + whole * copy
    if setup.in_backward:
        grads = largest(model) * width
    if setup.adapter:
        extra = (small * width + whole * copy) / weights_over
    else:
        extra = 0.0 if host or not setup.master else count * 4.0 / states_over
    kept = small * state + whole * opt.state_bf16 + outside_states(model, setup, opt, width)
    states = 0.0 if host else kept / states_over
    gathers = setup.sharding == "zero3" and setup.replicas * setup.context_parallel > 1
    return Held(
        weights=0.0 if setup.offload == "all" else stored(model, setup, p) * spread / weights_over,
        adapters=extra,
        states=0.0 if opt.on_host else states,
        gradients=0.0 if host and setup.sharding in SHARED[1] else grads / grads_over,
        temporary=step_temporary(small, whole, width, setup, p, opt) / states_over,
        gathered=unsharded(model, setup) / setup.tensor_parallel if gathers else 0.0,
        references=(setup.references * total(model) + setup.frozen_params) * 2 / weights_over,
        critics=setup.critics * critic(model, setup, opt) / states_over,
        paged=states if opt.on_host else 0.0,
        trained=trains,
    )


def outside_states(model: Anatomy, setup: Setup, opt: Optimizer, width: float) -> float:
    """Bytes of AdamW state that embeddings and head take beyond the optimizer's own.

    Source: Muon and GaLore take matrices of layers only (Jordan 2024, Zhao 2024).
    """
    if not opt.layers_only or setup.adapter or setup.method == "freeze":
        return 0.0
    own, usual = (opt.state_fp32, 8.0) if width == 4 or setup.master else (opt.state_bf16, 4.0)
    outside = sum(q.total for q in model.parts if ".N." not in q.path and not q.shared)
    return outside * (usual - own)


def kept_by_experts(model: Anatomy, setup: Setup) -> float:
    """Share of the parameters one GPU has when experts are spread over several (Fedus 2021).

    Full sharding spreads every parameter over all GPUs already.
    """
    if setup.expert_parallel <= 1 or setup.sharding == "zero3":
        return 1.0
    experts = sum(q.total for q in model.parts if q.kind == "experts")
    return 1 - experts / total(model) * (1 - 1 / setup.expert_parallel)


def critic(model: Anatomy, setup: Setup, opt: Optimizer) -> float:
    """Bytes of one further model that trains in full: weights, gradients and state."""
    width = PLAIN.get(setup.weights or "bf16", 2.0)
    state = opt.state_fp32 if width == 4 else opt.state_bf16
    return total(model) * (2 * width + (0.0 if opt.on_host else state))


def shares(setup: Setup) -> tuple[int, int, int]:
    """Over how many GPUs optimizer state, gradients and weights are divided.

    Between accumulation steps FSDP under ``no_sync`` keeps gradients whole.
    """
    split = setup.tensor_parallel * setup.pipeline_parallel
    group = setup.replicas * setup.context_parallel
    over = [split * (group if setup.sharding in stage else 1) for stage in SHARED]
    if setup.unsynced and (setup.accumulation or 1) > 1:
        over[1] = split
    return over[0], over[1], over[2]


SHARED: tuple[tuple[str, ...], ...] = (("zero1", "zero2", "zero3"), ("zero2", "zero3"), ("zero3",))
"""Shardings that divide optimizer state, gradients and weights."""


def unsharded(model: Anatomy, setup: Setup) -> float:
    """Bytes of two whole layers, one in work and one prefetched, and of embedding or head."""
    size = 2.0 if not setup.quantized else per_weight(setup)
    return 2 * layer_size(model) * size + largest_outside(model) * 2


def step_temporary(
    small: int, whole: int, width: float, setup: Setup, p: Profile, opt: Optimizer
) -> float:
    """Bytes the optimizer step allocates for a moment: torch's foreach AdamW keeps sqrt(v)."""
    if setup.in_backward or setup.offload != "none":
        return 0.0
    if opt.temporary == "update":
        return largest_update(small, width)
    if opt.temporary == "none" or p.temporary != "foreach":
        return 0.0
    return small * width + whole * 2.0


def largest_update(count: int, width: float) -> float:
    """Bytes of the updates that optimizers working matrix by matrix hold at a time, at most."""
    return min(count * width, 2.0**30)
