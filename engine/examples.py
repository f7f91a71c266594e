"""Runs the examples that stand in a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from transxlab.engine.case import Case
from transxlab.engine.comparing import same
from transxlab.engine.consult import ENGINES, consult
from transxlab.engine.examplefacts import facts_of
from transxlab.engine.memory import fingerprint
from transxlab.engine.rule import Decide, Derive, Example, Rule
from transxlab.engine.rulebook import Rulebook
from transxlab.facts.calculator import Calculator
from transxlab.facts.values import Interval, Value


@dataclass(frozen=True, slots=True)
class Result:
    """What one example came to."""

    name: str
    """Name of the example."""
    ok: bool
    """Whether it came out as expected."""
    todo: bool
    """Whether it is known not to."""
    message: str = ""
    """What was expected and what came, or that a known failure holds now."""


def run_examples(
    rule: Rule,
    rulebook: Rulebook,
    calculators: Mapping[str, Calculator],
    *,
    engine: str = "experta",
    cross_check: bool = False,
) -> list[Result]:
    """Every example of a rule, on the rule itself with the rules it overrides.

    ``fires`` (true, false or ``unknown``), ``value`` (decided or derived), ``order`` (candidates,
    best first) are those of a design; ``severity`` (null: nothing is said) is that of an audit,
    where alarms look at defaults too. ``cross_check`` demands the same conclusions of both engines.
    """
    tested = _alone(rule, rulebook)
    return [_run(rule, e, tested, calculators, engine, cross_check) for e in rule.examples]


def _alone(rule: Rule, rulebook: Rulebook) -> Rulebook:
    others = tuple(r for r in rulebook.rules if r.id in rule.overrides and r.id != rule.id)
    return replace(rulebook, rules=(rule, *others), steps=())


def _run(
    rule: Rule,
    example: Example,
    rulebook: Rulebook,
    calculators: Mapping[str, Calculator],
    engine: str,
    cross_check: bool,
) -> Result:
    try:
        facts = facts_of(example.facts, rulebook.vocabulary)
    except ValueError as error:
        return Result(example.name, False, example.todo, f"its facts cannot be read: {error}")

    def case(design: bool, name: str) -> Case:
        return consult(facts, rulebook, calculators, design=design, engine=name)

    designed, audited = case(True, engine), case(False, engine)
    wrong = _wrong(rule, example, designed, audited)
    for name in ENGINES if cross_check else ():
        if name != engine:
            others = fingerprint(case(True, name)), fingerprint(case(False, name))
            if others != (fingerprint(designed), fingerprint(audited)):
                wrong.append(f"{name} concludes something else than {engine}")
    if wrong:
        return Result(example.name, False, example.todo, "; ".join(wrong))
    message = "holds now: take its todo out" if example.todo else ""
    return Result(example.name, True, example.todo, message)


def _wrong(rule: Rule, example: Example, case: Case, audit: Case) -> list[str]:
    expected = example.expect
    wrong = []
    if "fires" in expected and (fires := _fires(rule, case)) != expected["fires"]:
        wrong.append(f"expected fires: {_say(expected['fires'])}, got {_say(fires)}")
    if "severity" in expected:
        wanted, got = expected["severity"], _severities(rule, audit)
        if (got[0] if got else None) != wanted:
            wrong.append(f"expected severity: {wanted}, got {', '.join(got) or 'no finding'}")
    if "value" in expected:
        values = _values(rule, case)
        if not any(_equal(expected["value"], value) for value in values):
            got_values = ", ".join(_say(value) for value in values) or "no value"
            wrong.append(f"expected value: {_say(expected['value'])}, got {got_values}")
    if "order" in expected:
        names = [r.fact.name for r in case.candidates if not r.excluded]
        if names != expected["order"]:
            wrong.append(f"expected order: {expected['order']}, got {names}")
    if wrong:
        needs = sorted({need for w in case.waiting if w.rule.id == rule.id for need in w.needs})
        wrong += [f"it waits for {', '.join(needs)}"] if needs else []
    return wrong


def _fires(rule: Rule, case: Case) -> bool | str:
    waits = any(entry.rule.id == rule.id for entry in case.waiting)
    if any(firing.rule.id == rule.id for firing in case.firings):
        # A derivation that cannot compute its value has derived nothing.
        return "unknown" if waits and isinstance(rule.then, Derive) else True
    return "unknown" if waits else False


def _severities(rule: Rule, case: Case) -> list[str]:
    return [f.severity for f in case.findings if f.rule.id == rule.id]


def _values(rule: Rule, case: Case) -> list[Value]:
    if isinstance(rule.then, Decide):
        return [d.value for d in case.decisions if d.rule.id == rule.id]
    return [
        known.value
        for fact in case.facts
        for known in fact.slots.values()
        if known.origin.kind == "concluded" and known.origin.where == rule.id
    ]


def _equal(expected: Any, value: Value) -> bool:
    if isinstance(value, Interval):
        wanted = list(expected) if isinstance(expected, (list, tuple)) else [expected] * 2
        return wanted in ([value.low, value.high], [value.low, value.expected, value.high])
    if isinstance(value, tuple):
        return isinstance(expected, (list, tuple)) and list(expected) == list(value)
    return same(expected, value)


def _say(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
