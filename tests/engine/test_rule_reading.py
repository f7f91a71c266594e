"""Reading one rule: strict YAML, every mistake at once, each with its line and its cure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rulefiles import one_rule, problems_of, rule_text
from transxlab.engine.rule import Decide, Derive, Finding, Literally, Prefer, Table
from transxlab.engine.yamlfile import parse
from transxlab.facts.calculator import Calculator

FINDING = "when:\n  - config.max_steps > 5\nthen: {finding: warning}\n"
TEN_MISTAKES = """id: LR1
what: x
what: y
wen:
  - config.stage == "sft"
when:
  - "sft" in config.stage
  - config.learning_rate > 1e-4: yes
  - config.stage == "sftt"
  - config.lerning_rate > 1e-4
since: 0.10
other: *a
then: {finding: eror, message: "{config.lr} x"}
evidence: papers
sources: [ac-v2]
examples:
  - {name: one, facts: {config: {stage: sfd}}}
"""


def test_ten_mistakes_give_ten_sentences() -> None:
    found = problems_of(TEN_MISTAKES)
    expected = {
        1: "LR001",
        3: "stands twice",
        4: "no field 'wen'; nearest: when",
        7: "quoted whole: '\"sft\" in config.stage'",
        8: "a condition is text",
        9: "nearest: sft",
        10: "nearest: config.learning_rate",
        12: "aliases are not read",
        13: "nearest: error",
        14: "nearest: paper",
        15: "{id: ..., where: ...}",
        17: "expects nothing",
    }
    for line, words in expected.items():
        assert any(p.startswith(f"{line}: ") and words in p for p in found), (line, words, found)
    assert found == sorted(found, key=lambda problem: int(problem.split(":")[0]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("5E+3", 5000.0),
        ("007", 7),
        ("-3", -3),
        (".5", 0.5),
        ("true", True),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("", None),
        ("2026-11-21", "2026-11-21"),
        ("12:30:00", "12:30:00"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("'1'", "1"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    document = parse(f"a: {text}\n", "f.yaml")
    assert not document.problems
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n", "anchors are not read"),
        ("a: !!python/object:os.system x\n", "tags are not read"),
        ("a: 1\na: 2\n", "stands twice"),
        ("1: x\n", "not text"),
        ("a: .inf\n", "null for an open end"),
        ("a: 1e999\n", "too large"),
        ("a:\n\tb: 1\n", "tab"),
        ("a: b: c\n", "quote the text"),
        ("a: [1, 2\n", "not closed"),
        ("a: 'b\n", "not closed"),
        ("a: @b\n", "must be quoted"),
        ("--- {a: 1}\n--- {b: 1}\n", "second document"),
        ("a: " + "[" * 40 + "]" * 40, "nested deeper"),
        ("a: \x01\n", "is not YAML"),
        ("a: " + "x" * 300_000, "larger than"),
    ],
)
def test_what_strict_yaml_refuses(text: str, words: str) -> None:
    found = [problem.message for problem in parse(text, "f.yaml").problems]
    assert any(words in message for message in found), found
    assert all("\n" not in message for message in found)


def test_reading_goes_on_after_a_line_that_is_no_yaml() -> None:
    forgot = "id: [1\nwhen: @x\nthen: {finding: eror}\n"
    assert [p[:2] for p in problems_of(forgot)] == ["1:", "2:", "3:"]
    runs_on = "what: 'one\n  two\nthen: {finding: eror}\n"
    assert problems_of(runs_on) == ["1: a quote is not closed: 'one"]


def test_an_alias_bomb_is_refused_without_being_expanded() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    assert any("aliases are not read" in p for p in problems_of("\n".join(rows)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02", "zero byte"),
        (b"\xff\xfe\x00i", "UTF-8"),
        (b"", "holds no rule"),
        (b"- a\n- b\n", "holds no rule"),
    ],
)
def test_what_is_no_rule_is_one_sentence(content: bytes, words: str) -> None:
    found = problems_of(content)
    assert len(found) == 1
    assert words in found[0]


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_content_raises(content: bytes) -> None:
    assert problems_of(content)


@given(st.text(alphabet="abc:{}[]-'\" \n\t#&*!|>%@,.012", max_size=120))
@settings(max_examples=200, deadline=None)
def test_no_text_raises(text: str) -> None:
    problems_of(text)
    problems_of(rule_text(text))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("when: config.max_steps > 5\nthen: {finding: warning}", "takes a list"),
        ("when:\n  - true\nthen: {finding: warning}", "expected a comparison, got true"),
        ("when: [min(config.max_steps, run.rows) > 1]\nthen: {finding: warning}", "block list"),
        ("when:\n" + "  - config.max_steps > 5\n" * 9 + "then: {finding: warning}",
         "more than 8 conditions"),
        ("then: {findings: warning}", "nearest: finding"),
        ("then: {finding: warning, exclude: x}", "exactly one of"),
        ("then: {finding: warning, value: 3}", "does not stand beside finding"),
        ("then: {finding: warning, about: config.learning_rat}", "nearest: learning_rate"),
        ("then: {finding: warning, about: split.rows}", "which of them?"),
        ("then: {finding: warning, message: '{split.rows} rows'}", "which of them?"),
        ("then: {finding: warning, message: '{config.max_steps:gb}'}", "unknown unit"),
        ("then: {finding: warning, message: 'a { b'}", "not closed"),
        ("then: {finding: warning, message: '{config.max_steps.real}'}", "expected template.slot"),
        ("then: {finding: warning, recommend: {config.stage: [a, b]}}", "takes text"),
        ("then: {finding: warning, recommend: {config.max_steps: [5, 1]}}", "is above the high"),
        ("then: {finding: warning, recommend: {config.max_steps: [null, null]}}", "open at both"),
        ("then: {decide: {slot: run.rows, value: 3}}", "is no knob"),
        ("then: {decide: {slot: config.max_steps}}", "decides nothing"),
        ("then: {decide: {slot: config.max_steps, value: text}}", "stands alone"),
        ("then: {decide: {slot: config.max_steps, value: config.packing}}", "takes number"),
        ("then: {decide: {slot: config.max_steps, value: low(estimate.peak_gib) + estimate.usd}}",
         "write low(estimate.usd)"),
        ("then: {decide: {slot: config.precision, value: bf17}}", "nearest: bf16"),
        ("then: {decide: {slot: config.precision, value: bf16, range: [1, 2]}}", "of numbers"),
        ("then: {decide: {slot: config.max_steps, value: 3, strength: shoud}}", "nearest: should"),
        ("then: {decide: {slot: config.max_steps, value: 3, alarm: {severity: error}}}",
         "never rings"),
        ("then: {decide: {slot: config.max_steps, value: split.rows}}", "which of them?"),
        ("then: {derive: {run.rows: 'config.stage'}}", "takes number"),
        ("then: {derive: {by: nothing}}", "no calculator 'nothing'"),
        ("when: [split.rows > 3]\nthen: {derive: {run.rows: split.rows}}", "use a calculator"),
        ("then: {derive: {run.rows: {of: config.method, at: {lora: 3}, below: []}}}",
         "a table is written"),
        ("then: {derive: {run.rows: {of: config.method, at: {lra: 3}}}}", "nearest: lora"),
        ("then: {derive: {run.rows: {of: run.steps_per_epoch, below: [[5, 1], [3, 2]]}}}",
         "must rise"),
        ("then: {derive: {run.rows: {of: config.method, below: [[5, 1]]}}}", "takes number"),
        ("then: {prefer: {order: 1, most: candidate.quality, least: candidate.params}}",
         "prefer takes"),
        ("then: {prefer: {order: 1, most: candidate.peak_gib}}", "write low(candidate.peak_gib)"),
        ("then: {accept: fine}", "name the rules it silences"),
        ("for: {a: config}\nthen: {finding: warning}", "no template with several facts"),
        ("for: {config: split}\nthen: {finding: warning}", "hides the template"),
        ("then: {finding: warning}\nfix: {set: {run.rows: 3}}", "a fix changes knobs only"),
        ("then: {finding: warning}\nuntested: ['config.max_steps > 1: none has it']",
         "is no condition"),
        ("then: {finding: warning}\nread: nowhere", "chapter.md#anchor"),
    ],
)  # fmt: skip
def test_mistakes_of_a_rule(body: str, words: str) -> None:
    found = problems_of(rule_text(body))
    assert any(words in problem for problem in found), found


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ("{name: a, facts: {config: {stage: sfd}}, fires: true}", "nearest: sft"),
        ("{name: a, facts: {confg: {stage: sft}}, fires: true}", "nearest: config"),
        ("{name: a, facts: {split: {rows: 3}}, fires: true}", "write a list"),
        ("{name: a, facts: {config: [3]}, fires: true}", "has one fact"),
        ("{name: a, facts: {complete: [config]}, fires: true}", "no template with several"),
        ("{name: a, facts: {}, fires: maybe}", "true, false or unknown"),
        ("{name: a, facts: {}, severity: worse}", "expected severity"),
        ("{name: a, facts: {}, fire: true}", "nearest: fires"),
        ("{name: a, facts: {}}", "expects nothing"),
        ("{facts: {}, fires: true}", "an example is written"),
    ],
)
def test_mistakes_of_an_example(example: str, words: str) -> None:
    tail = f"evidence: paper\nsources: [{{id: a}}]\nexamples:\n  - {example}\n"
    found = problems_of(rule_text(FINDING, tail=tail))
    assert any(words in problem for problem in found), found


@pytest.mark.parametrize("missing", ["id", "what", "then", "evidence", "sources", "examples"])
def test_what_every_rule_must_have(missing: str) -> None:
    rows = rule_text(FINDING).replace("examples:\n  - ", "examples: ").split("\n")
    kept = [row for row in rows if not row.startswith(missing)]
    assert any(f"field '{missing}' is missing" in p for p in problems_of("\n".join(kept)))


def test_a_calculator_that_writes_one_of_several_needs_it_named() -> None:
    calculators = {"c": Calculator("c", "x", (), ("split.truncated_share",), lambda _: {})}
    then = "then: {derive: {by: c}}"
    assert any(
        "which there may be several" in p
        for p in problems_of(rule_text(then), calculators=calculators)
    )
    assert not problems_of(rule_text(f"when: [known(split.rows)]\n{then}"), calculators=calculators)
    assert not problems_of(rule_text(f"for: {{split: split}}\n{then}"), calculators=calculators)


def test_values_by_the_type_of_their_slot() -> None:
    number = one_rule(
        "then: {decide: {slot: adapter.alpha, value: 2 * adapter.r, range: [null, 64]}}"
    )
    assert isinstance(number.then, Decide)
    assert number.then.value is not None
    assert not isinstance(number.then.value, Literally)
    assert number.then.range == (None, Literally(64))
    text = one_rule("then: {decide: {slot: config.precision, value: bf16}}")
    assert isinstance(text.then, Decide)
    assert text.then.value == Literally("bf16")
    unset = one_rule("then: {decide: {slot: config.neftune_noise_alpha, value: null}}")
    assert isinstance(unset.then, Decide)
    assert unset.then.value == Literally(None)


def test_tables_look_up_by_the_type_of_their_key() -> None:
    body = """then:
  derive:
    run.rows: {of: config.packing, at: {"true": 1, "false": 2, none: 3}, else: null}
    run.tokens: {of: run.steps_per_epoch, below: [[10, 1], [1e3, 2 * run.rows]], else: 7}
"""
    rule = one_rule(body)
    assert isinstance(rule.then, Derive)
    at, below = (term for _, term in rule.then.values)
    assert isinstance(at, Table)
    assert [key for key, _ in at.at] == [True, False, None]
    assert at.otherwise == Literally(None)
    assert isinstance(below, Table)
    assert [bound for bound, _ in below.below] == [10, 1000]


def test_what_a_rule_ranges_over() -> None:
    two = one_rule(
        "for: {train: split, val: split}\n"
        'when: [train.role == "train", val.role == "val", gpu.role == "train"]\n'
        "then: {finding: warning}"
    )
    assert two.binds == (("train", "split"), ("val", "split"), ("gpu", "gpu"))
    free = one_rule(
        'for: {other: split}\nwhen: [config.max_steps > 3]\nunless: [other.role == "val"]\n'
        "then: {finding: warning}"
    )
    assert free.binds == ()
    prefer = one_rule("then: {prefer: {order: 1, most: candidate.quality}}")
    assert isinstance(prefer.then, Prefer)
    assert prefer.binds == (("candidate", "candidate"),)


def test_a_finding_without_a_message_says_what_the_rule_says() -> None:
    rule = one_rule("since: 0.10\nthen: {finding: warning}")
    assert isinstance(rule.then, Finding)
    assert rule.message == "What it says."
    assert rule.since == "0.10"
    assert rule.name == "a-rule"


def test_a_lesson_in_markdown() -> None:
    text = (
        "# What happened\n\nWe lost a week.\n\n```yaml rule\n"
        + rule_text(FINDING, "LAB001")
        + "```\n\nand\n\n```yaml\nnot: a rule\n```\n"
    )
    assert not problems_of(text, "lesson.md")
    broken = problems_of(text.replace("config.max_steps", "config.max_stps"), "lesson.md")
    assert broken[0].startswith("9: config.max_stps > 5: there is no slot")
    assert "yaml rule" in problems_of("# Nothing\n", "lesson.md")[0]
