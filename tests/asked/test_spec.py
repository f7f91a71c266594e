"""A design read back: its sections as facts, what stays, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transxlab.facts.asked.spec import read_spec_into
from transxlab.facts.origin import given
from transxlab.facts.situation import Facts

SPEC = """\
task:
  kind: classification
  labels: 4
  languages: [en, de]
  context_tokens: 512
config:
  max_seq_length: 256
data:
  rows_min: 1000
estimates:
  peak_gib: {low: 1, expected: 2, high: 3}
decisions:
- {slot: config.learning_rate, value: 2.0e-5}
rulebook: sha256:0
"""


def test_sections_become_facts_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "design_spec.yaml"
    file.write_text(SPEC)
    facts = Facts()
    assert read_spec_into(facts, file) == []
    labels, rows = facts.known("task.labels"), facts.known("strategy.rows_min")
    assert labels is not None and labels.value == 4 and labels.origin.line == 3
    assert rows is not None and rows.value == 1000 and rows.origin.line == 9
    assert facts.known("estimate.peak_gib") is None, "estimates are made anew"


def test_what_the_config_says_stays(tmp_path: Path) -> None:
    file = tmp_path / "design_spec.yaml"
    file.write_text(SPEC)
    facts = Facts()
    facts.set("config.max_seq_length", 4096, given("run.yaml", 7))
    read_spec_into(facts, file)
    assert facts.known("config.max_seq_length").value == 4096  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("learning_rate: 1e-4\n", "expected the sections of design_spec.yaml"),
        ("task: {kind: chat}\nmodell: {name: x}\n", "no section of a design; nearest: model"),
        ("task: {kindd: chat}\n", "kindd"),
        ("task: {labels: many}\n", "task.labels"),
        ("- 1\n", "expected"),
    ],
)
def test_what_is_no_design_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    problems = [str(problem) for problem in read_spec_into(Facts(), file)]
    assert len(problems) == 1 and said in problems[0] and str(file) in problems[0]


def test_rows_are_held_against_the_design(transxlab: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "design_spec.yaml").write_text(SPEC)
    rows = [{"text": f"text number {n} of them all", "label": "ab"[n % 2]} for n in range(60)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = transxlab(
        "data", "train.jsonl", "--spec", "design_spec.yaml", "--format", "json", "--out", "."
    )
    found = {one["rule"]: one for one in ran.json["findings"]}
    assert "60 rows" in found["STR003"]["message"]
    assert "holds 2 labels and the task has 4" in found["STR027"]["message"]
    assert "512 tokens" in found["STR032"]["message"]
    plan = (tmp_path / "data_plan.md").read_text()
    assert "| labels | 4 | 2 | no | design_spec.yaml:3 |" in plan
