"""The examples of a rule are run, compared and reported."""

from __future__ import annotations

from making import book
from transxlab.engine.examples import Result, run_examples
from transxlab.engine.rule import Rule
from transxlab.engine.rulebook import of_file
from transxlab.facts.vocabulary.template import builtin

LR = """
id: AAA001
what: A learning rate.
when: [config.stage == "sft"]
then:
  decide:
    slot: config.learning_rate
    value: 2e-4
    alarm: {outside: [1e-5, 1e-3], severity: warning}
evidence: practice
sources: [{id: house}]
examples:
"""
CHOICE = """
id: AAA002
what: The better candidate.
then: {prefer: {order: 1, most: candidate.quality}}
evidence: practice
sources: [{id: house}]
examples:
"""


def read(head: str, *examples: str) -> Rule:
    text = head + "".join(f"  - {example}\n" for example in examples)
    rules, problems = of_file(text.encode(), "rule.yaml", builtin(), {})
    assert not problems, [str(problem) for problem in problems]
    return rules[0]


def run(rule: Rule) -> list[Result]:
    results = run_examples(rule, book(rule), {}, cross_check=True)
    assert results == run_examples(rule, book(rule), {}, engine="reference")
    return results


def test_examples_that_hold() -> None:
    rule = read(
        LR,
        "{name: design, facts: {config: {stage: sft}}, value: 2e-4}",
        "{name: given, facts: {config: {stage: sft, learning_rate: 0.1}}, severity: warning}",
        "{name: default, facts: {config: {stage: sft, learning_rate: {default: 0.1}}}, "
        "severity: warning}",
        "{name: fine, facts: {config: {stage: sft, learning_rate: 1e-4}}, severity: null}",
        "{name: other, facts: {config: {stage: dpo}}, fires: false}",
        "{name: nobody said, facts: {}, fires: unknown}",
    )
    assert [result.ok for result in run(rule)] == [True] * 6


def test_what_came_instead_is_said() -> None:
    rule = read(
        LR,
        "{name: a, facts: {config: {stage: sft}}, value: 1e-4}",
        "{name: b, facts: {}, fires: true}",
        "{name: c, facts: {config: {stage: sft, learning_rate: 1e-4}}, severity: error}",
    )
    messages = [(result.ok, result.message) for result in run(rule)]
    assert messages == [
        (False, "expected value: 0.0001, got 0.0002"),
        (False, "expected fires: true, got unknown; it waits for config.stage"),
        (False, "expected severity: error, got no finding"),
    ]


def test_a_known_failure_is_reported_when_it_begins_to_hold() -> None:
    rule = read(
        LR,
        "{name: misses, facts: {config: {stage: dpo}}, fires: true, todo: true}",
        "{name: holds, facts: {config: {stage: sft}}, fires: true, todo: true}",
    )
    misses, holds = run(rule)
    assert (misses.ok, misses.todo) == (False, True)
    assert holds.ok and holds.message == "holds now: take its todo out"


def test_the_order_of_candidates() -> None:
    rows = "candidate: [{name: a, quality: 3}, {name: b, quality: 5}, {name: c}]"
    rule = read(CHOICE, f"{{name: order, facts: {{{rows}}}, order: [b, a, c]}}")
    assert run(rule)[0].ok
