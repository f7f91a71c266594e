"""When a rule fires, is silent, or is not judged."""

from __future__ import annotations

import pytest
from making import ask, book, rule, said, waits
from transxlab.engine.consult import consult
from transxlab.engine.examplefacts import facts_of
from transxlab.facts.calculator import Calculator, Scope
from transxlab.facts.situation import to_plain
from transxlab.facts.vocabulary.template import builtin

SMALL = rule("AAA001", "when: [split.rows < 50]\nthen: {finding: warning, about: split.rows}")
NO_VAL = rule("AAA002", 'unless: [split.role == "val"]\nthen: {finding: warning}')
TWINS = rule(
    "AAA003",
    'for: {train: split, val: split}\nwhen:\n  - train.role == "train"\n'
    "  - abs(train.template_share - val.template_share) > 0.3\n"
    "then: {finding: warning, about: val.template_share}",
)
LORA_FITS = rule(
    "AAA004",
    'when:\n  - config.method == "qlora"\nsome:\n  - candidate.method == "lora"\n'
    "  - high(candidate.peak_gib) <= machine.train_vram_gib\n"
    'then: {finding: advice, about: config.method, message: "{candidate.name} fits."}',
)
TWO = rule(
    "AAA005",
    "when: [config.max_steps > 5, config.packing == true]\nthen: {finding: advice}",
)


def test_a_rule_fires_once_per_fact_and_says_which() -> None:
    case = ask(
        {"split": [{"role": "train", "rows": 900}, {"role": "val", "rows": 9}, {"role": "test"}]},
        SMALL,
    )
    assert said(case) == [("AAA001", "warning", "split[val]")]
    assert waits(case) == {("AAA001", "split[test]"): ("split[test].rows",)}


@pytest.mark.parametrize(
    ("config", "waiting"),
    [
        ({"max_steps": 3}, None),
        ({"packing": False}, None),
        ({"max_steps": 9}, ("config.packing",)),
        ({}, ("config.max_steps", "config.packing")),
        ({"max_steps": None}, None),
    ],
)
def test_false_beats_unknown_and_none_is_never_above(
    config: dict[str, object], waiting: tuple[str, ...] | None
) -> None:
    case = ask({"config": config}, TWO)
    assert said(case) == []
    assert waits(case).get(("AAA005", None)) == waiting


def test_no_fact_is_silent_only_where_somebody_enumerated_them() -> None:
    assert waits(ask({"split": []}, SMALL)) == {}
    assert waits(ask({}, SMALL)) == {("AAA001", None): ("split",)}


def test_completeness_may_be_narrowed_to_a_role() -> None:
    about_val = rule(
        "AAA006", 'when: [split.role == "val", split.rows < 50]\nthen: {finding: error}'
    )
    train = {"split": [{"role": "train", "rows": 9}]}
    assert waits(ask({**train, "complete": []}, about_val)) == {("AAA006", None): ("split",)}
    assert waits(ask({**train, "complete": ["split:val"]}, about_val)) == {}
    assert waits(ask(train, about_val)) == {}
    other = rule("AAA007", 'unless: [split.role != "train"]\nthen: {finding: error}')
    assert waits(ask({**train, "complete": ["split:val"]}, other)) != {}
    both = {**train, "complete": ["split:val", "split:test"]}
    assert said(ask(both, other)) == [("AAA007", "error", None)]


def test_unless_is_satisfied_only_when_all_of_it_is_true_of_one_fact() -> None:
    assert said(ask({"split": [{"role": "train"}]}, NO_VAL)) == [("AAA002", "warning", None)]
    assert said(ask({"split": [{"role": "train"}, {"role": "val"}]}, NO_VAL)) == []
    assert waits(ask({"split": [{"role": "train"}], "complete": []}, NO_VAL)) == {
        ("AAA002", None): ("split",)
    }
    assert waits(ask({"split": [{"rows": 3}]}, NO_VAL)) == {
        ("AAA002", None): ("split[split].role",)
    }


def test_an_unseen_fact_cannot_help_where_something_else_is_false() -> None:
    guarded = rule(
        "AAA008",
        'unless: [split.role == "val", config.packing == true]\nthen: {finding: advice}',
    )
    facts = {"config": {"packing": False}, "complete": []}
    assert said(ask(facts, guarded)) == [("AAA008", "advice", None)]


def test_two_names_are_never_the_same_fact() -> None:
    one = {"split": [{"role": "train", "template_share": 0.9}]}
    assert said(ask(one, TWINS)) == []
    two = {
        "split": [{"role": "train", "template_share": 0.9}, {"role": "val", "template_share": 0}]
    }
    assert said(ask(two, TWINS)) == [("AAA003", "warning", "split[train], split[val]")]


def test_some_adds_no_subject_and_fires_once() -> None:
    lora = {"method": "lora", "peak_gib": [10, 20]}
    facts = {
        "config": {"method": "qlora"},
        "machine": {"train_vram_gib": 32},
        "candidate": [{**lora, "name": "a"}, {**lora, "name": "b"}],
    }
    case = ask(facts, LORA_FITS)
    assert said(case) == [("AAA004", "advice", None)]
    assert case.findings[0].message == "a fits."
    unmeasured = {**facts, "candidate": [{"name": "a", "method": "lora"}]}
    assert waits(ask(unmeasured, LORA_FITS)) == {("AAA004", None): ("candidate[a].peak_gib",)}


def test_support_is_everything_that_was_read() -> None:
    watched = rule(
        "AAA009",
        "when: [config.max_steps > 0]\nsome: [gpu.memory_gib > 8]\nunless: [split.rows > 5]\n"
        "then: {finding: advice, about: config.max_steps, "
        "recommend: {config.max_steps: 2 * config.seed}}",
    )
    facts = {
        "config": {"max_steps": 3, "seed": 4},
        "gpu": [{"name": "small", "memory_gib": 4}, {"name": "big", "memory_gib": 24}],
        "split": [{"role": "train", "rows": 1}, {"role": "val", "rows": 2}],
    }
    case = ask(facts, watched)
    assert [fact.label(slot) for fact, slot in case.firings[0].support] == [
        "config.max_steps",
        "gpu[big].memory_gib",
        "split[train].rows",
        "split[val].rows",
        "config.seed",
    ]
    assert case.findings[0].recommend == {"config.max_steps": 8}


def test_what_waiting_rules_would_fill_is_reduced_to_leaves() -> None:
    def rows(scope: Scope) -> dict[str, float]:
        return {"run.rows": sum(scope.of(s, "rows") for s in scope.each("split", "train"))}  # type: ignore[misc]

    by = {"rows": Calculator("rows", "", ("split.role", "split.rows"), ("run.rows",), rows)}
    rules = (
        rule("AAA010", "then: {derive: {by: rows}}", calculators=by),
        rule("AAA011", "then: {derive: {run.total_steps: run.rows / config.seed}}"),
        rule("AAA012", "when: [run.total_steps < 10]\nthen: {finding: warning}"),
    )
    case = ask({"config": {"seed": 2}}, *rules, calculators=by)
    assert waits(case) == {("AAA012", None): ("split",)}
    case = ask({"split": [{"role": "train"}]}, *rules, calculators=by)
    assert waits(case) == {("AAA012", None): ("config.seed", "split[train].rows")}
    case = ask(
        {"config": {"seed": 2}, "split": [{"role": "train", "rows": 4}]}, *rules, calculators=by
    )
    assert said(case) == [("AAA012", "warning", None)]
    assert case.facts.known("run.rows").support  # type: ignore[union-attr]


def test_leaves_are_those_of_the_same_fact_whatever_it_is_called() -> None:
    names = ("m lora, micro-batch 1", "m lora, micro-batch 2")
    facts = {
        "candidate": [{"name": names[0], "params": 3}, {"name": names[1], "quality": 3}],
        "config": {"seed": 1},
    }
    peak = rule(
        "AAA014",
        "when: [candidate.params > 0]\nthen: {derive: {candidate.usd: candidate.quality}}",
    )
    dear = rule("AAA015", "when: [high(candidate.usd) > config.seed]\nthen: {finding: advice}")
    assert waits(ask(facts, peak, dear)) == {
        ("AAA015", f"candidate[{names[0]}]"): (f"candidate[{names[0]}].quality",),
        ("AAA015", f"candidate[{names[1]}]"): (f"candidate[{names[1]}].params",),
    }


def test_consulting_leaves_the_facts_as_they_are() -> None:
    facts = facts_of({"config": {"seed": 2}}, builtin())
    before = to_plain(facts)
    derived = rule("AAA013", "then: {derive: {run.rows: config.seed}}")
    case = consult(facts, book(derived), {}, design=True, engine="reference")
    assert to_plain(facts) == before
    assert case.facts.known("run.rows") is not None
