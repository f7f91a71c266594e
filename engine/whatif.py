"""What if: the consultation again with other values, what clears a finding, a safe range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from transxlab.engine.case import Case, Concluded
from transxlab.engine.comparing import same
from transxlab.engine.consult import consult
from transxlab.engine.thresholds import distance, thresholds
from transxlab.facts.origin import Origin
from transxlab.facts.situation import Fact, Facts
from transxlab.facts.values import Value
from transxlab.facts.vocabulary.template import nearest

WHAT_IF = Origin("given", "what if")
"""Origin of a value that a what-if sets."""
MOST_TRIALS = 200
"""Reruns one question may cost; a rerun of 350 rules takes about 10 ms."""


class NoRulebook(Exception):
    """The case was read from a file and nobody attached a rulebook to it."""


@dataclass(frozen=True, slots=True)
class Change:
    """New values for knobs, and what they bring."""

    values: tuple[tuple[str, Value], ...]
    """Labels and new values."""
    size: float
    """How far the values are from those held; decades for positive numbers, 3 for anything else."""
    brings: tuple[str, ...]
    """Ids of rules whose findings it adds."""


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers a knob can take without a finding that depends on it."""

    low: float | None
    """Low end; None: unbounded."""
    high: float | None
    """High end; None: unbounded."""
    with_low: bool
    """Whether the low end itself is safe."""
    with_high: bool
    """Whether the high end itself is safe."""


def rerun(case: Case, changes: Mapping[str, Value], *, engine: str = "reference") -> Case:
    """The consultation again from what was given, with other values; None forgets a value.

    A label without a name (``split.rows``) means every fact of the template. Profiled figures that
    were measured under a knob are unknown once it changes. Raises KeyError for a label that names
    nothing, ValueError for a value of another type, NoRulebook for a case without one.
    """
    if case.rulebook is None:
        raise NoRulebook("the case was read from a file: attach its rulebook first")
    facts = case.given.copy()
    changed: set[str] = set()
    for label, value in changes.items():
        for fact, slot in _named(facts, label):
            if _set(facts, fact, slot, value):
                changed.add(f"{fact.template}.{slot}")
    for template in facts.vocabulary.templates.values():
        for stale in (s for s in template.slots.values() if s.depends_on in changed):
            for fact in facts.all(template.name):
                if fact.label(stale.name) not in changes and stale.path not in changes:
                    fact.slots.pop(stale.name, None)
    return consult(facts, case.rulebook, case.calculators, design=case.design, engine=engine)


def _named(facts: Facts, label: str) -> list[tuple[Fact, str]]:
    template, name, slot = facts.vocabulary.parse(label)
    found = [f for f in facts.all(template.name) if name is None or f.name == name]
    if not found:
        known = [f.name or "" for f in facts.all(template.name)]
        close = ", ".join(nearest(name or "", known) or known)
        raise KeyError(f"there is no {template.name}[{name}]; nearest: {close or 'none'}")
    return [(fact, slot) for fact in found]


def _set(facts: Facts, fact: Fact, slot: str, value: Value) -> bool:
    """Set or forget one slot; whether that changes anything."""
    held = fact.slots.get(slot)
    if value is None:
        fact.slots.pop(slot, None)
        return held is not None
    facts.put(fact, slot, value, WHAT_IF)
    return held is None or not same(held.value, fact.slots[slot].value)


def clearing(case: Case, finding: Concluded, most: int = 5) -> list[Change]:
    """The smallest changes of knobs that clear a finding, each tried on the whole rulebook.

    Single changes first; pairs where none suffices. Sorted by the findings they add, then those
    of the slot the finding is about, then size.
    """
    tries = dict(_tries(case, finding))
    budget = MOST_TRIALS
    for together in (1, 2):
        found = []
        for labels in combinations(tries, together):
            for values in _products([tries[label] for label in labels]):
                budget -= 1
                if budget < 0:
                    break
                change = _tried(case, finding, dict(zip(labels, values, strict=True)))
                if change is not None:
                    found.append(change)
        if found:
            found.sort(key=lambda change: _cost(change, finding))
            return found[:most]
    return []


def _cost(change: Change, finding: Concluded) -> tuple[int, bool, float, str]:
    """The slot a finding is about is what its reader expects to change."""
    about = any(label == finding.about for label, _ in change.values)
    return len(change.brings), not about, change.size, repr(change.values)


def _products(pools: list[list[Value]]) -> Iterator[tuple[Value, ...]]:
    from itertools import product

    return product(*pools)


def _tried(case: Case, finding: Concluded, values: dict[str, Value]) -> Change | None:
    after = {_name(f) for f in rerun(case, values).findings if f.silenced is None}
    if _name(finding) in after:
        return None
    before = {_name(f) for f in case.findings if f.silenced is None}
    size = 0.0
    for label, value in values.items():
        known = case.given.known(label)
        size += distance(None if known is None else known.value, value)
    brings = tuple(sorted({rule for rule, _, _ in after - before}))
    return Change(tuple(values.items()), round(size, 6), brings)


def _name(finding: Concluded) -> tuple[str, str | None, str | None]:
    return finding.rule.id, finding.subject, finding.about


def _tries(case: Case, finding: Concluded) -> Iterator[tuple[str, list[Value]]]:
    """Values worth trying, by label of every knob behind a finding."""
    marks = thresholds(case)
    better = {path: v for path, v in finding.recommend.items() if v is not None}
    for label, path in _knobs_behind(case, finding):
        values: list[Value] = []
        wanted = better.get(path)
        if isinstance(wanted, tuple):
            values += [end for end in wanted if end is not None]
        elif wanted is not None:
            values.append(wanted)
        values += marks.get(path, [])
        known = case.given.known(label)
        held = None if known is None else known.value
        unique: list[Value] = []
        for value in values:
            if not any(same(value, other) for other in (*unique, held)):
                unique.append(value)
        if unique:
            yield label, sorted(unique, key=lambda v: (distance(held, v), repr(v)))[:12]


def _knobs_behind(case: Case, finding: Concluded) -> list[tuple[str, str]]:
    """Label and path of every knob in the support of a finding, nearest first."""
    vocabulary = case.facts.vocabulary
    todo = [*finding.firing.support, *finding.raised_by]
    seen: dict[tuple[Fact, str], None] = {}
    for fact, slot in todo:
        if (fact, slot) in seen:
            continue
        seen[fact, slot] = None
        known = fact.slots.get(slot)
        todo += known.support if known is not None else ()
    pairs = [(fact, slot) for fact, slot in seen if vocabulary[fact.template][slot].knob]
    return [(fact.label(slot), f"{fact.template}.{slot}") for fact, slot in pairs]


def safe_range(case: Case, label: str) -> list[Span]:
    """Numbers of one knob for which no finding depends on it, the other values as they are.

    Exact where rules compare the knob with constants; None ends are unbounded. Empty: none is
    safe. Raises ValueError for a slot that holds no number.
    """
    slot = case.facts.vocabulary.slot(label)
    if slot.type != "number":
        raise ValueError(f"{label} holds {slot.type}, not a number: it has no range")
    known = case.facts.known(label)
    values = [*thresholds(case).get(slot.path, []), None if known is None else known.value]
    numbers = {v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)}
    ends = sorted(numbers)[:60]
    if not ends:
        return []
    places = list(_places(ends))
    safe = [not _bad(case, label, at) for _, _, at in places]
    return list(_spans(places, safe))


Place = tuple["float | None", "float | None", float]


def _places(ends: list[float]) -> Iterator[Place]:
    """Every end and every gap between two, each with a number inside it."""
    first, last = ends[0], ends[-1]
    yield None, first, first / 2 if first > 0 else first - 1
    for number, end in enumerate(ends):
        yield end, end, end
        if number + 1 < len(ends):
            yield end, ends[number + 1], (end + ends[number + 1]) / 2
    yield last, None, last * 2 if last > 0 else last + 1


def _spans(places: list[Place], safe: list[bool]) -> Iterable[Span]:
    run: list[Place] = []
    for place, fine in [*zip(places, safe, strict=True), (places[0], False)]:
        if fine:
            run.append(place)
        elif run:
            (low, low_end, _), (high_start, high, _) = run[0], run[-1]
            yield Span(low, high, low == low_end and low is not None, high == high_start)
            run = []


def _bad(case: Case, label: str, value: float) -> bool:
    after = rerun(case, {label: value})
    return any(
        finding.silenced is None and any(one == label for one, _ in _knobs_behind(after, finding))
        for finding in after.findings
    )
