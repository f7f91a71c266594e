"""The order of rules and slots, and what cannot be ordered."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulefiles import book, mistakes, rule_text
from transxlab.facts.calculator import Calculator

CHAIN = {
    "c.yaml": rule_text("then: {derive: {run.tokens: run.rows * 2}}", "TST003"),
    "a.yaml": rule_text("when: [run.tokens > 3]\nthen: {finding: warning}", "TST001"),
    "b.yaml": rule_text("then: {derive: {run.rows: 5}}", "TST002"),
    "d.yaml": rule_text("then: {derive: {run.rows: 6}}", "TST004"),
}


def place(steps: tuple[tuple[str, str], ...], name: str) -> int:
    return next(i for i, (_, found) in enumerate(steps) if found == name)


def test_writers_then_the_slot_then_its_readers(tmp_path: Path) -> None:
    steps = book(tmp_path, CHAIN).steps
    wanted = ["TST002", "TST004", "run.rows", "TST003", "run.tokens", "TST001"]
    assert [name for _, name in steps if name in wanted] == wanted


def test_the_order_does_not_depend_on_the_order_of_the_files(tmp_path: Path) -> None:
    reversed_files = dict(reversed(CHAIN.items()))
    assert book(tmp_path / "a", CHAIN).steps == book(tmp_path / "b", reversed_files).steps


def test_a_calculator_counts_as_reading_and_writing(tmp_path: Path) -> None:
    calculators = {"c": Calculator("c", "x", ("run.rows",), ("run.tokens",), lambda _: {})}
    files = {**CHAIN, "c.yaml": rule_text("then: {derive: {by: c}}", "TST003")}
    steps = book(tmp_path, files, calculators=calculators).steps
    assert place(steps, "run.rows") < place(steps, "TST003") < place(steps, "run.tokens")


def test_candidates_are_chosen_between_what_judges_them_and_what_they_stand_for(
    tmp_path: Path,
) -> None:
    steps = book(
        tmp_path,
        {
            "a.yaml": rule_text("when: [candidate.quality < 3]\nthen: {exclude: poor}", "TST001"),
            "b.yaml": rule_text("then: {prefer: {order: 1, most: candidate.quality}}", "TST002"),
            "c.yaml": rule_text(
                'when: [config.method == "lora"]\nthen: {decide: {slot: adapter.r, value: 16}}',
                "TST003",
            ),
        },
    ).steps
    choosing = next(i for i, (kind, _) in enumerate(steps) if kind == "choose")
    assert place(steps, "TST001") < place(steps, "candidate.excluded") < choosing
    assert place(steps, "TST002") < choosing < place(steps, "config.method")
    assert place(steps, "config.method") < place(steps, "TST003") < place(steps, "adapter.r")


@pytest.mark.parametrize(
    ("bodies", "words"),
    [
        (
            [
                "then: {derive: {run.rows: run.tokens}}",
                "then: {derive: {run.tokens: run.rows}}",
                "then: {derive: {run.total_steps: run.rows}}",
            ],
            "a cycle: ",
        ),
        (
            [
                "when: [run.rows > 3]\nthen: {decide: {slot: adapter.r, value: 8}}",
                "then: {derive: {adapter.r: 8}}",
            ],
            "adapter.r is derived by TST001 and decided by TST000",
        ),
        (
            ["when: [adapter.r > 3]\nthen: {decide: {slot: adapter.r, value: 8}}"],
            "reads adapter.r, which it decides",
        ),
        (
            [
                "then: {decide: {slot: config.method, value: lora}}",
                "when: [candidate.quality < 3]\nthen: {exclude: poor}",
            ],
            "config.method is chosen with the candidate",
        ),
    ],
)
def test_what_cannot_be_ordered(tmp_path: Path, bodies: list[str], words: str) -> None:
    files = {f"{i}.yaml": rule_text(body, f"TST{i:03}") for i, body in enumerate(bodies)}
    found = mistakes(tmp_path, files)
    assert any(words in message for message in found), found


def test_the_cycle_that_is_shown_is_a_shortest_one(tmp_path: Path) -> None:
    bodies = {
        "TST001": "then: {derive: {run.rows: run.tokens}}",
        "TST002": "then: {derive: {run.tokens: run.total_steps}}",
        "TST003": "then: {derive: {run.total_steps: run.rows}}",
        "TST004": "then: {derive: {run.warmup_steps: run.effective_batch}}",
        "TST005": "then: {derive: {run.effective_batch: run.warmup_steps}}",
    }
    found = mistakes(tmp_path, {f"{i}.yaml": rule_text(b, i) for i, b in bodies.items()})
    assert len(found) == 1
    shown = found[0].removeprefix("a cycle: ").split(" -> ")
    assert set(shown) == {"TST004", "TST005", "run.warmup_steps", "run.effective_batch"}


def test_a_decision_may_look_at_its_own_slot_in_its_alarm_only(tmp_path: Path) -> None:
    body = """then:
  decide:
    slot: adapter.r
    value: 8
    alarm: {outside: [4, 64], error_when: [adapter.r > 1000]}
"""
    assert not mistakes(tmp_path, {"a.yaml": rule_text(body)})


def test_what_candidates_estimate_may_not_wait_for_the_choice(tmp_path: Path) -> None:
    """The rank follows from the chosen method, and the peak from that rank: a circle."""
    peak = Calculator("peak", "x", ("adapter.r",), ("candidate.peak_gib",), lambda _: {})
    files = {
        "a.yaml": rule_text(
            'when: [config.method == "lora"]\nthen: {decide: {slot: adapter.r, value: 16}}',
            "TST001",
        ),
        "b.yaml": rule_text("for: {candidate: candidate}\nthen: {derive: {by: peak}}", "TST002"),
        "c.yaml": rule_text(
            "when: [low(candidate.peak_gib) > 24]\nthen: {exclude: too big}", "TST003"
        ),
    }
    from transxlab.engine.rulebook import RulebookError

    with pytest.raises(RulebookError, match="a cycle"):
        book(tmp_path, files, calculators={"peak": peak})
