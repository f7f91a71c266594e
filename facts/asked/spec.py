"""``design_spec.yaml`` as facts: what was asked and decided, for data and config to meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from transxlab.facts.asked.beside import Problem
from transxlab.facts.asked.writing import Unreadable, load
from transxlab.facts.origin import Origin
from transxlab.facts.situation import Facts
from transxlab.facts.vocabulary.template import nearest

SECTIONS = {"data": "strategy"}
"""Sections that go by another name than their template."""
FIGURES = ("estimates", "decisions", "rulebook")
"""Sections that follow from the others: they are computed again."""


def read_spec_into(facts: Facts, path: Path) -> list[Problem]:
    """Put a design into the facts; returns everything that could not be used.

    What is known already, from a config or from answers, stays.
    """
    try:
        data, lines = load(path)
    except Unreadable as error:
        return [Problem(f"{path}: {error}")]
    known = {*facts.vocabulary.templates, *SECTIONS, *FIGURES}
    if not any(isinstance(data.get(name), Mapping) for name in known):
        wanted = "expected the sections of design_spec.yaml, as task: {kind: instruction}"
        return [Problem(f"{path}: {wanted}")]
    problems = []
    for section, key, value in _entries(data):
        label = section if not key else f"{section}.{key}"
        origin = Origin("asked", str(path), lines.get(label), label)
        if section not in known:
            near = ", ".join(nearest(section, sorted(known))) or "task"
            problems.append(Problem(f"{origin}: no section of a design; nearest: {near}"))
        elif key and section not in FIGURES:
            problems += _put(facts, f"{SECTIONS.get(section, section)}.{key}", value, origin)
    return problems


def _entries(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, slots in data.items():
        if not isinstance(slots, Mapping):
            yield section, "", slots
            continue
        for key, value in slots.items():
            yield section, str(key), value


def _put(facts: Facts, path: str, value: Any, origin: Origin) -> list[Problem]:
    if isinstance(value, Mapping):
        return []
    try:
        if facts.known(path) is None:
            facts.set(path, tuple(value) if isinstance(value, list) else value, origin)
    except (KeyError, ValueError) as error:
        return [Problem(f"{origin}: {error.args[0]}")]
    return []
