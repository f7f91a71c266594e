"""The items of benchmarks as an index that train is streamed against.

An item is looked for as a whole and by its input alone. What is compared are runs of five words,
punctuation apart: half of them survive where one word in eight is changed, and hardly any of the
runs of eight do. How many must stand together, and in what length, is in ``contamination``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.formats import Example, Recogniser, as_text
from transxlab.facts.profiled.measures.heldout import content_hash
from transxlab.facts.profiled.measures.overlap import leading
from transxlab.facts.profiled.problem import Problem, Problems
from transxlab.facts.profiled.readers import source
from transxlab.facts.profiled.tokens import MARK, ngrams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transxlab.facts.profiled.tokens import Counts, Hashes

RUN_WORDS = 5
"""Words of the runs that are compared."""

COMMON_ITEMS = 0.002
"""A run that more than this share of a benchmark's items, and more than two, have is a template's."""

MOST_RUNS = 4_000_000
"""Runs that are held; above it they are thinned by their hash."""


Pairs: TypeAlias = "tuple[Hashes, Counts]"
"""Runs, and the document that each stands in."""


@dataclass(frozen=True, slots=True)
class Items:
    """Items of all benchmarks together. Document 2i is item i, 2i + 1 its input alone."""

    names: tuple[str, ...]
    """Files of the benchmarks."""
    begin: Counts
    """First item of each benchmark; one more entry than benchmarks."""
    line: Counts
    """Line of each item."""
    content: Hashes
    """Hash of each item's content, blind to case and white space."""
    run: Hashes
    """The different runs, sorted."""
    spot: Counts
    """Where in ``document`` the documents of each run begin; one more entry than runs."""
    document: Counts
    """Documents of each run."""
    size: Counts
    """Different runs of each document."""
    leading: NDArray[np.int32]
    """For the leading bits of a run, where in ``run`` those that begin with them begin."""


def word_runs(block: Block) -> tuple[Hashes, Counts, Counts]:
    """Runs of words of a block's rows, where each begins and its row; punctuation is left out."""
    import numpy as np

    tokens = block.tokens
    kept = tokens.kind != MARK
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))
    rows = before[block.rows]
    runs = ngrams(tokens.hash[kept], RUN_WORDS)
    owner = np.repeat(np.arange(len(rows) - 1), np.diff(rows))
    whole = np.flatnonzero(np.arange(len(runs)) + RUN_WORDS <= np.repeat(rows[1:], np.diff(rows)))
    return runs[whole], whole, owner[whole]


def items(files: Sequence[str], problems: Problems) -> Items:
    """Read benchmarks, one in each file; what cannot be read goes into ``problems``."""
    import numpy as np

    contents, lines, pairs, begin = [], [], [], [0]
    for path in files:
        count, found = begin[-1], []
        for block in _blocks(path, problems):
            contents.append(content_hash(block))
            lines.append(np.array(block.lines, np.int64))
            found.append(_documents(block, count))
            count += len(block.lines)
        pairs.append(_telling(_joined(found), count - begin[-1]))
        begin.append(count)
    return _items(tuple(files), begin, lines, contents, _joined(pairs))


def _items(
    names: tuple[str, ...],
    begin: list[int],
    lines: list[Counts],
    contents: list[Hashes],
    pairs: Pairs,
) -> Items:
    import numpy as np

    runs, documents = pairs
    thin = 0
    while len(runs) > MOST_RUNS:
        thin += 1
        kept = runs < np.uint64(1 << (64 - thin))
        runs, documents = runs[kept], documents[kept]
    order = np.lexsort((documents, runs))
    runs, documents = runs[order], documents[order]
    distinct, spot = np.unique(runs, return_index=True)
    return Items(
        names=names,
        begin=np.array(begin, np.int64),
        line=np.concatenate(lines) if lines else np.zeros(0, np.int64),
        content=np.concatenate(contents) if contents else np.zeros(0, np.uint64),
        run=distinct,
        spot=np.append(spot, len(runs)).astype(np.int64),
        document=documents,
        size=np.bincount(documents, minlength=2 * begin[-1]).astype(np.int64),
        leading=leading(distinct),
    )


def _documents(block: Block, first: int) -> Pairs:
    """The runs of each item and of its input, each once."""
    import numpy as np

    runs, at, owner = word_runs(block)
    tokens = block.tokens
    kept = np.concatenate((np.zeros(1, np.int64), np.cumsum(tokens.kind != MARK)))
    input_end = kept[tokens.offsets[1::2]]
    asked = at + RUN_WORDS <= input_end[owner]
    document = 2 * (first + owner)
    runs = np.concatenate((runs, runs[asked]))
    document = np.concatenate((document, document[asked] + 1))
    order = np.lexsort((runs, document))
    runs, document = runs[order], document[order]
    new = np.ones(len(runs), bool)
    new[1:] = (runs[1:] != runs[:-1]) | (document[1:] != document[:-1])
    return runs[new], document[new]


def _telling(pairs: Pairs, count: int) -> Pairs:
    """Without the runs that too many items have: a template's."""
    import numpy as np

    runs, document = pairs
    whole = document % 2 == 0
    known, standing = np.unique(runs[whole], return_counts=True)
    if not len(known):
        return pairs
    spot = np.minimum(np.searchsorted(known, runs), len(known) - 1)
    rare = standing[spot] <= max(2, COMMON_ITEMS * count)
    return runs[rare], document[rare]


def _joined(parts: list[Pairs]) -> Pairs:
    import numpy as np

    if not parts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _blocks(path: str, problems: Problems) -> list[Block]:
    """The rows of a benchmark; one in no known row format is read as the text of its fields."""
    try:
        found = source.detect(path)
        chunks = [] if isinstance(found, Problem) else source.plan(path, found)
    except OSError as error:
        found, chunks = source.unreadable(path, error), []
    if isinstance(found, Problem):
        problems.report(found)
    blocks, recogniser = [Block(0)], Recogniser()
    for chunk in chunks:
        for line, row in source.read(chunk, problems.report):
            text = "\n".join(filter(None, map(as_text, row.values())))
            blocks[-1].add(line, recogniser.example(row) or Example("text", "", text))
            if blocks[-1].full:
                blocks.append(Block(0))
    return [block for block in blocks if block.lines]
