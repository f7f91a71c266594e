"""Free words for a task, mapped to what the vocabulary calls it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from transxlab.facts.vocabulary.task import KINDS
from transxlab.facts.vocabulary.template import nearest

FILE = Path(__file__).parent / "words.yaml"


def slots_of(text: str) -> dict[str, str] | None:
    """Slots of ``task`` that some words settle; None where they are not understood.

    >>> slots_of("diverse hypothesis generation")["kind"]
    'creative_generation'
    """
    name = _name(text)
    found = [e for e in _entries() if e.slots["kind"] == name] if name in KINDS else _found(text)
    kinds = {entry.slots["kind"] for entry in found}
    if len(kinds) > 1:
        return None
    return _common([entry.slots for entry in found]) or ({"kind": name} if name in KINDS else None)


def misunderstood(text: str) -> str:
    """The sentence for words that no kind of task, or more than one, was found in."""
    kinds = sorted({entry.slots["kind"] for entry in _found(text)})
    if len(kinds) > 1:
        return f"task {text!r} may be {' or '.join(kinds)}; expected one of these names"
    near = nearest(_name(text), KINDS) or list(KINDS)
    return f"task {text!r} is not understood; expected words for one of {', '.join(near)}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """Words that settle slots when all of them are said."""

    words: frozenset[str]
    """The words, in small letters."""
    weak: bool
    """Whether they are also said of other tasks, and so count where no others are found."""
    slots: dict[str, str]
    """Slots of ``task`` they settle."""


def _name(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def _found(text: str) -> list[_Entry]:
    """The entries with the most words in the text; strong ones beat weak ones."""
    said = set(re.findall(r"[a-z]+", text.lower()))
    ranked = [(not e.weak, len(e.words), e) for e in _entries() if e.words <= said]
    best = max((rank[:2] for rank in ranked), default=None)
    return [rank[2] for rank in ranked if rank[:2] == best]


def _common(entries: list[dict[str, str]]) -> dict[str, str]:
    """Slots that all entries of one kind agree on."""
    if not entries:
        return {}
    first, *rest = entries
    return {
        key: value for key, value in first.items() if all(other.get(key) == value for other in rest)
    }


@lru_cache(maxsize=1)
def _entries() -> tuple[_Entry, ...]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = yaml.load(FILE.read_bytes(), loader)
    return tuple(_Entry(frozenset(row.pop("words")), row.pop("weak", False), row) for row in rows)
