"""Row formats by the field names of axolotl, TRL, LLaMA-Factory and sentence-transformers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transxlab.facts.profiled.formats import Recogniser, order_fault

TURNS = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
SHAREGPT = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]

ROWS = [
    ({"instruction": "i", "input": "n", "output": "o"}, "instruction", "i\nn", "o"),
    ({"instruction": "i", "input": "", "output": "o", "id": 7}, "instruction", "i", "o"),
    ({"prompt": "p", "completion": "c"}, "prompt_completion", "p", "c"),
    ({"question": "q", "answer": "a"}, "prompt_completion", "q", "a"),
    ({"input": "q", "output": "a"}, "prompt_completion", "q", "a"),
    ({"prefix": "p", "completion": "c"}, "prefix_completion", "p", "c"),
    ({"context": "p", "continuation": "c"}, "prefix_completion", "p", "c"),
    ({"messages": TURNS}, "chat", "q", "a"),
    ({"conversations": SHAREGPT, "system": "s"}, "chat", "s\nq", "a"),
    ({"prompt": "p", "chosen": "c", "rejected": "r"}, "preference", "p", "c"),
    ({"chosen": TURNS, "rejected": TURNS}, "preference", "", "q\na"),
    ({"prompt": "p", "completion": "c", "label": True}, "kto", "p", "c"),
    ({"messages": TURNS, "kto_tag": False}, "kto", "q", "a"),
    ({"premise": "p", "hypothesis": "h", "label": 0}, "nli", "p\nh", "0"),
    ({"sentence1": "x", "sentence2": "y", "label": "1"}, "pair", "x\ny", "1"),
    ({"anchor": "x", "positive": "y"}, "embedding", "x", "y"),
    ({"Text": "t", "Label": "pos"}, "classification", "t", "pos"),
    ({"text": "t"}, "text", "", "t"),
    ({"content": "t", "url": "u"}, "text", "", "t"),
]


@pytest.mark.parametrize(("row", "format", "input", "output"), ROWS)
def test_formats(row: dict[str, object], format: str, input: str, output: str) -> None:
    example = Recogniser().example(row)
    assert example is not None
    assert (example.format, example.input, example.output) == (format, input, output)


def test_a_row_of_no_known_format() -> None:
    assert Recogniser().example({"foo": "x", "bar": 1}) is None


def test_content_parts_and_tool_calls() -> None:
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "weather?"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"name": "get_weather"}]},
        {"role": "tool", "content": "rain"},
        {"role": "assistant", "content": "It rains."},
    ]
    example = Recogniser().example({"messages": turns})
    assert example is not None
    assert example.input == "weather?\nrain"
    assert example.output == "get_weather\nIt rains."
    assert example.fault is None


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        (["assistant", "user"], "begins with the assistant"),
        (["user", "user", "assistant"], "two user turns"),
        (["user", "system", "assistant"], "system turn after"),
        (["user"], "no assistant turn"),
        (["user", "?"], "without a known role"),
    ],
)
def test_orders_no_template_takes(roles: list[str], words: str) -> None:
    assert words in (order_fault(roles) or "")


NAMES = st.sampled_from(sorted({name for row, *_ in ROWS for name in row}))
TURN_LIKE = st.lists(st.text() | st.dictionaries(st.text(), st.text()))


@given(st.dictionaries(NAMES, st.none() | st.booleans() | st.text() | TURN_LIKE))
def test_no_row_breaks_the_recogniser(row: dict[str, object]) -> None:
    example = Recogniser().example(row)
    assert example is None or isinstance(example.input + example.output, str)
