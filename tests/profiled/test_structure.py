"""Structured outputs: what parses, what does not and why, and what is only text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import planted as data
import pytest
from transxlab.facts.profiled.facts import as_split
from transxlab.facts.profiled.formats import Example
from transxlab.facts.profiled.measures.structure import PLAIN, fault_of, kind_of
from transxlab.facts.profiled.profile import profile

JUDGED = [
    ('{"a": 1, "b": [true, null]}', "json", None),
    ('  [{"a": 1}]\n', "json", None),
    ("{}", "json", None),
    ('{"a": 1', "json", "JSON that does not parse"),
    ('{"a": 1,}', "json", "JSON that does not parse"),
    ('{"a": NaN}', "json", "JSON that does not parse"),
    ('{"a": 1}\nHope this helps!', "json", "text after the JSON"),
    ('Here it is:\n```json\n{"a": 1}\n```', "fenced", None),
    ('Here it is:\n```json\n{"a": 1,}\n```', "fenced", "fenced JSON that does not parse"),
    ("Run this:\n```python\nprint(1)", "fenced", "code fence that is not closed"),
    ("<item><name>x</name></item>", "xml", None),
    ("<item><name>x</item>", "xml", "XML that is not well-formed"),
    ("<item>1 < 2</item>", "xml", "XML that is not well-formed"),
    ("<think>1 < 2</think>", None, None),
    ("<p>Hello <br> you</p>", None, None),
    ("[1] See the notes.", None, None),
    ("{name} is a placeholder", None, None),
    ("A plain answer.", None, None),
]


@pytest.mark.parametrize(("output", "kind", "fault"), JUDGED)
def test_an_output_is_judged_by_its_kind(output: str, kind: str | None, fault: str | None) -> None:
    assert kind_of(output) == kind
    if kind is not None:
        assert fault_of(kind, Example("instruction", "Ask.", output)) == fault


def test_turns_of_a_conversation_may_follow_a_call() -> None:
    good = '{"name": "area", "arguments": {"r": 2}}\nIt is 12.57.\n{"name": "stop"}'
    assert fault_of("json", Example("chat", "Ask.", good)) is None
    assert fault_of("json", Example("chat", "Ask.", good + '\n{"name": ')) is not None


def rows(count: int) -> list[dict[str, object]]:
    return [{"prompt": f"Give {n}.", "completion": json.dumps({"n": n})} for n in range(count)]


def test_broken_rows_are_counted_and_named(tmp_path: Path) -> None:
    given = rows(100)
    given[6]["completion"] = '{"n": 6'
    given[41]["completion"] = "I cannot do that."
    path = data.write(tmp_path / "t.jsonl", given)
    split = as_split(profile({"train": path}).splits["train"])
    assert split.parse_rate == pytest.approx(0.98)
    assert split.structured_share == 0.99
    assert split.broken_outputs == 2
    assert set(split.broken_places) == {
        f"JSON that does not parse ({path}:7)",
        f"{PLAIN} ({path}:42)",
    }


def test_text_with_some_code_is_no_structured_set(tmp_path: Path) -> None:
    texts = [*data.natural(90), *["Use this:\n```\nls\n```"] * 10]
    given = [{"prompt": f"Do {n}.", "completion": text} for n, text in enumerate(texts)]
    found = profile({"train": data.write(tmp_path / "t.jsonl", given)}).splits["train"].structure
    assert (found.parse_rate, found.broken, found.share) == (1.0, 0, 0.1)


def test_the_rule_names_rows_where_outputs_must_parse(tmp_path: Path, transxlab: Any) -> None:
    given = rows(60)
    given[2]["completion"] = '{"n": 2,}'
    path = data.write(tmp_path / "t.jsonl", given)
    shown = transxlab("data", str(path), "--fact", "task.output_is_structured=true")
    text = " ".join(shown.out.split())
    assert "DAT009" in text and "JSON that does not parse" in text and "t.jsonl:3" in text
