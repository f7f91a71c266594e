"""How far a run is from the nearest findings it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transxlab.engine.case import Case
from transxlab.engine.expressions import bound
from transxlab.engine.rule import Decide, Finding, Literally, Rule
from transxlab.engine.thresholds import distance
from transxlab.engine.whynot import Judged, misses
from transxlab.facts.values import Unknown, Value


@dataclass(frozen=True, slots=True)
class Margin:
    """A number that keeps one rule silent, and the limit it would have to cross."""

    rule: Rule
    """The rule that would say something."""
    label: str
    """Slot whose number keeps it silent."""
    held: float
    """The number."""
    limit: float
    """The limit it would have to reach or cross."""
    size: float
    """Distance to the limit: decades for positive numbers, 3 for anything else."""


def margins(case: Case, most: int | None = None) -> list[Margin]:
    """The limits a run is nearest to, the nearest first.

    Counted are findings that one comparison of a number keeps silent, and the bounds of alarms
    whose decision stands. Raises NoRulebook for a case that has none.
    """
    found = [*_findings(case), *_alarms(case)]
    found.sort(key=lambda margin: (margin.size, margin.rule.id, margin.label))
    return found[:most]


def _findings(case: Case) -> Iterator[Margin]:
    spoken = {finding.rule.id for finding in case.findings}
    rules = case.rulebook.rules if case.rulebook is not None else ()
    for rule in rules:
        if not isinstance(rule.then, Finding) or rule.id in spoken:
            continue
        for miss in misses(case, rule.id):
            failing = [
                (judged, condition)
                for judged, condition in zip(miss.when, rule.when, strict=True)
                if judged.truth is not True
            ]
            others = all(judged.truth is True for judged in miss.some)
            if len(failing) != 1 or not others or miss.unless or miss.missing:
                continue
            judged, condition = failing[0]
            simple = bound(condition)
            if simple is not None and judged.truth is False and simple[2] in ("<", "<=", ">", ">="):
                yield from _margin(rule, judged, simple[3])


def _margin(rule: Rule, judged: Judged, limit: Value) -> Iterator[Margin]:
    label, held = judged.read[0]
    if not isinstance(held, Unknown) and _is_number(held) and _is_number(limit):
        yield _measured(rule, label, held, limit)


def _measured(rule: Rule, label: str, held: Value, limit: Value) -> Margin:
    assert isinstance(held, (int, float)) and isinstance(limit, (int, float))
    return Margin(rule, label, held, limit, distance(held, limit))


def _alarms(case: Case) -> Iterator[Margin]:
    rung = {(finding.rule.id, finding.about) for finding in case.findings}
    for decision in case.decisions:
        then = decision.rule.then
        known = case.facts.known(decision.label)
        if not isinstance(then, Decide) or then.alarm is None or known is None:
            continue
        if (decision.rule.id, then.target.path) in rung or not _is_number(known.value):
            continue
        for end in then.alarm.outside or ():
            if isinstance(end, Literally) and _is_number(end.value):
                yield _measured(decision.rule, decision.label, known.value, end.value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
