"""What a process holds beyond live tensors: the allocator's pool and the CUDA context."""

from __future__ import annotations

from transxlab.facts.estimated.peak import Peak
from transxlab.facts.estimated.setup import Setup, constants
from transxlab.facts.values import Interval

GIB = 2**30


def pool(setup: Setup, found: Peak) -> Interval:
    """Bytes the caching allocator holds above what a step has alive at its hump.

    With shapes that repeat it is a share of what comes and goes. With lengths that vary, blocks of
    shorter batches stay beside the live ones, and those of a layer beside those of the loss.
    Source: fitted on measured pairs of max_memory_reserved and max_memory_allocated.
    """
    c = constants()
    if setup.lengths != "varied":
        value, low, high = c["pool_eager" if setup.attention == "eager" else "pool_fixed"]
        return Interval(low, value, high).scaled(found.dynamic)
    ends = [
        c["pool_stale_loss"][i] * found.loss + c["pool_stale_layer"][i] * found.layer
        for i in range(3)
    ]
    return Interval(ends[1], ends[0], ends[2])


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
