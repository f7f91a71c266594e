"""What every engine can do; all of them run ``scan.measure`` and nothing of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from transxlab.facts.profiled.engines.store import Store
from transxlab.facts.profiled.measures.overlap import Wanted
from transxlab.facts.profiled.scan import Task

Got = TypeVar("Got")


class EngineError(ValueError):
    """An engine that cannot be used; the text says why and what to do."""


class Engine(Protocol):
    """Runs tasks and leaves their parts in the store."""

    def measured(
        self, tasks: Sequence[Task], sought: Wanted | None, store: Store
    ) -> Iterator[Task]:
        """Each task as soon as its part is in the store, in any order."""

    def call(self, function: Callable[..., Got], *given: object) -> Callable[[], Got]:
        """Start a computation beside this process where there are others; get it by calling."""

    def close(self) -> None:
        """Let the processes go."""


class Here:
    """The engine of one process."""

    def measured(
        self, tasks: Sequence[Task], sought: Wanted | None, store: Store
    ) -> Iterator[Task]:
        """Each task in turn."""
        for task in tasks:
            store.measure(task, sought)
            yield task

    def call(self, function: Callable[..., Got], *given: object) -> Callable[[], Got]:
        """Compute when asked."""
        return lambda: function(*given)

    def close(self) -> None:
        """Nothing to let go."""


def engine(name: str, processes: int) -> Engine:
    """``pool`` (one process: in this one) or ``ray``; raises EngineError."""
    if name == "ray":
        from transxlab.facts.profiled.engines.ray import Ray

        return Ray(processes)
    if name != "pool":
        raise EngineError(f"no engine is called {name}; expected pool or ray")
    if processes < 2:
        return Here()
    from transxlab.facts.profiled.engines.pool import Pool

    return Pool(processes)
