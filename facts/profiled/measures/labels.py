"""Classes: balance, the smallest one, and inputs that stand with two of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.counts import ranked
from transxlab.facts.profiled.tally import Tally

EXAMPLES = 5
"""Rows that are named for a conflict."""

MOST_LABELS = 1000
"""Different labels above which a field is no class but free text or a score."""


@dataclass(frozen=True, slots=True)
class LabelsResult:
    """The classes of the data; zero labels where rows have none."""

    labels: tuple[tuple[str, int], ...]
    """Labels and their rows, most frequent first."""
    majority_share: float | None
    """Share of labelled rows with the most frequent label."""
    imbalance: float | None
    """Rows of the most frequent label over rows of the least frequent one."""
    smallest_rows: int | None
    """Rows of the least frequent label."""
    conflicting_share: float | None
    """Share of labelled rows whose input also stands with another label."""
    conflicting_examples: tuple[int, ...]
    """Places of the first of them, one for each such input and label."""
    reason: str
    """The figures in a sentence."""


class Labels:
    """Counts labels; see LabelsResult."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.too_many = False
        self.by_input = Tally()

    def update(self, block: Block) -> None:
        """Count the labels of a block."""
        import numpy as np

        labelled = [i for i, e in enumerate(block.examples) if e.label is not None]
        if not labelled:
            return
        labels = [str(block.examples[i].label) for i in labelled]
        self.counts.update(labels)
        at = np.array(labelled)
        codes = np.array([_code(label) for label in labels], np.uint64)
        self.by_input.add(block.input_hash[at], codes, block.places[at])
        self._limit()

    def merge(self, other: Labels) -> None:
        """Take over the counts of another part of the data."""
        self.too_many = self.too_many or other.too_many
        self.counts.update(other.counts)
        self.by_input.merge(other.by_input)
        self._limit()

    def result(self) -> LabelsResult:
        """The classes, where the labels are few enough to be classes."""
        if self.too_many:
            reason = f"more than {MOST_LABELS:,} different labels: not classes"
            return LabelsResult((), None, None, None, None, (), reason)
        if not self.counts:
            return LabelsResult((), None, None, None, None, (), "the rows have no labels")
        labels = ranked(self.counts)
        total = self.counts.total()
        most, least = labels[0][1], labels[-1][1]
        conflicting, examples = self._conflicting()
        return LabelsResult(
            labels=labels,
            majority_share=most / total,
            imbalance=most / least,
            smallest_rows=least,
            conflicting_share=conflicting,
            conflicting_examples=examples,
            reason=f"{len(labels)} labels; {labels[0][0]!r} on {most / total:.1%} of rows, "
            f"{labels[-1][0]!r} on {least:,} rows",
        )

    def _conflicting(self) -> tuple[float, tuple[int, ...]]:
        """Share of rows whose input has another label too, and the first of them."""
        import numpy as np

        labelled = conflicting = 0
        first: list[int] = []
        for pairs in self.by_input.pairs():
            starts = np.flatnonzero(np.r_[True, pairs.key[1:] != pairs.key[:-1]])
            sizes = np.diff(np.r_[starts, len(pairs.key)])
            rows = np.add.reduceat(pairs.count, starts)
            labelled += int(rows.sum())
            conflicting += int(rows[sizes > 1].sum())
            first = sorted([*first, *pairs.first[np.repeat(sizes > 1, sizes)].tolist()])[:EXAMPLES]
        return (conflicting / labelled if labelled else 0.0), tuple(first)

    def _limit(self) -> None:
        if self.too_many or len(self.counts) > MOST_LABELS:
            self.too_many = True
            self.counts.clear()
            self.by_input = Tally()


def _code(label: str) -> int:
    import hashlib

    return int.from_bytes(
        hashlib.blake2b(label.encode("utf-8", "replace"), digest_size=8).digest(), "little"
    )
