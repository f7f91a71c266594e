"""Broken data: one clear line each, the rest is profiled, and the exit status says so."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path

import planted as data
import pytest
from transxlab.cli.main import status
from transxlab.facts.profiled.problem import Problem
from transxlab.facts.profiled.profile import DataProfile, ReadError, profile

GOOD = [{"prompt": text, "completion": text[::-1]} for text in data.natural(40)]
ROWS = [json.dumps(row).encode() for row in GOOD]


def profiled(path: Path, *lines: bytes) -> DataProfile:
    path.write_bytes(b"\n".join([*ROWS[:2], *lines, *ROWS[2:]]) + b"\n")
    return profile({"train": path})


def only(found: DataProfile) -> Problem:
    (problem,) = found.problems
    return problem


@pytest.mark.parametrize(
    ("line", "kind", "says"),
    [
        (b'{"prompt": "a", "completion": NaN}', "not-json", "NaN or Infinity in field completion"),
        (
            b'{"messages": [{"role": "user", "content": -Infinity}]}',
            "not-json",
            "in field messages[0].content",
        ),
        (b'{"prompt": "a", "completion": "\\ud800"}', "not-json", "in field completion"),
        (b'{"prompt": "a", "completion": "\xff"}', "encoding", "in field completion is not UTF-8"),
        (b'{"prompt": "a", "compl', "truncated-line", "breaks off"),
        (b'{"prompt": "a",, "completion": "b"}', "not-json", "not JSON at column 16"),
        (b"\x00\x01\x02\x7f\x80\xfe", "encoding", "is not UTF-8"),
        (b"\x00" * 50, "not-json", "not JSON at column 1"),
        (b'["a"]', "not-an-object", "found a list"),
        (b'"a"', "not-an-object", "found a text"),
        (b'{"odd": 1, "fields": 2}', "no-format", "fields fields, odd belong to no known"),
        (b"{" * 5000, "not-json", "row skipped"),
    ],
)
def test_one_clear_line_names_file_line_and_field(
    tmp_path: Path, line: bytes, kind: str, says: str
) -> None:
    path = tmp_path / "train.jsonl"
    found = profiled(path, line)
    problem = only(found)
    assert (problem.line, problem.kind) == (3, kind)
    assert says in str(problem)
    assert str(problem).startswith(f"{path}:3: ")
    assert "\n" not in str(problem)
    assert found.splits["train"].counts.rows == 40
    assert found.splits["train"].bad_rows == 1


def test_a_key_that_stands_twice_is_named_and_the_row_kept(tmp_path: Path) -> None:
    found = profiled(
        tmp_path / "t.jsonl",
        b'{"prompt": "a", "completion": "b", "prompt": "c"}',
        b'{"prompt": "say \\"x\\": 1", "completion": "{\\"a\\": 1, \\"a\\": 2}"}',
    )
    problem = only(found)
    assert (problem.line, problem.kind) == (3, "duplicate-key")
    assert "field prompt stands more than once" in str(problem)
    assert found.splits["train"].counts.rows == 42
    assert found.splits["train"].bad_rows == 0


def test_line_separators_marks_and_carriage_returns_are_no_problem(tmp_path: Path) -> None:
    row = json.dumps({"prompt": "a\u2028b\u2029c\u0085d", "completion": "e"}, ensure_ascii=False)
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + row.encode() + b"\r\n" + b"\r\n".join(ROWS) + b"\r\n\r\n")
    found = profile({"train": path})
    assert not found.problems
    assert found.splits["train"].counts.rows == 41


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": {"deep": {"deeper": ["x", {"y": None}]}}, "completion": [1, [2, [3]]]},
        {"prompt": None, "completion": 7},
        {"messages": "not a list"},
        {"messages": [["user", "hi"], 3, None, {"role": 5, "content": {"parts": ["a"]}}]},
        {"messages": []},
        {"messages": {"role": "user"}},
        {"conversations": [{"from": None, "value": None}]},
        {"prompt": "p", "chosen": [{"role": "assistant", "content": "a"}], "rejected": None},
        {"text": ["a", "b"], "label": {"a": 1}},
        {"": "", "text": "x" * 10},
    ],
)
def test_nested_surprises_stop_nothing(tmp_path: Path, row: dict[str, object]) -> None:
    found = profiled(tmp_path / "t.jsonl", json.dumps(row).encode())
    assert found.splits["train"].counts.rows + found.splits["train"].bad_rows == 41


def test_mixed_formats_are_counted_apart(tmp_path: Path) -> None:
    mixed = [b'{"text": "some words"}', b'{"instruction": "do", "output": "done"}']
    found = profiled(tmp_path / "t.jsonl", *mixed)
    assert not found.problems
    assert sum(rows for _, rows in found.splits["train"].counts.formats) == 42
    assert len(found.splits["train"].counts.formats) == 3


def test_a_line_of_200_mb_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with path.open("wb") as file:
        file.write(ROWS[0] + b'\n{"prompt": "')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'", "completion": "b"}\n' + ROWS[1])
    found = profile({"train": path})
    problem = only(found)
    assert (problem.line, problem.kind) == (2, "long-line")
    assert "191 MiB" in str(problem)
    assert found.splits["train"].counts.rows == 2


@pytest.mark.parametrize("packing", ["gz", "zst", "xz", "bz2"])
def test_an_archive_that_breaks_off_gives_what_came_before(tmp_path: Path, packing: str) -> None:
    import bz2
    import lzma

    pick = random.Random(0)
    made = ({"prompt": f"{pick.getrandbits(400):x}", "completion": "yes"} for _ in range(12_000))
    text = "\n".join(map(json.dumps, made)).encode()
    if packing == "zst":
        packed = pytest.importorskip("zstandard").compress(text, 3)
    else:
        packed = {"gz": gzip, "xz": lzma, "bz2": bz2}[packing].compress(text)
    path = tmp_path / f"t.jsonl.{packing}"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    found = profile({"train": path})
    assert 0 < found.splits["train"].counts.rows < 12_000
    assert found.problems
    if packing in ("bz2", "zst"):
        path.write_bytes(packed[:200])
        with pytest.raises(ReadError, match="breaks off before the first row"):
            profile({"train": path})
    path.write_bytes(packed)
    assert profile({"train": path}).splits["train"].counts.rows == 12_000


def test_a_shard_of_no_use_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(ROWS))
    (tmp_path / "b.jsonl").write_bytes(b"")
    (tmp_path / "c.jsonl").write_bytes(b"\x7fELF" + os.urandom(4000) + bytes(400))
    (tmp_path / "d.jsonl").symlink_to(tmp_path / "gone")
    (tmp_path / "e.parquet").write_bytes(b"PAR1" + bytes(100))
    found = profile({"train": [tmp_path / f for f in ("a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl")]})
    assert found.splits["train"].counts.rows == 40
    assert [p.kind for p in found.unreadable] == ["empty-file", "binary", "unreadable"]
    with pytest.raises(ReadError):
        profile({"train": tmp_path / "e.parquet"})


def test_exit_status_and_one_line_for_a_file_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.jsonl").write_bytes(b"\n".join(ROWS))
    Path("empty.jsonl").write_bytes(b"")
    assert status(["data", "empty.jsonl"]) == 2
    assert capsys.readouterr().err == "transxlab: empty.jsonl:1: holds no rows\n"
    assert status(["data", "good.jsonl", "empty.jsonl", "--format", "json"]) == 2
    said = capsys.readouterr()
    assert said.err == "transxlab: empty.jsonl:1: holds no rows\n"
    assert json.loads(said.out)["facts"]["splits"][0]["rows"] == 40


def test_a_name_that_is_no_file_and_no_hub_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ReadError, match="no such file, and the hugging face hub cannot be reached"):
        profile({"train": "some-owner/some-set"})
