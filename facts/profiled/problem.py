"""What is wrong with a file or a row, and where: one clear line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

KEPT = 20
"""Problems of one kind that are kept with their place; further ones are only counted."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that could not be used, and where it stands."""

    path: str
    """The file as the caller named it."""
    line: int
    """Line, counted from 1 (record number for arrays and columnar files); 0: the whole file."""
    kind: str
    """A short name that groups problems of one sort, e.g. ``not-json``."""
    message: str
    """What is wrong and what was expected, in one sentence."""
    fatal: bool = False
    """Whether nothing of the file could be used."""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


Report = Callable[[Problem], None]


@dataclass(slots=True)
class Problems:
    """Problems by kind: all are counted, the first few of each kind are kept."""

    counts: dict[str, int] = field(default_factory=dict)
    """Number of problems of each kind."""
    kept: dict[str, list[Problem]] = field(default_factory=dict)
    """The first problems of each kind, in file and line order."""

    def report(self, problem: Problem) -> None:
        """Take one more problem."""
        self.counts[problem.kind] = self.counts.get(problem.kind, 0) + 1
        kept = self.kept.setdefault(problem.kind, [])
        kept.append(problem)
        if len(kept) > 4 * KEPT:
            self._trim(problem.kind)

    def merge(self, other: Problems) -> None:
        """Take over what another part of the data reported."""
        for kind, count in other.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
            self.kept.setdefault(kind, []).extend(other.kept[kind])
            self._trim(kind)

    def first(self) -> tuple[Problem, ...]:
        """The kept problems, sorted by file and line."""
        for kind in self.kept:
            self._trim(kind)
        return tuple(sorted(p for kept in self.kept.values() for p in kept))

    def _trim(self, kind: str) -> None:
        self.kept[kind] = sorted(self.kept[kind])[:KEPT]
