"""Decisions between which nothing but the rule's id decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from transxlab.engine.boxes import contradiction, implied, narrowed
from transxlab.engine.decisions import weight
from transxlab.engine.rule import Decide, Rule


def ties(rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """Pairs that may decide one slot differently with the same weight: a rule's id, a sentence."""
    by_slot: dict[str, list[Rule]] = {}
    for rule in rules:
        if isinstance(rule.then, Decide):
            by_slot.setdefault(rule.then.target.path, []).append(rule)
    for path, group in by_slot.items():
        for one, other in combinations(sorted(group, key=lambda r: r.id), 2):
            if _tied(one, other):
                yield (
                    other.id,
                    f"ties with {one.id} on {path}: both may fire, and only the id decides for "
                    f"{one.id}; say which overrides the other, or make their conditions exclude "
                    "each other",
                )


def _tied(one: Rule, other: Rule) -> bool:
    if weight(one) != weight(other) or other.id in one.overrides or one.id in other.overrides:
        return False
    return not _agree(one, other) and _together(one, other)


def _agree(one: Rule, other: Rule) -> bool:
    first, second = one.then, other.then
    if not isinstance(first, Decide) or not isinstance(second, Decide):
        return False
    return (first.value, first.range, first.alarm) == (second.value, second.range, second.alarm)


def _together(one: Rule, other: Rule) -> bool:
    """Whether both may fire in one run, as far as constants tell.

    Conditions on one of several facts are left out: the two rules may mean different facts.
    """
    several = {name for name, _ in (*one.binds, *other.binds)}
    conditions = [
        c for c in (*one.when, *other.when) if not {alias for alias, _ in c.paths} & several
    ]
    box = narrowed(conditions)
    if contradiction(box) is not None:
        return False
    for rule in (one, other):
        if rule.unless and all(implied(c, box, conditions) for c in rule.unless):
            return False
    return True
