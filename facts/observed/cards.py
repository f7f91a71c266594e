"""The GPUs of this machine, as ``nvidia-smi`` reports them."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess

from transxlab.facts.catalogued.gpus import find_gpu
from transxlab.facts.estimated.describe import describe_gpu
from transxlab.facts.origin import Origin
from transxlab.facts.situation import Facts
from transxlab.facts.values import Value

QUERY = ("name", "memory.total", "memory.used", "compute_cap", "driver_version")
SECONDS = 10
"""Longest wait for the driver; a hung one must not hang the preflight."""


def observe(facts: Facts) -> None:
    """Add one fact per GPU and mark the training GPUs complete; nothing where there is none."""
    rows = query()
    if not rows:
        return
    origin = Origin("observed", "nvidia-smi")
    for row in rows:
        name, total, used, capability, driver = row
        fact = facts.new("gpu", name)
        known = find_gpu(name)
        slots: dict[str, Value] = describe_gpu(known) if known is not None else {"name": name}
        slots |= {
            "role": "train",
            "memory_gib": _gib(total),
            "in_use_gib": _gib(used),
            "capability": _number(capability),
            "driver": driver,
        }
        for slot, value in slots.items():
            if value is not None:
                facts.put(fact, slot, value, origin)
    facts.mark_complete("gpu", "train")


def query() -> list[list[str]]:
    """Rows of ``nvidia-smi``; empty where it is absent, fails or hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(done.stdout))]
    return [row for row in rows if len(row) == len(QUERY)]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _gib(mebibytes: str) -> float | None:
    found = _number(mebibytes)
    return None if found is None else round(found / 1024, 2)
