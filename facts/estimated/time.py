"""Training speed by a roofline: matrix products, attention, memory traffic, launches, the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.gpus import Gpu
from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Gap, Stack
from transxlab.facts.estimated.parameters import total
from transxlab.facts.estimated.readers import readers
from transxlab.facts.estimated.setup import Setup, optimizer, profile, settled
from transxlab.facts.estimated.tensors import upcast
from transxlab.facts.estimated.traffic import BACKWARD, forward_bytes, score_bytes
from transxlab.facts.estimated.weights import QUANTIZED, trained
from transxlab.facts.values import Interval

HERE = "transxlab.facts.estimated"
FUSED = ("nemo", "torchtitan", "llm-foundry", "llm.c", "flash-attn training", "lit-gpt based")
TUNED = ("torchtune", "litgpt", "unsloth")
LINKED = ("SXM", "A100", "H100", "H200", "H800", "A800", "GH200", "B200", "B300", "NVL")
"""Cards in NVLink machines; others exchange over PCIe."""
LINKS = {"Volta": 130e9, "Ampere": 250e9, "Hopper": 380e9, "Blackwell": 700e9}
"""Bytes per second between GPUs of one node over NVLink, as collectives reach them."""
PCIE = 20e9
"""The same over PCIe 4."""
HOST_LINK = 12e9
"""Bytes per second between a GPU and host memory, as paged optimizers reach them."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a run trains."""

    tokens_per_second: Interval
    """Tokens of all GPUs together."""
    step_seconds: Interval
    """One optimizer step."""
    parts: dict[str, float]
    """Seconds of one micro-batch by what takes them, expected."""
    basis: tuple[str, ...]
    """What was assumed, one sentence each."""


@lru_cache(maxsize=1)
def speeds() -> dict[str, float]:
    """Fitted constants of the roofline, by name."""
    return {row["name"]: float(row["value"]) for row in rows(HERE, "speeds.csv")}


@lru_cache(maxsize=1)
def spreads() -> dict[str, tuple[float, float]]:
    """Factors below and above the expected time that measured runs of a class stay within."""
    found = rows(HERE, "timespread.csv")
    return {row["class"]: (float(row["low"]), float(row["high"])) for row in found}


def stack_of(setup: Setup) -> str:
    """Which kind of code runs: fused stacks, tuned recipes, or eager transformers code."""
    if setup.trainer in FUSED:
        return "fused"
    return "tune" if setup.trainer in TUNED else "eager"


def rate(gpu: Gpu, setup: Setup) -> float | None:
    """Dense matrix rate for the setup's type, in operations per second; None if not supported."""
    if setup.fp8:
        found = gpu.fp8_tflops and gpu.fp8_tflops * speeds()["fp8"]
    elif setup.compute == "fp32":
        found = gpu.fp32_tflops
    elif setup.compute == "bf16":
        found = gpu.bf16_tflops or (gpu.fp16_tflops if gpu.vendor == "Apple" else None)
    else:
        found = gpu.fp16_tflops
    return None if found is None else found * 1e12


def matrix_parameters(model: Anatomy) -> float:
    """Parameters one token multiplies with: active matrices, the head included, no embeddings."""
    inside = sum(p.used for p in model.parts if p.kind in ("linear", "experts", "router"))
    tied = sum(p.size for p in model.parts if p.path == "lm_head" and p.shared)
    return inside + (tied if model.head else 0)


def efficiency(gpu: Gpu, peak: float, setup: Setup) -> float:
    """Share of the dense rate that large matrix products reach while a run trains.

    Source: measured products of the card (``products.csv``), or its generation's (``speeds.csv``).
    """
    c = speeds()
    reached = products().get(gpu.name)
    if reached is None or setup.compute == "fp32" or setup.fp8:
        best = c.get(f"best_{gpu.architecture}", c["best_other"])
    else:
        best = reached * 1e12 / peak  # above 1 where a card holds clocks above its rated boost
    return best * c.get(f"sustained_{gpu.architecture}", c["sustained_other"])


@lru_cache(maxsize=1)
def products() -> dict[str, float]:
    """Fastest measured 16-bit matrix products by GPU, in TFLOP/s."""
    return {row["gpu"]: float(row["tflops"]) for row in rows(HERE, "products.csv")}


def micro_seconds(model: Anatomy, setup: Setup, gpu: Gpu) -> dict[str, float] | Gap:
    """Seconds of one forward and backward pass of one micro-batch, by what takes them.

    Source: 2 operations per parameter and pass; passes are forward, gradient of the input, gradient
    of the weight where it trains, and a second forward under checkpointing.
    """
    peak = rate(gpu, setup)
    if peak is None:
        return Gap(f"{gpu.name} does not multiply {setup.compute}", ("config.precision",))
    c, again = speeds(), AGAIN[setup.checkpointing or "full"]
    wide = max(stack.hidden for stack in model.stacks)
    eff = efficiency(gpu, peak, setup) / (1 + (c["half_width"] / wide) ** 1.5)
    passes = 1 + (1 if setup.adapter else 2) + again
    tokens = (setup.micro_batch or 1) * (setup.tokens or 0) * setup.rows_per_sample
    split = setup.tensor_parallel * setup.pipeline_parallel * setup.context_parallel
    flow = gpu.bandwidth_gb_s * 1e9 * c["bandwidth"]
    rates = peak * eff, fp32_rate(gpu)
    layers = [through_stack(model, one, setup, tokens, rates, flow) for one in model.stacks]
    each = c["logit_bytes"] * (0.3 if stack_of(setup) == "fused" or setup.loss == "fused" else 1)
    parts = {
        "matrix products": 2 * matrix_parameters(model) * passes * tokens / (peak * eff) / split,
        "products in fp32": single_precision(model, setup, gpu, peak * eff) * tokens / split,
        "attention": sum(one[0] for one in layers) / split,
        "elementwise work": sum(one[1] for one in layers) / split,
        "loss": each * model.vocab * tokens / flow / split if model.head else 0.0,
        "dequantisation": dequantisation(model, setup, flow, again) / split,
    }
    launch = sum(one[2] for one in layers) / setup.pipeline_parallel * host(gpu)
    parts["waiting for launches"] = max(0.0, launch - sum(parts.values()))
    return parts


def slowed(setup: Setup) -> bool:
    """Whether attention and head run in fp32: k-bit preparation without autocast around it."""
    return upcast(setup, p := profile(setup.trainer)) and not p.autocast and setup.compute != "fp32"


def fp32_rate(gpu: Gpu) -> float:
    """Operations per second of fp32 products (torch leaves TF32 off)."""
    best = speeds().get(f"sustained_{gpu.architecture}", speeds()["sustained_other"])
    return (gpu.fp32_tflops or 1.0) * 1e12 * best


def single_precision(model: Anatomy, setup: Setup, gpu: Gpu, reach: float) -> float:
    """Seconds per token of products that run in fp32 for want of autocast, above 16-bit ones."""
    p = profile(setup.trainer)
    if p.autocast or p.adapter != "fp32" or setup.compute == "fp32" or not setup.adapter:
        return 0.0
    count = trained(model, setup)
    low_rank = 8.0 * count if isinstance(count, int) else 0.0
    head = next((q.size for q in model.parts if q.path == "lm_head"), 0) if slowed(setup) else 0
    return (low_rank + 4.0 * head) / fp32_rate(gpu) - 4.0 * head / reach


AGAIN = {"none": 0.0, "full": 1.0, "offload": 1.0, "selective": 0.3}
"""Share of forward that checkpointing repeats."""


def host(gpu: Gpu) -> float:
    """How much longer launches take on the hosts such cards sit in than on a 2022 server."""
    return speeds().get(f"host_{gpu.architecture}", 1.0)


def through_stack(
    model: Anatomy,
    stack: Stack,
    setup: Setup,
    tokens: int,
    rates: tuple[float, float],
    flow: float,
) -> tuple[float, float, float]:
    """Seconds of attention and elementwise work, and of launching, in one stack of layers.

    ``rates`` are operations per second of matrix products in the setup's type and in fp32, ``flow``
    bytes per second of memory.
    """
    reach, single_rate = rates
    c, kind, again = speeds(), stack_of(setup), AGAIN[setup.checkpointing or "full"]
    length = setup.tokens or 0
    work = 2 * length * stack.query * stack.layers * (3.5 + again) * tokens
    slow = slowed(setup) and reach > single_rate
    attention = work / ((single_rate if slow else reach) * c["attention"])
    if setup.attention == "eager":
        there, back = score_bytes(setup)
        cells = stack.heads * length * tokens * stack.layers
        attention += cells * (there * (1 + again) + back) / flow
    one = forward_bytes(model, stack, setup, fused=kind == "fused")
    moved = one * stack.layers * tokens * (1 + again + BACKWARD)
    moved *= c["compiled"] if setup.compiled or kind == "fused" else c[f"traffic_{kind}"]
    return attention, moved / flow, launches(model, stack, setup, again) * stack.layers


def launches(model: Anatomy, stack: Stack, setup: Setup, again: float) -> float:
    """Seconds the host takes to launch one layer's kernels, forward and backward."""
    c, kind = speeds(), stack_of(setup)
    taken = c[f"launch_{kind}_seconds"]
    if setup.adapter and kind == "eager":
        r = readers(model, stack, setup.adapters)
        taken += c["launch_lora_seconds"] * (r.queries + r.out + r.up + r.down)
    if setup.quantized and kind == "eager":
        taken += c["launch_quantized_seconds"] * (7 if stack.gated else 6)
    return taken * (1 + again / 2)


def dequantisation(model: Anatomy, setup: Setup, flow: float, again: float) -> float:
    """Seconds that expanding quantised weights takes in one micro-batch."""
    if not setup.quantized:
        return 0.0
    each = speeds()["dequant_gptq" if (setup.weights or "").startswith("gptq") else "dequant_nf4"]
    return matrix_parameters(model) * each * (2 + again) / flow


def communication(model: Anatomy, setup: Setup, gpu: Gpu) -> float:
    """Seconds of exchange between GPUs in one micro-batch that computation does not hide."""
    wired = any(name in gpu.name for name in LINKED) and gpu.architecture in LINKS
    link = LINKS[gpu.architecture] if wired else PCIE
    tokens = (setup.micro_batch or 1) * (setup.tokens or 0) * setup.rows_per_sample
    moved = speeds()["communication"] * shared_bytes(model, setup) if setup.replicas > 1 else 0.0
    if setup.tensor_parallel > 1:
        # Two all-reduces of the residual stream per layer and pass (Shoeybi 2019), none hidden.
        passes = 2 + AGAIN[setup.checkpointing or "full"]
        wide = sum(stack.layers * stack.hidden for stack in model.stacks)
        share = 2 * (setup.tensor_parallel - 1) / setup.tensor_parallel
        moved += 2 * passes * 2.0 * wide * tokens * share / setup.pipeline_parallel
    return moved / link


def shared_bytes(model: Anatomy, setup: Setup) -> float:
    """Bytes data-parallel GPUs exchange per micro-batch: weights gathered, gradients reduced.

    ZeRO-3 and FSDP gather all weights for forward and for backward, and reduce the gradients of
    what trains (Rajbhandari 2020); other shardings reduce gradients alone, once per step.
    """
    moving = count if isinstance(count := trained(model, setup), int) else total(model)
    split = setup.tensor_parallel * setup.pipeline_parallel
    if setup.sharding == "zero3":
        stored = QUANTIZED.get(setup.weights or "bf16", 2.0) if setup.quantized else 2.0
        return (2 * stored * total(model) + 2.0 * moving) / split
    if setup.sharding == "none":
        return 0.0
    return 4.0 * moving / split / (setup.accumulation or 1)


def step_update(model: Anatomy, setup: Setup, gpu: Gpu) -> float:
    """Seconds of the optimizer's step: its state is read and written once."""
    count = trained(model, setup)
    if not isinstance(count, int):
        return 0.0
    share = setup.replicas if setup.sharding in ("zero1", "zero2", "zero3") else 1
    opt = optimizer(setup.optimizer or "adamw_torch")
    state = opt.state_fp32 if opt else 8.0
    if setup.offload != "none":
        return count / share * 6 / HOST_LINK
    paged = opt is not None and opt.on_host and not setup.adapter
    moved = count / share * 2 * state / HOST_LINK if paged else 0.0
    return moved + count / share * (12.0 + 2 * state) / (gpu.bandwidth_gb_s * 0.7e9)


def kind_of_run(setup: Setup) -> str:
    """The class of run whose measured errors the interval takes."""
    if setup.method == "full" and stack_of(setup) == "fused":
        return "pretrain"
    if setup.quantized:
        return "quantized"
    return "finetune"


def speed(model: Anatomy, setup: Setup, gpu: Gpu) -> Speed | Gap:
    """Tokens per second and seconds per step; a Gap says what is missing.

    The interval is as wide as the measured error of the run's class (``timespread.csv``).
    """
    base, open_to = settled(setup)
    if base.tokens is None:
        return Gap("the sequence length is not known", ("config.max_seq_length",))
    parts = micro_seconds(model, base, gpu)
    if isinstance(parts, Gap):
        return parts
    parts["communication"] = communication(model, base, gpu)
    micro = sum(parts.values()) * (1 + speeds()["nodes"] * math.log2(max(1, base.gpus)))
    times = base.accumulation or 1
    step = micro * times + step_update(model, base, gpu)
    low, high = spreads()[kind_of_run(base)]
    if "checkpointing" in open_to:
        low, high = low * 0.75, high * 1.35
    seconds = Interval(step * low, step, step * high)
    batch = (base.micro_batch or 1) * base.tokens * base.rows_per_sample * times * base.replicas
    per_second = Interval(batch / seconds.high, batch / step, batch / seconds.low)
    said = (
        f"roofline of {gpu.name} for {stack_of(base)} code of {profile(base.trainer).trainer}",
        f"{base.micro_batch} x {base.tokens} tokens per pass, checkpointing {base.checkpointing}",
    )
    return Speed(per_second, seconds, parts, said)
