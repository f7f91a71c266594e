"""What a process holds beyond live tensors: the allocator's pool and the CUDA context."""

from __future__ import annotations

from transxlab.facts.estimated.setup import Setup, constants
from transxlab.facts.values import Interval

GIB = 2**30


def pool_kind(setup: Setup) -> str:
    """Which constant describes the pool: shapes that vary, eager attention, or neither."""
    if setup.lengths == "varied":
        return "pool_varied"
    return "pool_eager" if setup.attention == "eager" else "pool_fixed"


def pool(setup: Setup, dynamic: float) -> Interval:
    """Bytes the caching allocator holds above live tensors, as a share of what comes and goes.

    Source: fitted on measured pairs of max_memory_reserved and max_memory_allocated.
    """
    value, low, high = constants()[pool_kind(setup)]
    return Interval(low, value, high).scaled(dynamic)


def context(architecture: str | None) -> Interval:
    """Bytes of the CUDA context of one process, which no allocator counter shows."""
    names = {"Turing": "context_turing_gib", "Volta": "context_volta_gib"}
    value, low, high = constants()[names.get(architecture or "", "context_gib")]
    return Interval(low, value, high).scaled(GIB)


def workspace_extra(capability: float | None) -> float:
    """Bytes that library workspaces hold above the usual ones; larger from Hopper on."""
    if capability is None or capability < 9.0:
        return 0.0
    usual, hopper = constants()["workspace_mib"][0], constants()["workspace_hopper_mib"][0]
    return (hopper - usual) * 2**20
