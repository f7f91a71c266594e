"""Slots of a lab's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from transxlab.facts.vocabulary.lab import LabError, read, vocabulary_for


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / ".transxlab" / "vocabulary.yaml"
    file.parent.mkdir()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_declared_slots_join_the_vocabulary(tmp_path: Path) -> None:
    written(
        tmp_path,
        "legal_review: {type: truth, question: 'Has legal seen the data?', knob: false}\n"
        "cluster: {type: text, values: [no, yes, 1e3], noun: the cluster}\n"
        "house_batch: {type: number, unit: rows}\n",
    )
    (tmp_path / "runs").mkdir()
    words = vocabulary_for(tmp_path / "runs")
    review, cluster = words.slot("lab.legal_review"), words.slot("lab.cluster")
    assert (review.type, review.knob, review.question) == (
        "truth",
        False,
        "Has legal seen the data?",
    )
    assert cluster.values == ("no", "yes", "1e3")
    assert cluster.spoken() == "the cluster"
    assert words.slot("lab.house_batch").check(8) == 8
    assert words.slot("config.stage")


def test_nothing_declared(tmp_path: Path) -> None:
    assert "lab" not in vocabulary_for(tmp_path)
    assert read(written(tmp_path, "")) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {type: numbr}\n", ":1: a has the type 'numbr'; nearest: number"),
        ("\na: {typ: number}\n", ":2: a has a field 'typ'; nearest: type"),
        ("a: number\n", "a is declared {type:"),
        ("A-b: {type: number}\n", "is no slot name"),
        ("a: {type: number}\na: {type: text}\n", ":2: a stands twice"),
        ("a: {values: x}\n", "a list of texts"),
        ("a: {type: number, values: [1]}\n", "a list of texts"),
        ("a: {knob: yes}\n", "expected true, false"),
        ("a: {unit: [x]}\n", "takes text as unit"),
        ("- a\n", "expected slots"),
        ("a: [\n", "is not YAML"),
        ("[" * 5000, "is not YAML"),
        (b"\xff\xfe", "UTF-8"),
        ("a: " + "x" * 70_000, "larger than"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(LabError) as raised:
        read(written(tmp_path, text))
    assert any(words in message for message in raised.value.messages), raised.value.messages


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(LabError) as raised:
        read(written(tmp_path, "a: {type: x, unt: 3}\nB: 3\n"))
    assert len(raised.value.messages) == 4
