"""The engine of a cluster: Ray core tasks, one for each chunk, merged as they finish.

Workers need not share a disk with this process: a part comes back with its columns, and is written
to the store here. Files of the data set must be readable from every worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from transxlab.facts.profiled.engines.engine import EngineError, Got
from transxlab.facts.profiled.engines.store import Store
from transxlab.facts.profiled.measures.overlap import Wanted
from transxlab.facts.profiled.scan import Part, Task, measure


class Ray:
    """See ``engine.Engine``; joins the cluster of RAY_ADDRESS, or starts one on this machine."""

    def __init__(self, processes: int) -> None:
        import os

        try:
            self._ray: Any = import_module("ray")
        except ImportError:
            message = "the engine ray needs the package ray: pip install 'transxlab[ray]'"
            raise EngineError(message) from None
        self._begun = not self._ray.is_initialized()
        if self._begun:
            # Only a cluster started here is given a size; one that is joined has its own.
            joined = bool(os.environ.get("RAY_ADDRESS"))
            size = {} if joined else {"num_cpus": processes, "include_dashboard": False}
            self._ray.init(logging_level="error", log_to_driver=False, **size)
        self._tasks = self._ray.remote(_measured)

    def measured(
        self, tasks: Sequence[Task], sought: Wanted | None, store: Store
    ) -> Iterator[Task]:
        """Each task as soon as its part has come back and is in the store."""
        shared = self._ray.put(sought)
        ahead = 2 * max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        queue = iter(tasks)
        running: dict[Any, Task] = {}
        while True:
            while len(running) < ahead and (task := next(queue, None)) is not None:
                running[self._tasks.remote(task, shared)] = task
            if not running:
                return
            done, _ = self._ray.wait(list(running), num_returns=1)
            for reference in done:
                task = running.pop(reference)
                store.save(task, self._ray.get(reference))
                yield task

    def call(self, function: Callable[..., Got], *given: object) -> Callable[[], Got]:
        """Compute here: the columns lie in this process's store."""
        return lambda: function(*given)

    def close(self) -> None:
        """Leave the cluster, if it was joined or started here."""
        if self._begun:
            self._ray.shutdown()


def _measured(task: Task, sought: Wanted | None) -> Part:
    return measure(task, sought)
