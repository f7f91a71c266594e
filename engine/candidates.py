"""Candidates: taken out by rules, sorted by preferences, and the best one chosen."""

from __future__ import annotations

import math

from transxlab.engine.case import Firing, Ranked
from transxlab.engine.comparing import same
from transxlab.engine.decisions import environment, is_open
from transxlab.engine.memory import Memory
from transxlab.engine.rule import Exclude, Prefer
from transxlab.engine.terms import fill, value_of
from transxlab.facts.situation import Fact, Known
from transxlab.facts.values import Interval, Value, is_unknown

WRITTEN = ("excluded", "chosen", "best")
"""Slots of a candidate that only the choice fills."""


def stand_ins(memory: Memory) -> tuple[tuple[str, str], ...]:
    """Slots of a candidate that stand for a slot of the run, with that slot's path."""
    slots = memory.facts.vocabulary["candidate"].slots.values()
    return tuple((s.name, s.stands_for) for s in slots if s.stands_for is not None)


def choose(memory: Memory) -> None:
    """Write ``excluded``, ``best`` and ``chosen``; designing, fill what candidates stand for.

    What is not known never takes a candidate out, and counts last in a preference.
    """
    everyone = memory.facts.all("candidate")
    reasons = {fact: _reasons(fact, memory) for fact in everyone}
    exclude(memory)
    keys = {fact: _key(fact, memory) for fact in everyone}
    standing = [f for f in everyone if not _is_true(f, "excluded")]
    standing.sort(key=lambda f: ([number for number, _ in keys[f]], f.name or ""))
    fallen = sorted((f for f in everyone if _is_true(f, "excluded")), key=lambda f: f.name or "")
    memory.ranking = [
        Ranked(fact, reasons[fact], tuple(entry for _, entry in keys[fact]))
        for fact in (*standing, *fallen)
    ]
    fitting = [fact for fact in standing if _agrees(fact, memory)]
    _crown(everyone, standing[:1], "best", memory)
    _crown(everyone, fitting[:1], "chosen", memory)
    if memory.design and fitting:
        _adopt(fitting[0], memory)


def _about(fact: Fact, kind: type, memory: Memory) -> list[Firing]:
    return [
        firing
        for firing in memory.firings
        if isinstance(firing.rule.then, kind) and fact in firing.bindings.values()
    ]


def _reasons(fact: Fact, memory: Memory) -> tuple[tuple[str, str], ...]:
    return tuple(
        (firing.rule.id, reason(firing, memory)) for firing in _about(fact, Exclude, memory)
    )


def reason(firing: Firing, memory: Memory) -> str:
    """Why an ``exclude`` takes its candidate out, filled in."""
    then = firing.rule.then
    assert isinstance(then, Exclude)
    return fill(then.why, environment(firing, memory), memory.facts.vocabulary)


def exclude(memory: Memory) -> None:
    """Write ``excluded`` of every candidate that does not hold it yet."""
    for fact in memory.facts.all("candidate"):
        if "excluded" in fact.slots:
            continue
        firings = _about(fact, Exclude, memory)
        read = tuple(dict.fromkeys(pair for firing in firings for pair in firing.support))
        where = firings[0].rule.id if firings else "no rule excludes it"
        memory.conclude(fact, "excluded", bool(firings), where, read)


def _key(fact: Fact, memory: Memory) -> list[tuple[float, tuple[float, str, Value]]]:
    """One number per order of preference, the smaller the better, and what it stands for."""
    best: dict[float, tuple[float, tuple[float, str, Value]]] = {}
    for firing in memory.firings:
        then = firing.rule.then
        if not isinstance(then, Prefer):
            continue
        unknown = (math.inf, (then.order, firing.rule.id, None))
        found = best.setdefault(then.order, (math.inf, (then.order, "", None)))
        if fact not in firing.bindings.values():
            continue
        entry = _entry(firing, then, memory) or unknown
        if entry[0] < found[0] or not found[1][1]:
            best[then.order] = entry
    return [best[order] for order in sorted(best)]


def _entry(
    firing: Firing, then: Prefer, memory: Memory
) -> tuple[float, tuple[float, str, Value]] | None:
    term, sign = (then.most, -1.0) if then.most is not None else (then.least, 1.0)
    value = None if term is None else value_of(term, environment(firing, memory))
    if value is None or is_unknown(value):
        return None
    number = value.expected if isinstance(value, Interval) else value
    if not isinstance(number, (int, float)) or math.isnan(number):
        return None
    return sign * number, (then.order, firing.rule.id, number)


def _is_true(fact: Fact, slot: str) -> bool:
    known = fact.slots.get(slot)
    return known is not None and known.value is True


def _agrees(fact: Fact, memory: Memory) -> bool:
    for slot, path in stand_ins(memory):
        held, offered = _held(path, memory), fact.slots.get(slot)
        if held is None or offered is None or is_open(held):
            continue
        if not same(held.value, offered.value):
            return False
    return True


def _held(path: str, memory: Memory) -> Known | None:
    template, _, slot = path.partition(".")
    return memory.singles[template].slots.get(slot)


def _crown(everyone: list[Fact], winner: list[Fact], slot: str, memory: Memory) -> None:
    for fact in everyone:
        if slot in fact.slots:
            continue
        firings = _about(fact, Prefer, memory)
        read = [pair for firing in firings for pair in firing.support]
        support = tuple(dict.fromkeys([*read, (fact, "excluded")]))
        memory.conclude(fact, slot, fact in winner, "the choice among candidates", support)


def _adopt(fact: Fact, memory: Memory) -> None:
    for slot, path in stand_ins(memory):
        offered = fact.slots.get(slot)
        if offered is None or offered.value is None or not is_open(_held(path, memory)):
            continue
        template, _, name = path.partition(".")
        support = ((fact, slot), (fact, "chosen"))
        where = f"candidate {fact.name}"
        memory.conclude(memory.singles[template], name, offered.value, where, support)
