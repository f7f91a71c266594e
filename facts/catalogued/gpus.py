"""The catalogue of accelerators: memory, speed and abilities, found by any of their names."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.table import rows

HERE = "transxlab.facts.catalogued"
GIB_PER_MIB = 1 / 1024


@dataclass(frozen=True, slots=True)
class Gpu:
    """One accelerator, per device."""

    name: str
    """Name in the catalogue, e.g. ``A100-SXM4-80GB``."""
    vendor: str
    """Maker: NVIDIA, AMD, Intel, Google or Apple."""
    architecture: str
    """Generation: Ampere, Ada, Hopper ..."""
    compute_capability: str | None
    """CUDA compute capability as text (``8.9``); None off CUDA."""
    memory_gib: float
    """Memory in GiB: what the driver reports where that is known, else what the vendor names."""
    named_gib: float
    """Memory as the vendor names it; on most cards the driver reports a little less."""
    bandwidth_gb_s: float
    """Memory bandwidth in 1e9 bytes per second."""
    fp16_tflops: float | None
    """Dense fp16 matrix rate with fp32 accumulation, in 1e12 operations per second."""
    bf16_tflops: float | None
    """Dense bf16 matrix rate; None where bf16 is not supported."""
    fp8_tflops: float | None
    """Dense fp8 matrix rate; None where fp8 is not supported."""
    fp32_tflops: float | None
    """fp32 rate without tensor cores."""
    bf16: bool
    """Whether bf16 arithmetic is supported in hardware."""
    fp8: bool
    """Whether fp8 matrix arithmetic is supported in hardware."""
    flash_attention_2: bool
    """Whether FlashAttention 2 has kernels for it."""
    source: str
    """Where the row was read."""
    date: str
    """When, as year and month."""


def _float(text: str) -> float | None:
    return float(text) if text else None


def _gpu(row: dict[str, str]) -> Gpu:
    named, visible = float(row["memory_gib"]), _float(row["visible_mib"])
    return Gpu(
        name=row["name"],
        vendor=row["vendor"],
        architecture=row["architecture"],
        compute_capability=row["compute_capability"] or None,
        memory_gib=named if visible is None else visible * GIB_PER_MIB,
        named_gib=named,
        bandwidth_gb_s=float(row["bandwidth_gb_s"]),
        fp16_tflops=_float(row["fp16_tflops"]),
        bf16_tflops=_float(row["bf16_tflops"]),
        fp8_tflops=_float(row["fp8_tflops"]),
        fp32_tflops=_float(row["fp32_tflops"]),
        bf16=row["bf16"] == "1",
        fp8=row["fp8"] == "1",
        flash_attention_2=row["flash_attention_2"] == "1",
        source=row["source"],
        date=row["date"],
    )


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], ...]:
    return tuple(rows(HERE, "gpus.csv"))


def gpus() -> tuple[Gpu, ...]:
    """Every accelerator of the catalogue, in the order of the file."""
    return tuple(_gpu(row) for row in _table())


MAKERS = re.compile(r"\b(nvidia|geforce|tesla|quadro|amd|instinct|radeon|apple|google|vram|gpu)\b")
SIZE = re.compile(r"(\d+)\s*(?:gib|gb|g)\b")


def _plain(name: str) -> str:
    """A name as one word, without maker and case: ``Tesla V100-SXM2-16GB``, ``v100sxm216gb``."""
    text = MAKERS.sub(" ", name.lower().replace("_", " "))
    text = SIZE.sub(r"\1gb", text)
    return re.sub(r"[^a-z0-9.]+", "", text)


@lru_cache(maxsize=1)
def _index() -> dict[str, int]:
    """Every name and alias in plain form with its row; the first row wins."""
    found: dict[str, int] = {}
    for number, row in enumerate(_table()):
        for name in (row["name"], *row["aliases"].split(";")):
            if name:
                found.setdefault(_plain(name), number)
    for number, row in enumerate(_table()):
        found.setdefault(_plain(f"{row['name']} {row['memory_gib']}GB"), number)
    return found


def find_gpu(name: str) -> Gpu | None:
    """The accelerator of a catalogue name, a common name or what nvidia-smi prints; else None.

    A memory size in the name must agree with the card's: ``RTX 4090 24GB`` is found, ``RTX 4090
    48GB`` is not.
    """
    plain = _plain(name)
    if not plain:
        return None
    hit = _index().get(plain)
    if hit is None:
        size = SIZE.search(name.lower())
        bare = _plain(SIZE.sub(" ", name.lower()))
        hit = _index().get(bare) if size else None
        if hit is not None and size and float(size[1]) != float(_table()[hit]["memory_gib"]):
            return None
    return None if hit is None else _gpu(_table()[hit])


def nearest_gpus(name: str, count: int = 3) -> tuple[str, ...]:
    """Catalogue names nearest to one that was not found, the best first."""
    plain = _plain(name)
    inside = [text for text in _index() if len(plain) > 1 and plain in text]
    near = inside + difflib.get_close_matches(plain, _index(), n=4 * count, cutoff=0.5)
    return tuple(dict.fromkeys(_table()[_index()[text]]["name"] for text in near))[:count]
