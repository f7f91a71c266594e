"""Every row of some files in order, block by block, with the row as it stands in its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.formats import Recogniser
from transxlab.facts.profiled.problem import Problem, Report
from transxlab.facts.profiled.readers import source
from transxlab.facts.profiled.readers.source import Chunk


@dataclass(slots=True)
class Walked:
    """Some rows in a known format, side by side with what was read."""

    block: Block
    """The rows in the common form."""
    raw: list[dict[str, object]] = field(default_factory=list)
    """The same rows as they stand in the file."""


def unreported(problem: Problem) -> None:
    """For a walk whose problems an earlier walk has reported."""


def walk(paths: Sequence[str], report: Report = unreported) -> Iterator[Walked]:
    """The usable rows of the files; rows and files that are not are reported.

    Paths as ``readers.folders.expanded`` gives them. Raises OSError where a file vanishes half-way.
    """
    recogniser = Recogniser()
    for number, chunk in _chunks(paths, report):
        walked = Walked(Block(number))
        for line, row in source.read(chunk, report):
            example = recogniser.example(row)
            if example is None:
                message = "the fields belong to no known row format"
                report(Problem(chunk.path, line, "no-format", message))
                continue
            walked.block.add(line, example)
            walked.raw.append(row)
            if walked.block.full:
                yield walked
                walked = Walked(Block(number))
        if walked.raw:
            yield walked


def _chunks(paths: Sequence[str], report: Report) -> Iterator[tuple[int, Chunk]]:
    for number, path in enumerate(paths):
        found = source.detect(path)
        if isinstance(found, Problem):
            report(found)
            continue
        for chunk in source.plan(path, found):
            yield number, chunk
