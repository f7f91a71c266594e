"""Whether the compiled inner loops are used: where the extra ``fast`` is there and the data large.

They change the speed and never a result.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

WORTH_BYTES = 48 << 20
"""Size of the data from which on starting numba in a process pays: about a second."""

_ON = [False]


def switch(on: bool) -> None:
    """Use the compiled loops from now on in this process, or not."""
    _ON[0] = on


def kernels() -> Any | None:
    """The compiled loops; None where they are switched off or numba is missing."""
    return _kernels() if _ON[0] else None


@lru_cache(maxsize=1)
def _kernels() -> Any | None:
    try:
        return import_module("transxlab.facts.profiled.kernels")
    except ImportError:
        return None
