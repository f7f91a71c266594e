"""Rows in the format of natural-language inference, by their fields or by their wording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.formats import Example

EXAMPLES = 5
"""Rows that are named."""

_SCANNED_CHARS = 4000


@dataclass(frozen=True, slots=True)
class NliResult:
    """How much of the data asks whether one sentence follows from another."""

    share: float
    """Share of rows in that format."""
    by_fields: int
    """Rows recognised by their fields."""
    by_wording: int
    """Rows recognised by their wording alone."""
    examples: tuple[int, ...]
    """Places of the first such rows."""
    reason: str
    """The figures in a sentence."""


class Nli:
    """Counts inference rows; see NliResult."""

    def __init__(self) -> None:
        self.rows = self.by_fields = self.by_wording = 0
        self.places: list[int] = []

    def update(self, block: Block) -> None:
        """Count the inference rows of a block."""
        self.rows += len(block.examples)
        cues = _cues()
        found = []
        for index, example in enumerate(block.examples):
            if example.format in cues.formats:
                self.by_fields += 1
                found.append(index)
            elif is_worded(example, cues):
                self.by_wording += 1
                found.append(index)
        self.places = sorted(self.places + block.places[found[:EXAMPLES]].tolist())[:EXAMPLES]

    def merge(self, other: Nli) -> None:
        """Take over the counts of another part of the data."""
        self.rows += other.rows
        self.by_fields += other.by_fields
        self.by_wording += other.by_wording
        self.places = sorted(self.places + other.places)[:EXAMPLES]

    def result(self) -> NliResult:
        """The share of inference rows."""
        found = self.by_fields + self.by_wording
        share = found / self.rows if self.rows else 0.0
        return NliResult(
            share=share,
            by_fields=self.by_fields,
            by_wording=self.by_wording,
            examples=tuple(self.places),
            reason=f"{share:.2%} of rows ask for inference: {self.by_fields:,} by their fields, "
            f"{self.by_wording:,} by their wording",
        )


@dataclass(frozen=True, slots=True)
class Cues:
    """The marks by which inference rows are known; see ``nli.yaml``."""

    formats: frozenset[str]
    """Row formats that are inference as such."""
    frames: tuple[tuple[str, str], ...]
    """Pairs of words that stand together only in such rows."""
    questions: tuple[str, ...]
    """Ways of asking; they count with an answer only."""
    answers: frozenset[str]
    """Outputs that answer such a question."""
    longest_answer_chars: int
    """Longest output that can be such an answer."""


@lru_cache(maxsize=1)
def _cues() -> Cues:
    import yaml

    data = yaml.safe_load(Path(__file__).with_name("nli.yaml").read_text(encoding="utf-8"))
    return Cues(
        formats=frozenset(data["formats"]),
        frames=tuple((first, second) for first, second in data["frames"]),
        questions=tuple(data["questions"]),
        answers=frozenset(data["answers"]),
        longest_answer_chars=int(data["longest_answer_chars"]),
    )


def is_worded(example: Example, cues: Cues) -> bool:
    """Whether the wording of a row is that of inference."""
    text = f"{example.input[:_SCANNED_CHARS]}\n{example.output[:_SCANNED_CHARS]}".lower()
    for first, second in cues.frames:
        if first in text and second in text:
            return True
    if len(example.output) > cues.longest_answer_chars:
        return False
    answer = example.output.strip().strip(".!\"'()").lower()
    return answer in cues.answers and any(question in text for question in cues.questions)
