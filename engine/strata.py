"""The order of rules and slots: all writers of a slot, the slot, its readers."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from transxlab.engine.rule import Decide, Derive, Exclude, Finding, Prefer, Rule
from transxlab.engine.shape import values
from transxlab.engine.terms import paths_of
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import Vocabulary

Step: TypeAlias = "tuple[str, str]"
"""``("rule", id)``, ``("slot", path)``, or ``("choose", "")``: candidates are ranked."""

CHOOSE: Step = ("choose", "")
EXCLUDED: Step = ("slot", "candidate.excluded")
CHOSEN: tuple[Step, ...] = (("slot", "candidate.chosen"), ("slot", "candidate.best"))


class OrderError(ValueError):
    """Rules that cannot be ordered; carries every sentence that says why."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


def order(
    rules: Sequence[Rule], calculators: Mapping[str, Calculator], vocabulary: Vocabulary
) -> list[Step]:
    """Rules and slots in one order; OrderError shows one shortest cycle, and every slot that is
    both derived and decided."""
    mistakes = list(_two_ways(rules, calculators, vocabulary))
    if mistakes:
        raise OrderError(*mistakes)
    after = _edges(rules, calculators, vocabulary)
    waiting = dict.fromkeys(after, 0)
    for nexts in after.values():
        for step in nexts:
            waiting[step] += 1
    ready = [step for step, count in waiting.items() if not count]
    heapq.heapify(ready)
    ordered = []
    while ready:
        step = heapq.heappop(ready)
        ordered.append(step)
        for other in after[step]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, other)
    if len(ordered) < len(after):
        cycle = _shortest_cycle(after, set(after) - set(ordered))
        raise OrderError(f"a cycle: {' -> '.join(name or kind for kind, name in cycle)}")
    return ordered


def reads(rule: Rule, calculators: Mapping[str, Calculator]) -> set[str]:
    """Paths of every slot a rule looks at before it concludes."""
    templates = dict(rule.aliases)
    conditions = (*rule.when, *rule.some, *rule.unless)
    names = [path for condition in conditions for path in condition.paths]
    if not isinstance(rule.then, Finding):
        names += [path for term in values(rule) for path in paths_of(term)]
    found = {f"{templates.get(alias, alias)}.{slot}" for alias, slot in names}
    if isinstance(rule.then, Derive) and rule.then.by is not None:
        found |= set(calculators[rule.then.by].reads)
    return found


def writes(rule: Rule, calculators: Mapping[str, Calculator]) -> set[str]:
    """Paths of every slot a rule derives or decides."""
    then = rule.then
    if isinstance(then, Decide):
        return {then.target.path}
    if isinstance(then, Derive):
        if then.by is not None:
            return set(calculators[then.by].writes)
        return {target.path for target, _ in then.values}
    return set()


def _edges(
    rules: Sequence[Rule], calculators: Mapping[str, Calculator], vocabulary: Vocabulary
) -> dict[Step, list[Step]]:
    after: dict[Step, set[Step]] = {}

    def edge(before: Step, then: Step) -> None:
        after.setdefault(before, set()).add(then)
        after.setdefault(then, set())

    for rule in rules:
        own: Step = ("rule", rule.id)
        after.setdefault(own, set())
        for path in reads(rule, calculators):
            edge(("slot", path), own)
        for path in writes(rule, calculators):
            edge(own, ("slot", path))
        if isinstance(rule.then, Exclude):
            edge(own, EXCLUDED)
        if isinstance(rule.then, (Exclude, Prefer)):
            edge(own, CHOOSE)
    if CHOOSE in after:
        edge(EXCLUDED, CHOOSE)
        for step in CHOSEN:
            edge(CHOOSE, step)
        for slot in vocabulary["candidate"].slots.values():
            if slot.stands_for:
                edge(("slot", slot.path), CHOOSE)
                edge(CHOOSE, ("slot", slot.stands_for))
    return {step: sorted(nexts) for step, nexts in sorted(after.items())}


def _two_ways(
    rules: Sequence[Rule], calculators: Mapping[str, Calculator], vocabulary: Vocabulary
) -> Iterator[str]:
    """Slots that are written in ways that exclude each other."""
    derived: dict[str, list[str]] = {}
    decided: dict[str, list[str]] = {}
    for rule in rules:
        ways = decided if isinstance(rule.then, Decide) else derived
        for path in writes(rule, calculators):
            ways.setdefault(path, []).append(rule.id)
            if isinstance(rule.then, Decide) and path in reads(rule, calculators):
                yield (
                    f"{rule.file}:{rule.line}: {rule.id} reads {path}, which it decides; take the "
                    "condition out: the alarm looks at the held value"
                )
    for path in sorted(set(derived) & set(decided)):
        yield (
            f"{path} is derived by {', '.join(derived[path])} and decided by "
            f"{', '.join(decided[path])}: a slot is one or the other"
        )
    if any(isinstance(rule.then, (Exclude, Prefer)) for rule in rules):
        for slot in vocabulary["candidate"].slots.values():
            if slot.stands_for in decided and slot.stands_for is not None:
                yield (
                    f"{slot.stands_for} is chosen with the candidate; "
                    f"{', '.join(decided[slot.stands_for])} must exclude or prefer instead"
                )


def _shortest_cycle(after: Mapping[Step, Sequence[Step]], left: set[Step]) -> list[Step]:
    best: list[Step] = []
    for start in sorted(left):
        came: dict[Step, Step | None] = {start: None}
        line = [start]
        for step in line:
            for other in after[step]:
                if other == start:
                    path = [start, *_back(came, step)]
                    if not best or len(path) < len(best):
                        best = path
                elif other in left and other not in came:
                    came[other] = step
                    line.append(other)
    return best[::-1] if best else []


def _back(came: Mapping[Step, Step | None], step: Step | None) -> Iterator[Step]:
    while step is not None:
        yield step
        step = came[step]
