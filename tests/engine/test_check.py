"""Static analysis: what is wrong although every rule reads well alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulefiles import book, rule_text
from transxlab.engine.check import check

FINDING = "then: {finding: warning, about: config.max_steps}"


def remarks(tmp_path: Path, *bodies: str, **given: set[str]) -> list[str]:
    files = {f"r{i}.yaml": rule_text(body, f"TST{i:03}") for i, body in enumerate(bodies)}
    found = check(book(tmp_path, files), **given)
    return [f"{remark.severity} {remark.rule}: {remark.message}" for remark in found]


def when(*conditions: str, then: str = FINDING, more: str = "") -> str:
    rows = "".join(f"  - '{c}'\n" for c in conditions)
    return f"when:\n{rows}{more}{then}\n"


@pytest.mark.parametrize(
    "body",
    [
        when("config.max_steps > 5", "config.max_steps < 5"),
        when("config.max_steps > 5", "config.max_steps <= 5"),
        when('config.stage == "sft"', 'config.stage in ["dpo", "kto"]'),
        when('config.stage == "sft"', 'config.stage != "sft"'),
        when("config.max_steps == none", "config.max_steps > 0"),
        when("config.packing == true", "config.packing == false"),
        when("config.max_steps in [1, 2]", "config.max_steps > 2"),
        when("config.max_steps > 5", more="unless: [config.max_steps > 3]\n"),
        when('config.stage == "sft"', more='unless:\n  - config.stage in ["sft", "dpo"]\n'),
    ],
)
def test_rules_that_never_fire(tmp_path: Path, body: str) -> None:
    assert any("error TST000: never fires" in r for r in remarks(tmp_path, body))


@pytest.mark.parametrize(
    "body",
    [
        when("config.max_steps >= 5", "config.max_steps <= 5"),
        when("config.max_steps > 5", more="unless: [config.max_steps > 6]\n"),
        when("config.max_steps > 5", more="unless: [config.max_steps > 3, run.rows > 3]\n"),
        when("config.max_steps != 3", "config.max_steps > 2"),
        when('split.role == "train"', then="then: {finding: warning}"),
    ],
)
def test_rules_that_may_fire(tmp_path: Path, body: str) -> None:
    assert not any("never fires" in r for r in remarks(tmp_path, body))


def test_an_unless_that_never_holds(tmp_path: Path) -> None:
    body = when("run.rows > 1", more="unless: [config.max_steps > 5, config.max_steps < 3]\n")
    assert any("unless can never hold" in r for r in remarks(tmp_path, body))


def test_a_rule_that_another_one_makes_idle(tmp_path: Path) -> None:
    narrow = when("config.max_steps > 10", 'config.stage == "sft"')
    wide = when("config.max_steps > 5")
    assert any(
        "TST000: says nothing that TST001 does not say" in r
        for r in remarks(tmp_path, narrow, wide)
    )


def test_an_exception_or_another_severity_makes_a_difference(tmp_path: Path) -> None:
    narrow = when("config.max_steps > 10", 'config.stage == "sft"')
    excused = when("config.max_steps > 5", more="unless: [run.rows > 3]\n")
    error = when("config.max_steps > 5", then=FINDING.replace("warning", "error"))
    assert not any("says nothing" in r for r in remarks(tmp_path, narrow, excused, error))


DECIDE = "then: {decide: {slot: adapter.r, value: %d}}"


@pytest.mark.parametrize(
    ("one", "other", "tied"),
    [
        (when("run.rows > 5", then=DECIDE % 8), when("run.tokens > 9", then=DECIDE % 16), True),
        (when("run.rows > 5", then=DECIDE % 8), when("run.tokens > 9", then=DECIDE % 8), False),
        (when("run.rows > 5", then=DECIDE % 8), when("run.rows < 5", then=DECIDE % 16), False),
        (
            when("run.rows > 5", then=DECIDE % 8),
            when("run.tokens > 9", then=DECIDE % 16, more="overrides: [TST000]\n"),
            False,
        ),
        (
            when("run.rows > 5", then=DECIDE % 8),
            when("run.tokens > 9", "run.rows > 7", then=DECIDE % 16),
            False,
        ),
        (
            when('config.stage == "sft"', "run.rows > 1", then=DECIDE % 8),
            when("run.tokens > 9", then=DECIDE % 16, more='unless: [config.stage == "sft"]\n'),
            False,
        ),
    ],
)
def test_ties_between_decisions(tmp_path: Path, one: str, other: str, tied: bool) -> None:
    found = remarks(tmp_path, one, other)
    assert any("ties with TST000 on adapter.r" in r for r in found) is tied, found


def test_sources_and_anchors_that_are_missing(tmp_path: Path) -> None:
    body = when("run.rows > 5") + "read: batch.md#steps\ndissent: [{id: blog, says: no}]\n"
    found = remarks(tmp_path, body, sources={"house"}, anchors={"batch.md#rows"})
    assert [r for r in found if r.startswith("error")] == [
        "error TST000: batch.md#steps is no place of the knowledge base",
        "error TST000: source 'blog' is not in the table of sources",
    ]
    assert not any(r.startswith("error") for r in remarks(tmp_path / "b", body))


def test_names_that_nothing_uses(tmp_path: Path) -> None:
    body = "for: {train: split, val: split}\n" + when(
        'train.role == "train"', then="then: {finding: warning}"
    )
    found = remarks(tmp_path, body)
    assert any("for names val" in r for r in found)
    assert not any("for names train" in r for r in found)


def test_a_decision_against_itself(tmp_path: Path) -> None:
    body = """then:
  decide: {slot: adapter.r, value: 8, range: [16, 64], alarm: {outside: [null, 4]}}
"""
    found = remarks(tmp_path, body)
    assert any("outside its range" in r for r in found)
    assert any("outside what its alarm leaves" in r for r in found)


@pytest.mark.parametrize(
    ("held", "tested"),
    [([4, 6], True), ([5], True), ([4], False), ([6, 7], False), ([], False)],
)
def test_bounds_without_an_example(tmp_path: Path, held: list[int], tested: bool) -> None:
    rows = "".join(
        f"  - {{name: e{v}, facts: {{config: {{max_steps: {v}}}}}, fires: unknown}}\n" for v in held
    )
    tail = "evidence: paper\nsources: [{id: a}]\nexamples:\n" + rows
    tail += "  - {name: nothing, facts: {}, fires: unknown}\n"
    files = {"r.yaml": rule_text(when("config.max_steps > 5"), tail=tail)}
    found = [r.message for r in check(book(tmp_path, files))]
    assert any("no example stands at the bound" in m for m in found) is not tested


def test_overriding_a_rule_that_was_replaced(tmp_path: Path) -> None:
    files = {
        "a.yaml": rule_text(when("run.rows > 1"), "TST001"),
        "b.yaml": rule_text(when("run.rows > 2", more="replaces: [TST001]\n"), "TST002"),
        "c.yaml": rule_text(when("run.rows > 3", more="overrides: [TST001]\n"), "TST003"),
    }
    found = [r.message for r in check(book(tmp_path, files)) if r.rule == "TST003"]
    assert "overrides TST001, which TST002 replaced: override TST002" in found
