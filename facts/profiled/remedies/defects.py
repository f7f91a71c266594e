"""Defects that one row alone decides."""

from __future__ import annotations

from collections.abc import Iterator

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.junk import Junk
from transxlab.facts.profiled.measures.lengths import cumulated

Found = Iterator[tuple[int, str]]
"""Index of a row within its block, and what there is to say."""


def empty(block: Block) -> Found:
    """Rows without a word in the output, or in the input where the format has one."""
    import numpy as np

    sizes = np.diff(block.tokens.offsets).tolist()
    for index, example in enumerate(block.examples):
        if not sizes[2 * index + 1]:
            yield index, "the output is empty"
        elif not sizes[2 * index] and example.format != "text":
            yield index, "the input is empty"


def broken(block: Block) -> Found:
    """Rows with broken encoding or control characters; code is punctuation, and no defect."""
    for index in range(len(block.lines)):
        one = Block(block.file)
        one.add(block.lines[index], block.examples[index])
        if suspicious(block, index):
            measured = Junk()
            measured.update(one)
            kinds = {"broken encoding": measured.encoding, "control characters": measured.control}
            found = [name for name, count in kinds.items() if count]
            if found:
                yield index, " and ".join(found)


def suspicious(block: Block, index: int) -> bool:
    """Whether a row needs a closer look: anything but printable ASCII text."""
    example = block.examples[index]
    text = example.input + example.output
    return not text.isascii() or not text.isprintable()


def roles(block: Block) -> Found:
    """Conversations whose order of roles fits no chat template."""
    for index, example in enumerate(block.examples):
        if example.fault is not None:
            yield index, example.fault


def long(block: Block, most_tokens: int) -> Found:
    """Rows of more tokens than the limit, as ``lengths`` estimates them."""
    import numpy as np

    sizes = np.diff(cumulated(block.tokens)[block.rows])
    for index in np.flatnonzero(sizes > most_tokens).tolist():
        yield index, f"about {int(sizes[index]):,} tokens, more than {most_tokens:,}"
