"""Processors, memory, disk and system of this machine."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from pathlib import Path

from transxlab.facts.observed.filling import fill
from transxlab.facts.situation import Facts

GIB = 2**30
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
PROCESSOR_LIMIT = Path("/sys/fs/cgroup/cpu.max")
SYSTEMS = {"Linux": "linux", "Darwin": "mac", "Windows": "windows"}


def observe(facts: Facts) -> None:
    """Fill ``machine`` with what a program on it may use."""
    slots: dict[str, object] = {"cpus": processors()}
    memory = memory_bytes()
    if memory is not None:
        slots["host_memory_gib"] = round(memory / GIB, 2)
    system = SYSTEMS.get(platform.system())
    if system is not None:
        slots["system"] = system
    with contextlib.suppress(OSError):
        slots["disk_free_gib"] = shutil.disk_usage(Path.cwd()).free // GIB
    fill(facts, "machine", slots, "this machine")


def processors() -> int:
    """Processors this process may use: its affinity, or its group's quota where that is less."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = PROCESSOR_LIMIT.read_text().split()
        if quota != "max":
            count = min(count, max(1, int(quota) // int(period)))
    return count


def memory_bytes() -> int | None:
    """Main memory, or the limit of this process's group where that is less; None if unknown."""
    found = []
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for file in MEMORY_LIMITS:
        try:
            found.append(int(file.read_text()))
        except (OSError, ValueError):
            continue
    return min(found) if found else None
