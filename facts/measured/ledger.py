"""Storages as they are born and die: live bytes, and their peak with the moment it came."""

from __future__ import annotations

import weakref
from collections import Counter
from typing import Any

from transxlab.facts.measured.pool import Block, Pool
from transxlab.facts.measured.torched import package


class Ledger:
    """The live storages of a simulated device, by what they hold."""

    def __init__(self) -> None:
        self.kind = "other"
        """What storages that are born now hold."""
        self.moment = "start"
        """What the run is doing now."""
        self.live: Counter[str] = Counter()
        """Live bytes by kind."""
        self.sum = 0
        """Live bytes."""
        self.peak = 0
        """Largest sum so far, since the last ``forget``."""
        self.at_peak: dict[str, int] = {}
        """Live bytes by kind at the peak."""
        self.peak_moment = ""
        """What the run was doing at the peak."""
        self.peaks: Counter[str] = Counter()
        """Largest sum of each moment."""
        self.pool = Pool()
        """The allocator that hands out their blocks."""
        self._held: dict[int, tuple[str, Block, Any]] = {}

    def enter(self, moment: str, kind: str) -> None:
        """Say what the run does from now on, and what new storages hold."""
        self.moment, self.kind = moment, kind

    def forget(self) -> None:
        """Start the search for the peak anew."""
        self.peak, self.at_peak, self.peak_moment = 0, {}, ""
        self.peaks.clear()

    def born(self, tensor: Any) -> None:
        """Follow the storage of a tensor, unless it is followed or lies elsewhere."""
        if tensor.device.type == "meta":
            return
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._held or not size:
            return
        block = self.pool.allocate(size)
        reference = weakref.ref(storage, lambda _: self._died(key))
        self._held[key] = (self.kind, block, reference)
        self.count(self.kind, block.size)

    def count(self, kind: str, size: int) -> None:
        """Count bytes that are alive from now on, and see whether that is the peak."""
        self.live[kind] += size
        self.sum += size
        if self.sum > self.peaks[self.moment]:
            self.peaks[self.moment] = self.sum
        if self.sum > self.peak:
            self.peak, self.peak_moment = self.sum, self.moment
            self.at_peak = dict(self.live)

    def _died(self, key: int) -> None:
        kind, block, _ = self._held.pop(key)
        self.live[kind] -= block.size
        self.sum -= block.size
        self.pool.release(block)

    def stay(self, kind: str, size: int) -> None:
        """Count bytes that a library takes for itself and keeps."""
        self.count(kind, self.pool.allocate(size).size)

    def holds(self, tensor: Any, kind: str) -> None:
        """Say what a tensor that is already followed holds; a gradient may be gone already."""
        if tensor is None:
            return
        key = tensor.untyped_storage()._cdata
        if key in self._held:
            was, block, reference = self._held[key]
            self._held[key] = (kind, block, reference)
            self.live[was] -= block.size
            self.live[kind] += block.size


def following(ledger: Ledger) -> Any:
    """The dispatch mode under which a ledger sees every storage that an operation makes."""
    torch = package("torch")
    tree = package("torch.utils._pytree")
    base = package("torch.utils._python_dispatch").TorchDispatchMode

    def dispatch(_: Any, func: Any, __: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor):
            ledger.born(made)
        else:
            tree.tree_map_only(torch.Tensor, ledger.born, made)
        return made

    return type("Following", (base,), {"__torch_dispatch__": dispatch})()
