"""Why, why not, what if, and the saved case."""

from __future__ import annotations

import json

import pytest
from making import ask, book, rule
from transxlab.engine.case import Case
from transxlab.engine.margins import margins
from transxlab.engine.memory import fingerprint, graph
from transxlab.engine.saved import CaseError, attach, read_case, write_case
from transxlab.engine.whatif import NoRulebook, clearing, rerun, safe_range
from transxlab.engine.why import Node, NothingToExplain, why, why_not
from transxlab.engine.whynot import Instead, Miss

STEPS = rule(
    "AAA001",
    "then: {derive: {run.total_steps: run.rows * config.num_train_epochs}}",
)
ROWS = rule("AAA002", "then: {derive: {run.rows: 10 * config.seed}}")
SHORT = rule(
    "AAA003",
    "when: [run.total_steps < 100, run.rows > 0]\nthen: {finding: warning, about: run.total_steps}",
)
LR = rule(
    "AAA004",
    'when: [config.stage == "sft"]\nunless: [config.optimizer == "adafactor"]\n'
    "then:\n  decide: {slot: config.learning_rate, value: 2e-4, range: [1e-4, 3e-4], "
    "alarm: {outside: [1e-5, 1e-3]}}",
)
PACKED = rule(
    "AAA005",
    "when: [config.packing == true, config.max_seq_length > 2048]\nthen: {finding: advice}",
)
QUALITY = rule("AAA006", "then: {prefer: {order: 1, most: candidate.quality}}")
SIZE = rule("AAA007", "then: {prefer: {order: 2, least: candidate.params}}")
BIG = rule("AAA008", "when: [candidate.params > 50]\nthen: {exclude: too large}")
ALL = (STEPS, ROWS, SHORT, LR, PACKED, QUALITY, SIZE, BIG)
FACTS = {
    "config": {
        "seed": 2,
        "num_train_epochs": 3,
        "stage": "sft",
        "optimizer": "adamw",
        "learning_rate": 0.1,
        "packing": True,
        "max_seq_length": 512,
    },
    "candidate": [
        {"name": "a", "model": "a", "quality": 7, "params": 3},
        {"name": "b", "model": "b", "quality": 7, "params": 9},
        {"name": "c", "model": "c", "quality": 9, "params": 99},
    ],
    "split": [{"role": "train", "untrained_share": 0.1, "rows": 5}],
}


@pytest.fixture
def case() -> Case:
    return ask(FACTS, *ALL, design=True)


def walk(node: Node) -> list[Node]:
    return [node, *(inner for child in node.children for inner in walk(child))]


def test_why_goes_down_to_what_was_given_and_tells_nothing_twice(case: Case) -> None:
    (tree,) = why(case, "AAA003")
    assert [(n.kind, n.label, n.value, n.seen) for n in walk(tree)] == [
        ("finding", "AAA003", 60, False),
        ("slot", "run.total_steps", 60, False),
        ("slot", "run.rows", 20, False),
        ("slot", "config.seed", 2, False),
        ("slot", "config.num_train_epochs", 3, False),
        ("slot", "run.rows", 20, True),
    ]
    assert tree.children[0].rule is STEPS
    assert str(tree.children[0].children[1].origin) == "example"


def test_why_answers_for_rules_slots_decisions_candidates_and_findings(case: Case) -> None:
    assert why(case, "config.learning_rate")[0].kind == "decision"
    assert why(case, "run.rows")[0].rule is ROWS
    assert why(case, "split[train].rows")[0].value == 5
    assert why(case, 0)[0].kind == "finding"
    with pytest.raises(NothingToExplain, match=r"nearest: .*run\.rows"):
        why(case, "run.row")


def test_why_names_the_first_key_on_which_the_winner_won(case: Case) -> None:
    preferred = why(case, "a")[0].children[0]
    assert (preferred.kind, preferred.label, preferred.value, preferred.other) == (
        "preferred",
        "candidate[b]",
        3,
        9,
    )
    assert preferred.rule is SIZE
    (out,) = why(case, "c")[0].children
    assert (out.kind, out.text, out.rule) == ("excluded", "too large", BIG)
    kinds = [node.kind for node in walk(why(case, "model.name")[0])]
    assert "candidate" in kinds and "preferred" in kinds


def test_why_not_shows_what_fails_and_the_smallest_change(case: Case) -> None:
    miss = why_not(case, "AAA005")
    assert isinstance(miss, Miss) and miss.outcome == "silent"
    assert [(j.text, j.truth, j.read) for j in miss.when] == [
        ("config.packing == true", True, (("config.packing", True),)),
        ("config.max_seq_length > 2048", False, (("config.max_seq_length", 512),)),
    ]
    assert miss.change is not None
    assert miss.change.values == (("config.max_seq_length", 2049),)
    fired = why_not(case, "AAA003")
    assert isinstance(fired, Miss) and fired.outcome == "fired"
    with pytest.raises(NothingToExplain, match="nearest: AAA00"):
        why_not(case, "AAA009")


def test_why_not_turns_unless_off(case: Case) -> None:
    spared = ask(
        {**FACTS, "config": {**FACTS["config"], "optimizer": "adafactor"}},  # type: ignore[dict-item]
        *ALL,
    )
    miss = why_not(spared, "AAA004")
    assert isinstance(miss, Miss) and [j.truth for j in miss.unless] == [True]


def test_why_not_of_a_value_says_what_stands_and_what_would_ring(case: Case) -> None:
    instead = why_not(case, slot="config.learning_rate", value="5e-6")
    assert isinstance(instead, Instead)
    assert instead.decision is not None and instead.decision.value == 2e-4
    assert [f.rule.id for f in instead.alarms] == ["AAA004"]
    fine = why_not(case, slot="config.learning_rate", value=2e-4)
    assert isinstance(fine, Instead) and fine.clears == ("AAA004",)
    with pytest.raises(NothingToExplain, match="takes a number"):
        why_not(case, slot="config.learning_rate", value="fast")


def test_rerun_recomputes_and_forgets(case: Case) -> None:
    again = rerun(case, {"config.seed": 100})
    assert again.facts.known("run.total_steps").value == 3000  # type: ignore[union-attr]
    assert "AAA003" not in {f.rule.id for f in again.findings}
    forgotten = rerun(case, {"config.seed": None})
    assert forgotten.facts.known("run.rows") is None
    assert fingerprint(rerun(case, {})) == fingerprint(case)
    with pytest.raises(KeyError, match="nearest"):
        rerun(case, {"split[trian].rows": 3})


def test_rerun_forgets_what_was_measured_under_the_knob(case: Case) -> None:
    label = "split[train].untrained_share"
    assert rerun(case, {"config.max_seq_length": 512}).facts.known(label) is not None
    assert rerun(case, {"config.max_seq_length": 1024}).facts.known(label) is None
    both = rerun(case, {"config.max_seq_length": 1024, label: 0.2})
    assert both.facts.known(label).value == 0.2  # type: ignore[union-attr]


def test_clearing_proposes_knobs_only_and_tries_them(case: Case) -> None:
    finding = next(f for f in case.findings if f.rule.id == "AAA004")
    best = clearing(case, finding)[0]
    assert best.values == (("config.learning_rate", 1e-3),) and best.brings == ()


def test_the_safe_range_is_exact_and_says_where_it_has_no_end(case: Case) -> None:
    (span,) = safe_range(case, "config.learning_rate")
    assert (span.low, span.high, span.with_low, span.with_high) == (1e-5, 1e-3, True, True)
    (open_end,) = safe_range(case, "config.max_seq_length")
    assert (open_end.low, open_end.high) == (None, 2048)
    with pytest.raises(ValueError, match="not a number"):
        safe_range(case, "config.stage")


def test_margins_are_the_limits_a_run_is_nearest_to(case: Case) -> None:
    calm = ask({**FACTS, "config": {**FACTS["config"], "learning_rate": 2e-4}}, *ALL)  # type: ignore[dict-item]
    found = [(m.rule.id, m.label, m.held, m.limit, round(m.size, 2)) for m in margins(calm)]
    assert found == [
        ("AAA005", "config.max_seq_length", 512, 2048, 0.6),
        ("AAA004", "config.learning_rate", 2e-4, 1e-3, 0.7),
        ("AAA004", "config.learning_rate", 2e-4, 1e-5, 1.3),
    ]


def test_a_saved_case_explains_itself_without_its_rulebook(case: Case) -> None:
    content = write_case(case)
    assert b'"transxlab_case"' in content[:200]
    saved = read_case(content)
    assert fingerprint(saved) == fingerprint(case)
    for target in ("AAA003", "config.learning_rate", "a", "c"):
        shown = [(n.kind, n.label, n.value, n.seen) for n in walk(why(saved, target)[0])]
        assert shown == [(n.kind, n.label, n.value, n.seen) for n in walk(why(case, target)[0])]
    assert why(saved, "AAA003")[0].rule.what == "Rule AAA003."  # type: ignore[union-attr]
    with pytest.raises(NoRulebook):
        rerun(saved, {})
    with pytest.raises(NothingToExplain, match="rulebook"):
        why_not(saved, "AAA005")
    attached, same = attach(saved, book(*ALL), {})
    assert same and fingerprint(rerun(attached, {})) == fingerprint(case)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"transxlab_case": 9}', b'{"transxlab_case": 1}', b"\xff\xfe"],
)
def test_what_is_no_saved_case_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(CaseError, match="expected a saved case"):
        read_case(content)


def test_a_damaged_case_is_said_to_be_one(case: Case) -> None:
    plain = json.loads(write_case(case))
    for key in plain:
        if key != "transxlab_case":
            with pytest.raises(CaseError, match="expected a saved case"):
                read_case(json.dumps({**plain, key: 7 if key != "design" else {}}).encode() * 2)


def test_the_graph_leads_from_what_was_given_to_what_was_said(case: Case) -> None:
    networkx = pytest.importorskip("networkx")
    made = graph(case)
    finding = next(n for n, f in enumerate(case.findings) if f.rule.id == "AAA003")
    assert networkx.has_path(made, ("slot", "config.seed"), ("finding", finding))
    assert networkx.has_path(made, ("slot", "config.stage"), ("decision", "config.learning_rate"))
    assert networkx.is_directed_acyclic_graph(made)
