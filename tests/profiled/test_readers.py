"""Every reader survives bad bytes, names file and line, and gives the rest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from transxlab.facts.profiled.problem import Problem
from transxlab.facts.profiled.readers import lines, source

Rows = list[tuple[int, dict[str, object]]]


def read(path: Path, chunk_bytes: int = source.CHUNK_BYTES) -> tuple[Rows, list[Problem]]:
    found = source.detect(str(path))
    if isinstance(found, Problem):
        return [], [found]
    problems: list[Problem] = []
    rows: Rows = []
    for chunk in source.plan(str(path), found, chunk_bytes):
        rows += source.read(chunk, problems.append)
    return rows, problems


def row(number: int) -> bytes:
    return json.dumps({"text": f"row number {number}"}).encode()


BAD_LINES = [
    (b'{"text": NaN}', "not-json"),
    (b'{"text": "breaks', "truncated-line"),
    (b'{"text": "\xff"}', "encoding"),
    (b'["a", "list"]', "not-an-object"),
    (b"7", "not-an-object"),
    (b"{'text': 'quotes'}", "not-json"),
    (b"[" * 100_000, "not-json"),
]


@pytest.mark.parametrize(
    ("bad", "kind"), BAD_LINES, ids=[k + str(i) for i, (_, k) in enumerate(BAD_LINES)]
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, bad: bytes, kind: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\n".join([row(1), row(2), bad, row(4)]))
    rows, problems = read(path)
    assert [line for line, _ in rows] == [1, 2, 4]
    assert [(p.line, p.kind) for p in problems] == [(3, kind)]
    assert str(problems[0]).startswith(f"{path}:3: ")


def test_byte_order_mark_crlf_and_line_separators_inside_text(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    inner = json.dumps({"text": "one\u2028two\u0085three"}, ensure_ascii=False).encode()
    path.write_bytes(b"\xef\xbb\xbf" + row(1) + b"\r\n\r\n" + inner + b"\r\n")
    rows, problems = read(path)
    assert rows == [(1, {"text": "row number 1"}), (3, {"text": "one\u2028two\u0085three"})]
    assert not problems


def test_a_line_beyond_the_cap_is_skipped_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_BYTES", 1 << 20)
    path = tmp_path / "train.jsonl"
    path.write_bytes(row(1) + b'\n{"text": "' + b"x" * (3 << 20) + b'"}\n' + row(3))
    rows, problems = read(path)
    assert [line for line, _ in rows] == [1, 3]
    assert [(p.line, p.kind) for p in problems] == [(2, "long-line")]


@pytest.mark.parametrize("chunk_bytes", [1, 64, 1000, 1 << 20])
def test_chunks_give_every_line_once_with_its_number(
    tmp_path: Path, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_PIECE_BYTES", 97)
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\n".join(row(n) for n in range(1, 200)))
    rows, problems = read(path, chunk_bytes)
    assert rows == [(n, {"text": f"row number {n}"}) for n in range(1, 200)]
    assert not problems


def test_a_truncated_gzip_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl.gz"
    whole = gzip.compress(b"\n".join(row(n) for n in range(50_000)))
    path.write_bytes(whole[: len(whole) // 2])
    rows, problems = read(path)
    assert len(rows) > 10_000
    assert "truncated-archive" in {p.kind for p in problems}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty-file"),
        (b"\n\n  \n", "empty-file"),
        (b"\x7fELF\x02\x01\x01" + bytes(4000), "binary"),
        ("{}".encode("utf-16"), "encoding"),
    ],
)
def test_a_file_of_no_use_is_one_problem(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(content)
    rows, problems = read(path)
    assert not rows
    assert [(p.kind, p.fatal) for p in problems] == [(kind, True)]


def test_a_missing_file_is_one_problem(tmp_path: Path) -> None:
    _, problems = read(tmp_path / "none.jsonl")
    assert problems[0].fatal
    assert "no such file" in str(problems[0])


def test_a_json_array_with_a_broken_record_and_an_open_end(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text('[{"text": "a"},\n {"text": oops},\n {"text": "c"},\n {"text": "d"}')
    rows, problems = read(path)
    assert [r["text"] for _, r in rows] == ["a", "c", "d"]
    assert {p.kind for p in problems} == {"not-json", "truncated-array"}


@pytest.mark.parametrize(
    "text",
    [
        '[{"text": "a"}, {"text": "b"}]',
        '{"data": [{"text": "a"}, {"text": "b"}]}',
        '[\n  {"text": "a"},\n  {"text": "b"}\n]\n',
    ],
)
def test_json_arrays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "train.json"
    path.write_text(text)
    rows, problems = read(path)
    assert rows == [(1, {"text": "a"}), (2, {"text": "b"})]
    assert not problems


def test_a_large_json_array_is_read_through_a_window(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    texts = ["x" * (n % 3000) for n in range(3000)]
    path.write_text(json.dumps([{"text": text} for text in texts]))
    rows, problems = read(path)
    assert [r["text"] for _, r in rows] == texts
    assert not problems


def test_csv_with_newlines_in_cells_and_a_short_row(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text('text;label\n"two\nlines";a\nshort\nlast;b\n')
    rows, problems = read(path)
    assert [r for _, r in rows] == [
        {"text": "two\nlines", "label": "a"},
        {"text": "last", "label": "b"},
    ]
    assert [(p.line, p.kind) for p in problems] == [(4, "cell-count")]


def test_plain_text_is_read_by_paragraph(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("first\nstill first\n\n\nsecond\n")
    assert read(path)[0] == [(1, {"text": "first\nstill first"}), (5, {"text": "second"})]


def test_a_single_line_of_json_lines_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"prompt": "p", "completion": "c"}\n')
    assert read(path)[0] == [(1, {"prompt": "p", "completion": "c"})]
