"""Numeric bounds of a rule that none of its examples tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transxlab.engine.expressions import bound, describe
from transxlab.engine.rule import Decide, Literally, Rule
from transxlab.engine.shape import error_when

ORDERED = (">", ">=", "<", "<=")


def uncovered(rule: Rule) -> Iterator[str]:
    """A sentence for every constant that no example stands at, nor examples on both sides."""
    if not rule.examples:
        return
    names = dict(rule.aliases)
    for condition in (*rule.when, *rule.some, *rule.unless, *error_when(rule)):
        simple = bound(condition)
        if simple is None or simple[2] not in ORDERED or _excused(condition.text, rule):
            continue
        alias, slot, _, constant = simple
        held = _held(rule, names.get(alias, alias), slot)
        if isinstance(constant, (int, float)) and not _tested(constant, held):
            yield f"no example stands at the bound of {describe(condition)!r}, or on both its sides"
    then = rule.then
    if isinstance(then, Decide) and then.alarm is not None:
        held = _held(rule, then.target.template, then.target.slot)
        for end in then.alarm.outside or ():
            constant = end.value if isinstance(end, Literally) else None
            if isinstance(constant, (int, float)) and not _tested(constant, held):
                yield f"no example holds {then.target.path} at {constant:g}, where its alarm begins"


def _excused(text: str, rule: Rule) -> bool:
    return any(reason.startswith(f"{text}:") for reason in rule.untested)


def _tested(constant: float, held: list[float]) -> bool:
    both = any(value < constant for value in held) and any(value > constant for value in held)
    return both or constant in held


def _held(rule: Rule, template: str, slot: str) -> list[float]:
    """Every number the examples give a slot."""
    found = []
    for example in rule.examples:
        body = example.facts.get(template)
        for row in body if isinstance(body, list) else [body]:
            value: Any = row.get(slot) if isinstance(row, Mapping) else None
            if isinstance(value, Mapping):
                value = value.get("default")
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found.append(value)
    return found
