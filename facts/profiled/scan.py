"""One chunk of a file through every measure, and the pool that shares chunks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, fields
from typing import TypeVar

from transxlab.facts.profiled.block import Block, place
from transxlab.facts.profiled.formats import Recogniser
from transxlab.facts.profiled.measures.counts import Counts
from transxlab.facts.profiled.measures.duplicates import Duplicates
from transxlab.facts.profiled.measures.heldout import Columns, Index
from transxlab.facts.profiled.measures.junk import Junk
from transxlab.facts.profiled.measures.labels import Labels
from transxlab.facts.profiled.measures.lengths import Lengths
from transxlab.facts.profiled.measures.near import Near
from transxlab.facts.profiled.measures.nli import Nli
from transxlab.facts.profiled.measures.outputs import Outputs
from transxlab.facts.profiled.measures.overlap import Seen, Wanted
from transxlab.facts.profiled.measures.preference import Preference
from transxlab.facts.profiled.measures.repetition import Repetition
from transxlab.facts.profiled.measures.sample import Sample
from transxlab.facts.profiled.problem import Problem, Problems
from transxlab.facts.profiled.readers import source

_Given = TypeVar("_Given")
_Got = TypeVar("_Got")

_BAD = frozenset(
    {"not-json", "truncated-line", "long-line", "not-an-object", "encoding", "not-csv",
     "cell-count", "no-format"}
)  # fmt: skip


@dataclass(slots=True)
class Measures:
    """The state of every measure that sees all rows."""

    counts: Counts = field(default_factory=Counts)
    """Rows, empty rows, formats, roles."""
    lengths: Lengths = field(default_factory=Lengths)
    """Lengths."""
    duplicates: Duplicates = field(default_factory=Duplicates)
    """Exact duplicates."""
    near: Near = field(default_factory=Near)
    """Near duplicates."""
    outputs: Outputs = field(default_factory=Outputs)
    """Outputs per input."""
    labels: Labels = field(default_factory=Labels)
    """Classes."""
    nli: Nli = field(default_factory=Nli)
    """Inference rows."""
    repetition: Repetition = field(default_factory=Repetition)
    """Rows that repeat themselves."""
    junk: Junk = field(default_factory=Junk)
    """Broken rows."""
    preference: Preference = field(default_factory=Preference)
    """Preference pairs."""


@dataclass(slots=True)
class Part:
    """What was measured on a part of a split; parts merge in any order."""

    measures: Measures
    """Measures over all rows."""
    sample: Sample
    """Rows for the measures that look at a sample."""
    index: Index | None
    """Of a held-out split: what is to be looked for in train."""
    seen: Seen | None
    """Of train: what of the held-out splits was seen."""
    problems: Problems
    """Rows and files that could not be used."""
    fields: dict[str, int]
    """First place of each field name."""

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.measures.counts.rows

    @property
    def bad_rows(self) -> int:
        """Rows that could not be used."""
        return sum(count for kind, count in self.problems.counts.items() if kind in _BAD)

    def columns(self) -> Columns:
        """The held-out split as arrays; only where there is an index."""
        assert self.index is not None
        return self.index.columns()

    def field_names(self) -> tuple[str, ...]:
        """The fields in order of first appearance."""
        return tuple(sorted(self.fields, key=lambda name: (self.fields[name], name)))

    def update(self, block: Block) -> None:
        """Measure the rows of a block."""
        for slot in fields(self.measures):
            getattr(self.measures, slot.name).update(block)
        self.sample.update(block)
        if self.index is not None:
            self.index.update(block)
        if self.seen is not None:
            self.seen.update(block)

    def merge(self, other: Part) -> None:
        """Take over another part of the same split."""
        for slot in fields(self.measures):
            getattr(self.measures, slot.name).merge(getattr(other.measures, slot.name))
        self.sample.merge(other.sample)
        if self.index is not None and other.index is not None:
            self.index.merge(other.index)
        if self.seen is not None and other.seen is not None:
            self.seen.merge(other.seen)
        self.problems.merge(other.problems)
        for name, first in other.fields.items():
            self.fields[name] = min(first, self.fields.get(name, first))


def empty(role: str, sought: Wanted | None, bound: int = 1 << 64) -> Part:
    """A part of no rows; ``bound`` is the hash below which rows can be in the sample."""
    index = Index() if role != "train" else None
    seen = Seen(sought) if role == "train" and sought is not None else None
    return Part(Measures(), Sample(bound=bound), index, seen, Problems(), {})


@dataclass(frozen=True, slots=True)
class Task:
    """One chunk to be measured."""

    role: str
    """Role of its split."""
    file: int
    """Number of its file within the split."""
    chunk: source.Chunk
    """What to read."""
    bound: int
    """Hash below which rows can be in the sample."""


def measure(task: Task, sought: Wanted | None) -> Part:
    """Every measure over one chunk."""
    part = empty(task.role, sought, task.bound)
    recogniser = Recogniser()
    block = Block(task.file)
    report = part.problems.report
    for line, row in source.read(task.chunk, report):
        example = recogniser.example(row)
        if example is None:
            report(_no_format(task.chunk.path, line, row))
            continue
        for name in row:
            if name not in part.fields:
                part.fields[name] = place(task.file, line)
        block.add(line, example)
        if block.full:
            part.update(block)
            block = Block(task.file)
    if block.lines:
        part.update(block)
    return part


def _no_format(path: str, line: int, row: dict[str, object]) -> Problem:
    names = ", ".join(sorted(row)[:8]) or "none"
    message = (
        f"fields {names} belong to no known row format; expected for instance messages, or "
        "instruction and output, or prompt and completion, or text: row skipped"
    )
    return Problem(path, line, "no-format", message)


_SOUGHT: list[Wanted | None] = [None]
"""What workers look for in train, handed over once when a worker starts."""


def _start(sought: Wanted | None) -> None:
    _SOUGHT[0] = sought


def _work(task: Task) -> Part:
    part = measure(task, _SOUGHT[0])
    if part.seen is not None:
        part.seen.pack()
    return part


class Pool:
    """Measures tasks, in this process or in several; parts come in the order of the tasks."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    def run(self, tasks: Sequence[Task], sought: Wanted | None) -> Iterator[tuple[Part, int]]:
        """The part of each task, with the bytes it covered."""
        if self._processes < 2 or len(tasks) < 2:
            for task in tasks:
                yield measure(task, sought), _covered(task)
            return
        executor = self._restarted(sought)
        # A few tasks ahead only: finished parts wait in memory until they are merged.
        waiting: list[tuple[Future[Part], Task]] = []
        for task in tasks:
            waiting.append((executor.submit(_work, task), task))
            if len(waiting) >= 2 * self._processes:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def call(self, function: Callable[[_Given], _Got], given: _Given) -> Callable[[], _Got]:
        """Start a computation beside this process where there are others; get it by calling."""
        if self._executor is None:
            return lambda: function(given)
        return self._executor.submit(function, given).result

    def _restarted(self, sought: Wanted | None) -> ProcessPoolExecutor:
        import multiprocessing

        if self._executor is not None:
            self._executor.shutdown()
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(
            self._processes, context, initializer=_start, initargs=(sought,)
        )
        return self._executor

    @staticmethod
    def _next(waiting: list[tuple[Future[Part], Task]]) -> tuple[Part, int]:
        future, task = waiting.pop(0)
        wait([future])
        return future.result(), _covered(task)


def _covered(task: Task) -> int:
    chunk = task.chunk
    return source.size_bytes(chunk.path) if chunk.end is None else chunk.end - chunk.start
