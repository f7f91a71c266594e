"""Why a rule did not fire, or a value was not chosen, and the nearest miss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from transxlab.engine.case import Case, Concluded, Decision
from transxlab.engine.consult import planned
from transxlab.engine.expressions import Expression, bound, describe, evaluate
from transxlab.engine.judging import Choice, choices, distinct
from transxlab.engine.memory import Memory
from transxlab.engine.rule import Rule
from transxlab.engine.shape import Shape
from transxlab.engine.thresholds import NEGATED, distance, satisfying
from transxlab.engine.whatif import Change, NoRulebook, rerun
from transxlab.facts.situation import Fact
from transxlab.facts.values import UNKNOWN, Unknown, Value


@dataclass(frozen=True, slots=True)
class Judged:
    """One condition, as it was judged."""

    text: str
    """The condition as the rule has it."""
    words: str
    """The condition in plain words."""
    truth: bool | None
    """Whether it holds; None: not known."""
    read: tuple[tuple[str, Value | Unknown], ...]
    """Labels of the slots it reads, with their values."""


@dataclass(frozen=True, slots=True)
class Miss:
    """How near a rule came to firing for one subject."""

    rule: Rule
    """The rule."""
    outcome: Literal["fired", "silent", "not judged", "replaced"]
    """What became of it."""
    subject: str | None = None
    """Facts it was judged on, where there may be several."""
    when: tuple[Judged, ...] = ()
    """Its conditions on those facts."""
    some: tuple[Judged, ...] = ()
    """Conditions of ``some`` on the facts that come nearest."""
    unless: tuple[Judged, ...] = ()
    """Conditions of ``unless`` where all of them hold and keep it silent; empty otherwise."""
    missing: tuple[str, ...] = ()
    """Templates whose facts nobody enumerated."""
    change: Change | None = None
    """Smallest change of knobs that makes it fire, tried on the whole rulebook; None: not found."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What stands in the place of a value that was asked for."""

    label: str
    """The slot."""
    value: Value
    """The value that was asked for."""
    decision: Decision | None
    """Decision that stands with that value set; None: no rule decides the slot."""
    alarms: tuple[Concluded, ...]
    """Findings about the slot that the value would ring."""
    brings: tuple[Concluded, ...]
    """Other findings it would add."""
    clears: tuple[str, ...]
    """Ids of rules whose findings it would clear."""


def misses(case: Case, rule_id: str) -> list[Miss]:
    """Every choice of facts a rule was judged on, the nearest miss first.

    Raises KeyError for a rule the rulebook does not have, NoRulebook for a case without one.
    """
    if case.rulebook is None:
        raise NoRulebook("the case was read from a file: attach its rulebook first")
    rule = case.rulebook.rule(rule_id)
    if rule.replaced_by is not None:
        return [Miss(rule, "replaced")]
    plan = planned(case.rulebook, case.calculators, case.facts.vocabulary)
    shape, memory = plan.shapes[rule_id], Memory.over(case.facts, case.design)
    fired = {f.subject for f in case.firings if f.rule.id == rule_id}
    waits = {w.subject for w in case.waiting if w.rule.id == rule_id}
    made = [_miss(shape, choice, fired, waits, memory) for choice in choices(shape, memory)]
    if not made:
        made = [_empty(shape, memory)]
    made.sort(key=_failures)
    if made[0].outcome != "fired":
        made[0] = _with_change(case, made[0], shape)
    return made


def instead(case: Case, label: str, value: Value) -> Instead:
    """What would happen if the user set a slot: which decision stands, which alarms ring.

    A text is read as the slot's type. Raises KeyError and ValueError as ``rerun`` does.
    """
    if isinstance(value, str):
        value = _read(case, label, value)
    after = rerun(case, {label: value})
    path = after.facts.vocabulary.slot(label).path
    before = {(f.rule.id, f.subject) for f in case.findings if f.silenced is None}
    rung = [f for f in after.findings if f.silenced is None]
    now = {(f.rule.id, f.subject) for f in rung}
    new = [f for f in rung if (f.rule.id, f.subject) not in before]
    decision = next((d for d in after.decisions if d.label == label), None)
    return Instead(
        label=label,
        value=value,
        decision=decision,
        alarms=tuple(f for f in rung if f.about == path),
        brings=tuple(f for f in new if f.about != path),
        clears=tuple(sorted({rule for rule, subject in before if (rule, subject) not in now})),
    )


def _read(case: Case, label: str, text: str) -> Value:
    """What a user means by a text in this slot."""
    kind = case.facts.vocabulary.slot(label).type
    if kind == "truth" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "list":
        return tuple(part.strip() for part in text.split(","))
    if kind in ("number", "interval"):
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{label} takes a number, got {text!r}") from None
        return int(number) if number == int(number) and "e" not in text.lower() else number
    return text


def _miss(
    shape: Shape, choice: Choice, fired: set[str | None], waits: set[str | None], memory: Memory
) -> Miss:
    rule = shape.rule
    env = {**memory.singles, **choice.bindings}
    subject = ", ".join(sorted(f.label() for f in choice.bindings.values())) or None
    outcome: Literal["fired", "silent", "not judged"] = "silent"
    if subject in fired:
        outcome = "fired"
    elif subject in waits:
        outcome = "not judged"
    when = tuple(_judged(c, env) for c in rule.when)
    holds = all(j.truth is True for j in when)
    nearest_some = min(_readings(rule.some, shape, env, memory), key=_false, default=())
    blocks = [
        reading
        for reading in _readings(rule.unless, shape, env, memory)
        if all(judged.truth is True for judged in reading)
    ]
    return Miss(
        rule=rule,
        outcome=outcome,
        subject=subject,
        when=when,
        some=nearest_some,
        unless=blocks[0] if blocks and holds else (),
        missing=tuple(sorted(shape.templates[alias] for alias in choice.missing)),
    )


def _empty(shape: Shape, memory: Memory) -> Miss:
    """A rule whose names have no facts: its other conditions are judged all the same."""
    env = dict(memory.singles)
    when = tuple(_judged(c, env) for c in shape.rule.when)
    missing = {t for _, t in shape.binds if not memory.facts.all(t)}
    return Miss(shape.rule, "silent", when=when, missing=tuple(sorted(missing)))


def _judged(condition: Expression, env: dict[str, Fact]) -> Judged:
    if any(alias not in env for alias, _ in condition.paths):
        return Judged(condition.text, describe(condition), None, ())
    truth = evaluate(condition, env)
    read = []
    for alias, slot in dict.fromkeys(condition.paths):
        known = env[alias].slots.get(slot)
        read.append((env[alias].label(slot), UNKNOWN if known is None else known.value))
    known_truth = None if isinstance(truth, Unknown) else bool(truth)
    return Judged(condition.text, describe(condition), known_truth, tuple(read))


def _readings(
    conditions: Sequence[Expression], shape: Shape, env: dict[str, Fact], memory: Memory
) -> Iterator[tuple[Judged, ...]]:
    """The conditions judged on every choice of the facts they name beyond those given."""
    if not conditions:
        return
    names = sorted({a for c in conditions for a, _ in c.paths if a not in env})
    pools = [memory.facts.all(shape.templates[a]) for a in names]
    for pick in product(*pools):
        whole = {**env, **dict(zip(names, pick, strict=True))}
        if distinct(shape, whole):
            yield tuple(_judged(c, whole) for c in conditions)


def _false(judged: Iterable[Judged]) -> tuple[int, int]:
    truths = [j.truth for j in judged]
    return truths.count(False), truths.count(None)


def _failures(miss: Miss) -> tuple[bool, int, int, str]:
    false, unknown = _false((*miss.when, *miss.some))
    blocked = bool(miss.unless)
    gone = len(miss.missing)
    return miss.outcome != "fired", false + blocked + gone, unknown, miss.subject or ""


def _with_change(case: Case, miss: Miss, shape: Shape) -> Miss:
    """The miss with the smallest change of knobs that makes the rule fire, where there is one."""
    values: dict[str, Value] = {}
    size = 0.0
    for judged, condition in _open(miss):
        option = _turned(case, judged, condition, wanted=True)
        if option is None:
            return miss
        values[option[0]] = option[1]
        size += option[2]
    for judged, condition in _blocking(miss)[:1]:
        options = [
            o
            for j, c in ((judged, condition), *_blocking(miss)[1:])
            if (o := _turned(case, j, c, wanted=False)) is not None
        ]
        if not options:
            return miss
        best = min(options, key=lambda option: option[2])
        values[best[0]] = best[1]
        size += best[2]
    if not values:
        return miss
    after = rerun(case, values)
    fires = {f.subject for f in after.firings if f.rule.id == shape.rule.id}
    if miss.subject not in fires:
        return miss
    before = {f.rule.id for f in case.findings if f.silenced is None}
    added = {f.rule.id for f in after.findings if f.silenced is None} - before
    change = Change(tuple(values.items()), round(size, 6), tuple(sorted(added - {shape.rule.id})))
    return replace(miss, change=change)


def _open(miss: Miss) -> list[tuple[Judged, Expression]]:
    pairs = [*zip(miss.when, miss.rule.when, strict=True)]
    if miss.some:
        pairs += zip(miss.some, miss.rule.some, strict=True)
    return [(judged, condition) for judged, condition in pairs if judged.truth is not True]


def _blocking(miss: Miss) -> list[tuple[Judged, Expression]]:
    if not miss.unless:
        return []
    return list(zip(miss.unless, miss.rule.unless, strict=True))


def _turned(
    case: Case, judged: Judged, condition: Expression, *, wanted: bool
) -> tuple[str, Value, float] | None:
    """Label, value and distance of the smallest turn of one knob that makes a condition so."""
    simple = bound(condition)
    if simple is None or not judged.read:
        return None
    _, _, op, constant = simple
    label, held = judged.read[0]
    slot = case.facts.vocabulary.slot(label)
    if not slot.knob:
        return None
    now = None if isinstance(held, Unknown) else held
    values = satisfying(op if wanted else NEGATED[op], constant)
    if not values and slot.values is not None:
        taken = constant if isinstance(constant, tuple) else (constant,)
        values = [text for text in slot.values if text not in taken]
    if not values:
        return None
    best = min(values, key=lambda value: (distance(now, value), repr(value)))
    return label, best, distance(now, best)
