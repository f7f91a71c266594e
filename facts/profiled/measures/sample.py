"""A sample of rows that depends on their content alone: those with the smallest hashes."""

from __future__ import annotations

from dataclasses import dataclass, field

from transxlab.facts.profiled.block import Block

SAMPLE_ROWS = 20_000
"""Different rows that measures on a sample see."""

SPARE = 1.5
"""How many times the sample is taken at first, so that chance and copies leave enough."""

_TEXT_CHARS = 6000


@dataclass(slots=True)
class Sample:
    """Up to SAMPLE_ROWS different rows with their texts, ends of long ones kept."""

    rows: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    """Input, output and first place by the hash of the row."""
    bound: int = 1 << 64
    """Only rows with a hash below it are looked at."""

    def update(self, block: Block) -> None:
        """Keep the rows of a block that belong to the sample."""
        import numpy as np

        hashes = block.row_hash
        if self.bound < 1 << 64:
            taken = np.flatnonzero(hashes < np.uint64(self.bound))
        else:
            taken = np.arange(len(hashes))
        places = block.places
        for index in taken.tolist():
            key, where = int(hashes[index]), int(places[index])
            held = self.rows.get(key)
            if held is None:
                example = block.examples[index]
                self.rows[key] = (ends(example.input), ends(example.output), where)
            elif where < held[2]:
                self.rows[key] = (held[0], held[1], where)
        if len(self.rows) > 2 * SAMPLE_ROWS:
            self._thin()

    def merge(self, other: Sample) -> None:
        """Take over the rows of another part of the data."""
        self.bound = min(self.bound, other.bound)
        for key, row in other.rows.items():
            held = self.rows.get(key)
            if held is None or row[2] < held[2]:
                self.rows[key] = row
        self._thin()

    def result(self) -> list[tuple[str, str, int]]:
        """The sampled rows in the order of their hashes: a random order that is always the same."""
        self._thin()
        return [self.rows[key] for key in sorted(self.rows)]

    def _thin(self) -> None:
        if len(self.rows) > SAMPLE_ROWS:
            kept = sorted(self.rows)[: SAMPLE_ROWS + 1]
            self.bound = min(self.bound, kept[-1])
            self.rows = {key: self.rows[key] for key in kept[:-1]}
        elif self.bound < 1 << 64:
            self.rows = {key: row for key, row in self.rows.items() if key < self.bound}


def bound(rows: int | None) -> int:
    """Hash below which rows can be in the sample, given about how many there are in all."""
    if rows is None or rows <= SPARE * SAMPLE_ROWS:
        return 1 << 64
    return int((1 << 64) * SPARE * SAMPLE_ROWS / rows)


def ends(text: str) -> str:
    """A text, or the beginning and end of a long one."""
    if len(text) <= _TEXT_CHARS:
        return text
    return text[: _TEXT_CHARS // 2] + "\n" + text[-_TEXT_CHARS // 2 :]
