"""Look at this machine: everything that can be seen without changing anything."""

from __future__ import annotations

import contextlib

from transxlab.facts.observed import cards, environment, machine, paths
from transxlab.facts.situation import Facts


def observe(facts: Facts, *, gpus: bool = True) -> None:
    """Fill what the machine shows; nothing that is known already is changed.

    With ``gpus`` the machine's own GPUs become training GPUs; a machine without any leaves them
    unknown, for a run may be planned on one machine and started on another.
    """
    for source in (environment.observe, machine.observe, paths.observe):
        # A folder that may not be entered or a home that does not exist leaves its slots unknown.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            source(facts)
    if gpus and not facts.all("gpu"):
        cards.observe(facts)
