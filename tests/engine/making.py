"""Rulebooks and facts for tests, written as a rule file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.engine.case import Case
from transxlab.engine.consult import consult
from transxlab.engine.examplefacts import facts_of
from transxlab.engine.memory import fingerprint
from transxlab.engine.rule import Rule
from transxlab.engine.rulebook import Rulebook, of_file
from transxlab.engine.strata import order
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import builtin

TAIL = """
evidence: {evidence}
sources: [{{id: house}}]
examples: [{{name: none, facts: {{}}, fires: false}}]
"""


def rule(
    identity: str,
    body: str,
    layer: int = 0,
    evidence: str = "practice",
    calculators: Mapping[str, Calculator] | None = None,
) -> Rule:
    """One rule from the part of its file that matters here."""
    text = f"id: {identity}\nwhat: Rule {identity}.\n{body}{TAIL.format(evidence=evidence)}"
    rules, problems = of_file(
        text.encode(), f"{identity}.yaml", builtin(), calculators or {}, layer
    )
    assert not problems, [str(problem) for problem in problems]
    return rules[0]


def book(*rules: Rule, calculators: Mapping[str, Calculator] | None = None) -> Rulebook:
    """A rulebook of some rules."""
    steps = tuple(order(rules, calculators or {}, builtin()))
    return Rulebook(tuple(rules), "sha256:test", builtin(), steps)


def ask(
    facts: dict[str, Any],
    *rules: Rule,
    design: bool = False,
    calculators: Mapping[str, Calculator] | None = None,
) -> Case:
    """The case of some facts and rules; both engines must agree on it."""
    rulebook, given = book(*rules, calculators=calculators), facts_of(facts, builtin())
    cases = [
        consult(given, rulebook, calculators or {}, design=design, engine=engine)
        for engine in ("reference", "experta")
    ]
    assert fingerprint(cases[0]) == fingerprint(cases[1])
    return cases[0]


def said(case: Case) -> list[tuple[str, str, str | None]]:
    """Rule, severity and subject of every finding that stands."""
    return [(f.rule.id, f.severity, f.subject) for f in case.findings if f.silenced is None]


def waits(case: Case) -> dict[tuple[str, str | None], tuple[str, ...]]:
    """What is not judged, by rule and subject, with the leaves it waits for."""
    return {(w.rule.id, w.subject): w.needs for w in case.not_judged}
