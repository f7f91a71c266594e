"""Finished parts on disk: what a run that was stopped need not do again."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transxlab.facts.profiled.measures.overlap import Wanted
from transxlab.facts.profiled.scan import Part, Task, measure

_TRUSTED = {
    *(("builtins", name) for name in ("int", "float", "str", "list", "dict", "set", "frozenset")),
    *(("collections", name) for name in ("Counter", "defaultdict", "deque", "OrderedDict")),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.multiarray", "scalar"),
}
"""What a measure's state may be made of, besides the classes of ``transxlab.facts``."""


class _Reader(pickle.Unpickler):
    """Makes nothing but parts: a cache folder that came with a stranger's files runs no code."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _TRUSTED:
            return super().find_class(module, name)
        if module.startswith("transxlab.facts.") and "." not in name:
            found: object = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"a part holds no {module}.{name}")


@dataclass(frozen=True, slots=True)
class Store:
    """The parts of one profile, each in a file of its own with files of columns beside it."""

    folder: str
    """An existing folder that nothing else writes to."""

    def measure(self, task: Task, sought: Wanted | None) -> None:
        """Measure a task and keep its part."""
        names = self._names(task)
        self._write(task, measure(task, sought, names), names)

    def save(self, task: Task, part: Part) -> None:
        """Keep a part that was measured elsewhere."""
        self._write(task, part, self._names(task))

    def load(self, task: Task) -> Part | None:
        """The part of a task; None where it has not been measured."""
        try:
            with self._path(task).open("rb") as file:
                part = _Reader(file).load()
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        assert isinstance(part, Part)
        segments = [segment for shelf in part.shelves() for segment in shelf.segments()]
        lost = any(s.path is not None and not Path(s.path).exists() for s in segments)
        return None if lost else part

    def _write(self, task: Task, part: Part, names: Iterator[Path]) -> None:
        part.store(names)
        path = self._path(task)
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            pickle.dump(part, file, pickle.HIGHEST_PROTOCOL)
        # The part stands under its name only when all of it is there, whenever the run is stopped.
        unfinished.replace(path)

    def _path(self, task: Task) -> Path:
        return Path(self.folder) / f"{task.role}-{task.number:06}.part"

    def _names(self, task: Task) -> Iterator[Path]:
        from itertools import count
        from os import getpid

        # Named by process, since one that outlives a stopped run may still be writing.
        stem = f"{task.role}-{task.number:06}-{getpid()}"
        return (Path(self.folder) / f"{stem}-{index}.columns" for index in count())
