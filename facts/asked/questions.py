"""The interview's questions: which slots each settles, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from transxlab.facts.situation import Facts

FILE = Path(__file__).parent / "questions.yaml"
ROOMS = (
    "environment", "package", "paths", "measurement", "split", "source", "gpu", "candidate",
    "entry",
)  # fmt: skip
"""Templates of which every slot is settled by the question that names the template."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the interview."""

    id: str
    """Its name in an answers file."""
    slots: tuple[str, ...]
    """Slots it settles; a template's name stands for all its facts."""
    text: str
    """The question, with the option that answers it."""


@lru_cache(maxsize=1)
def questions() -> tuple[Question, ...]:
    """Every question, in the order of asking."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = yaml.load(FILE.read_bytes(), loader)
    return tuple(Question(row["id"], tuple(row["slots"]), row["text"]) for row in rows)


def question_for(path: str) -> Question | None:
    """The question that settles a slot (``config.stage``) or a template (``split``)."""
    settled = _by_slot()
    template = path.partition(".")[0]
    found = settled.get(path)
    if found is None and template in ROOMS:
        found = settled.get(template)
    return found


@lru_cache(maxsize=1)
def _by_slot() -> dict[str, Question]:
    return {slot: question for question in questions() for slot in question.slots}


def next_questions(facts: Facts) -> list[Question]:
    """The questions none of whose slots is known yet, in the order of asking."""
    return [q for q in questions() if not any(_settled(facts, slot) for slot in q.slots)]


def _settled(facts: Facts, path: str) -> bool:
    template, _, slot = path.partition(".")
    held = facts.all(template)
    return any(fact.slots if not slot else slot in fact.slots for fact in held)
