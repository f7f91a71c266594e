"""Free words for a task, mapped to what the vocabulary calls it."""

from __future__ import annotations

import re
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
    plain = text.strip().lower()
    name = re.sub(r"[\s-]+", "_", plain)
    said = set(re.findall(r"[a-z]+", plain.replace("_", " ")))
    if name in KINDS:
        said_exactly = [e for e in _entries() if e["kind"] == name]
        return {"kind": name, **{k: v for k, v in _common(said_exactly).items() if k != "kind"}}
    for entry in _entries():
        if set(entry["words"].split()) <= said:
            return {key: value for key, value in entry.items() if key != "words"}
    return None


def misunderstood(text: str) -> str:
    """The sentence for words that no kind of task was found in."""
    near = nearest(re.sub(r"[\s-]+", "_", text.strip().lower()), KINDS) or list(KINDS)
    return f"task {text!r} is not understood; expected words for one of {', '.join(near)}"


def _common(entries: list[dict[str, str]]) -> dict[str, str]:
    """Slots that all entries of one kind agree on."""
    if not entries:
        return {}
    first, *rest = entries
    return {
        key: value
        for key, value in first.items()
        if key != "words" and all(other.get(key) == value for other in rest)
    }


@lru_cache(maxsize=1)
def _entries() -> tuple[dict[str, str], ...]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = yaml.load(FILE.read_bytes(), loader)
    return tuple({**row, "words": " ".join(row["words"])} for row in rows)
