"""The GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Release, Text, Truth, slot, template


@template(several=True, role="role", noun="the GPU")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Gpu(Filled):
    """One GPU of the run; eight equal ones are eight facts."""

    role: Text = slot(values=("train", "serve"))
    """Whether it trains or serves."""
    name: Text = slot()
    """Name in the catalogue."""
    arch: Text = slot()
    """Architecture (``Ampere`` ...)."""
    memory_gib: Number = slot(unit="GiB", noun="the GPU's memory")
    """Memory a program can use at most."""
    free_gib: Number = slot(unit="GiB")
    """Memory that was free when it was looked at."""
    capability: Number = slot(noun="the GPU's compute capability")
    """CUDA compute capability, 8.6."""
    bandwidth_gb_per_second: Number = slot(unit="GB/s")
    """Memory bandwidth, in units of 10**9 bytes."""
    tflops: Number = slot(unit="10**12 operations per second")
    """Dense 16-bit matrix rate with fp32 accumulation."""
    supports_bf16: Truth = slot()
    """Whether it multiplies bf16 in hardware."""
    supports_fp8: Truth = slot()
    """Whether it multiplies fp8 in hardware."""
    supports_flash_attention: Truth = slot()
    """Whether FlashAttention 2 runs on it."""
    vendor: Text = slot(values=("nvidia", "amd", "intel", "apple", "google", "aws"))
    """Who makes it."""
    usd_per_hour: Number = slot(unit="US dollars per hour")
    """Rent from the catalogue; 0 for one's own."""
    driver: Release = slot()
    """Driver version."""
    in_use_gib: Number = slot(unit="GiB")
    """Memory other programs held when it was looked at."""
