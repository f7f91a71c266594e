"""Memory and latency of the finished model when it serves."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.catalogued.gpus import Gpu
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.parameters import total
from transxlab.facts.estimated.setup import Setup, constants
from transxlab.facts.estimated.time import matrix_parameters
from transxlab.facts.estimated.weights import is_quantizable, per_weight
from transxlab.facts.values import Interval

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Service:
    """What serving needs."""

    memory: Interval
    """Bytes on the GPU, the process included."""
    prefill_seconds: Interval
    """Time to the first token."""
    token_seconds: Interval
    """Time of one further token."""
    latency_seconds: Interval
    """Time of one whole answer."""
    tokens_per_second: Interval
    """Tokens generated per second for one request."""
    basis: tuple[str, ...]
    """What was assumed, one sentence each."""


def cache_bytes(model: Anatomy, tokens: int, requests: int = 1, width: float = 2.0) -> float:
    """Bytes of keys and values of all layers; a compressed cache (MLA) keeps its latents."""
    each = 0.0
    for stack in model.stacks:
        if stack.side == "encoder":
            continue
        each += stack.layers * (stack.latent or 2 * stack.key) * (2 if stack.cross else 1)
    return each * tokens * requests * width


def weight_bytes(
    model: Anatomy, weights: str, *, double: bool = False, head: bool = False
) -> float:
    """Bytes of the weights as served; quantised ones keep embeddings in 16 bits, and most the head.

    ``head``: whether the head is quantised too.
    """
    if weights in ("bf16", "fp16", "fp32"):
        return total(model) * (4.0 if weights == "fp32" else 2.0)
    setup = Setup(method="qlora", weights=weights, double_quantized=double)  # type: ignore[arg-type]
    inside = sum(
        p.inputs * p.outputs * p.copies for p in model.parts if is_quantizable(p, head=head)
    )
    return inside * per_weight(setup) + (total(model) - inside) * 2.0


def serve_memory(
    model: Anatomy,
    context: int,
    requests: int = 1,
    weights: str = "bf16",
    *,
    double: bool = False,
    head: bool = False,
    process: bool = True,
) -> Interval:
    """Bytes one GPU needs to serve requests at a context length.

    Weights and cache are exact; workspace, fragmentation and the CUDA context make the width.
    Without ``process`` it is live tensors alone.
    """
    held = weight_bytes(model, weights, double=double, head=head)
    cache = cache_bytes(model, context, requests)
    widest = max((p.inputs * p.outputs for p in model.parts if p.kind == "linear"), default=0)
    spare = constants()["workspace_mib"][0] * 2**20 / 2 + 6.0 * model.vocab * requests
    if weights not in ("bf16", "fp16", "fp32"):
        spare += 2.0 * widest  # one dequantised matrix at a time
    value, low, high = constants()["context_gib"] if process else (0.0, 0.0, 0.0)
    return Interval(
        held + cache + low * GIB,
        held + cache * 1.06 + spare + value * GIB,
        (held + cache * 1.25) * 1.05 + 2 * spare + high * GIB + (0.5 * GIB if process else 0.0),
    )


def serve(
    model: Anatomy,
    gpu: Gpu,
    prompt_tokens: int,
    answer_tokens: int,
    *,
    context: int | None = None,
    requests: int = 1,
    weights: str = "bf16",
) -> Service:
    """Memory and latency of one answer on one GPU.

    Decoding reads every weight and the cache once per token, so bandwidth bounds it; a launch floor
    of 0.1 to 1 ms per layer holds for eager code. Prefill is bounded by the matrix rate.
    """
    reach = context or prompt_tokens + answer_tokens
    peak = (gpu.bf16_tflops or gpu.fp16_tflops or gpu.fp32_tflops or 1.0) * 1e12
    flow = gpu.bandwidth_gb_s * 1e9
    read = weight_bytes(model, weights) * matrix_parameters(model) / max(1, total(model))
    read += cache_bytes(model, reach, requests)
    first = 2 * matrix_parameters(model) * prompt_tokens * requests / peak
    token = Interval(
        max(read / (0.95 * flow), 2e-5 * model.layers),
        max(read / (0.7 * flow), 2e-4 * model.layers),
        max(read / (0.35 * flow), 1.2e-3 * model.layers),
    )
    prefill = Interval(
        max(first / 0.75, token.low), max(first / 0.5, token.expected), max(first / 0.2, token.high)
    )
    whole = Interval(
        prefill.low + answer_tokens * token.low,
        prefill.expected + answer_tokens * token.expected,
        prefill.high + answer_tokens * token.high,
    )
    rate = Interval(requests / token.high, requests / token.expected, requests / token.low)
    said = (
        f"weights in {weights}, {requests} at a time, {prompt_tokens} + {answer_tokens} tokens",
        "low end: a fused serving stack; high end: eager transformers code",
    )
    return Service(serve_memory(model, reach, requests, weights), prefill, token, whole, rate, said)
