"""Preference pairs: length bias and equal answers; KTO: the share of desirable rows."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.profiled.block import Block


@dataclass(frozen=True, slots=True)
class PreferenceResult:
    """What chosen and rejected answers look like; None where there are no pairs."""

    pairs: int
    """Preference pairs."""
    chosen_longer_share: float | None
    """Share of pairs whose chosen answer has more characters."""
    chosen_length_ratio: float | None
    """Mean characters of chosen over mean characters of rejected answers."""
    identical_share: float | None
    """Share of pairs with equal answers."""
    desirable_share: float | None
    """Share of desirable rows, in KTO data."""
    reason: str
    """The figures in a sentence."""


class Preference:
    """Counts pairs; see PreferenceResult."""

    def __init__(self) -> None:
        self.pairs = self.longer = self.chosen_chars = self.rejected_chars = self.identical = 0
        self.tagged = self.desirable = 0

    def update(self, block: Block) -> None:
        """Count the pairs of a block."""
        for example in block.examples:
            if example.format == "preference":
                self.pairs += 1
                self.longer += len(example.output) > len(example.rejected)
                self.chosen_chars += len(example.output)
                self.rejected_chars += len(example.rejected)
                self.identical += example.output.strip() == example.rejected.strip()
            elif example.format == "kto":
                self.tagged += 1
                self.desirable += example.label == "True"

    def merge(self, other: Preference) -> None:
        """Take over the counts of another part of the data."""
        self.pairs += other.pairs
        self.longer += other.longer
        self.chosen_chars += other.chosen_chars
        self.rejected_chars += other.rejected_chars
        self.identical += other.identical
        self.tagged += other.tagged
        self.desirable += other.desirable

    def result(self) -> PreferenceResult:
        """The shares."""
        desirable = self.desirable / self.tagged if self.tagged else None
        if not self.pairs:
            reason = "no preference pairs" if desirable is None else f"{desirable:.1%} desirable"
            return PreferenceResult(0, None, None, None, desirable, reason)
        return PreferenceResult(
            pairs=self.pairs,
            chosen_longer_share=self.longer / self.pairs,
            chosen_length_ratio=self.chosen_chars / max(self.rejected_chars, 1),
            identical_share=self.identical / self.pairs,
            desirable_share=desirable,
            reason=f"{self.pairs:,} pairs; the chosen answer is the longer one in "
            f"{self.longer / self.pairs:.0%}, the same one in {self.identical / self.pairs:.1%}",
        )
