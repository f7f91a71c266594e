"""Training speed by a roofline: matrix products, attention, memory traffic, launches, the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.gpus import Gpu
from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Gap, Stack
from transxlab.facts.estimated.parameters import total
from transxlab.facts.estimated.setup import Setup, optimizer, profile, settled
from transxlab.facts.estimated.weights import trained
from transxlab.facts.values import Interval

HERE = "transxlab.facts.estimated"
FUSED = ("nemo", "torchtitan", "llm-foundry", "llm.c", "flash-attn training", "lit-gpt based")
TUNED = ("torchtune", "litgpt", "unsloth")
LINKS = {"Ampere": 250e9, "Hopper": 380e9, "Blackwell": 700e9}
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
    eff = c.get(f"efficiency_{gpu.architecture}", c["efficiency_other"])
    eff /= 1 + (c["half_width"] / wide) ** 1.5
    passes = 1 + (1 if setup.adapter else 2) + again
    tokens = (setup.micro_batch or 1) * (setup.tokens or 0) * setup.rows_per_sample
    split = setup.tensor_parallel * setup.pipeline_parallel * setup.context_parallel
    flow = gpu.bandwidth_gb_s * 1e9 * c["bandwidth"]
    layers = [through_stack(stack, setup, tokens, peak * eff, flow) for stack in model.stacks]
    parts = {
        "matrix products": 2 * matrix_parameters(model) * passes * tokens / (peak * eff) / split,
        "attention": sum(one[0] for one in layers) / split,
        "elementwise work": sum(one[1] for one in layers) / split,
        "loss": c["logit_bytes"] * model.vocab * tokens / flow / split if model.head else 0.0,
        "dequantisation": dequantisation(model, setup, flow, again) / split,
    }
    launch = sum(one[2] for one in layers) / setup.pipeline_parallel
    parts["waiting for launches"] = max(0.0, launch - sum(parts.values()))
    return parts


AGAIN = {"none": 0.0, "full": 1.0, "offload": 1.0, "selective": 0.3}
"""Share of the forward pass that checkpointing runs a second time."""


def through_stack(
    stack: Stack, setup: Setup, tokens: int, reach: float, flow: float
) -> tuple[float, float, float]:
    """Seconds of attention and elementwise work, and of launching, in one stack of layers.

    ``reach`` is operations per second of matrix products, ``flow`` bytes per second of memory.
    """
    c, kind, again = speeds(), stack_of(setup), AGAIN[setup.checkpointing or "full"]
    length = setup.tokens or 0
    work = 2 * length * stack.query * stack.layers * (3.5 + again) * tokens
    attention = work / (reach * c["attention"])
    if setup.attention == "eager":
        cells = stack.heads * length * tokens * stack.layers
        attention += 30 * cells * (1 + again / 2) / flow
    moved = c[f"elementwise_{kind}"] * stack.hidden * stack.layers * tokens
    wide = (2 if setup.compute == "fp32" else 1) * (0.6 if setup.compiled else 1)
    launch = c[f"launch_{kind}_seconds"] * (1 + again / 2)
    if setup.adapter and kind == "eager":
        launch += c["launch_lora_seconds"]
    return attention, moved * (1 + again / 3) * wide / flow, launch * stack.layers


def dequantisation(model: Anatomy, setup: Setup, flow: float, again: float) -> float:
    """Seconds that expanding quantised weights takes in one micro-batch."""
    if not setup.quantized:
        return 0.0
    each = speeds()["dequant_gptq" if (setup.weights or "").startswith("gptq") else "dequant_nf4"]
    return matrix_parameters(model) * each * (2 + again) / flow


def communication(model: Anatomy, setup: Setup, gpu: Gpu) -> float:
    """Seconds of exchange between GPUs in one micro-batch that computation does not hide."""
    if setup.replicas <= 1 or setup.sharding == "none":
        return 0.0
    count = trained(model, setup)
    moving = (
        total(model)
        if setup.sharding == "zero3"
        else (count if isinstance(count, int) else total(model))
    )
    volume = 2.0 * moving * (3 if setup.sharding == "zero3" else 2)
    link = LINKS.get(gpu.architecture, PCIE) if "RTX" not in gpu.name else PCIE
    return (
        speeds()["communication"]
        * volume
        / (setup.tensor_parallel * setup.pipeline_parallel)
        / link
    )


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
