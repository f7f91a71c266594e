"""Every reader survives bad bytes, names file and line, and gives the rest."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from transxlab.facts.profiled.problem import Problem
from transxlab.facts.profiled.readers import folders, hub, lines, places, source

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


ROWS = [{"prompt": f"question {n}", "completion": f"answer {n} \u2028 end"} for n in range(5000)]


def files_of(given: str | Path, role: str = "train") -> list[dict[str, object]]:
    """The rows of all files behind a name."""
    rows: list[dict[str, object]] = []
    for path in folders.expanded(given, role):
        found, problems = source.detect(path), list[Problem]()
        assert not isinstance(found, Problem), found
        for chunk in source.plan(path, found, 1 << 15):
            rows += [held for _, held in source.read(chunk, problems.append)]
        assert not problems
    return rows


def test_parquet_by_row_groups_with_the_numbers_of_the_rows(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "train.parquet"
    parquet.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=700)
    chunks = source.plan(str(path), "parquet", 1 << 15)
    assert len(chunks) > 3
    problems: list[Problem] = []
    rows = [held for chunk in chunks for held in source.read(chunk, problems.append)]
    assert rows == list(enumerate(ROWS, 1))
    assert not problems
    assert sum(map(source.size_bytes, chunks)) == pytest.approx(path.stat().st_size, rel=0.01)
    assert [row for row, _ in read(path)[0]] == list(range(1, 5001))


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_arrow_files_and_streams(tmp_path: Path, kind: str) -> None:
    pa, ipc = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.ipc")
    path = tmp_path / "train.arrow"
    table = pa.Table.from_pylist(ROWS)
    with (ipc.new_file if kind == "file" else ipc.new_stream)(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=900)
    rows, problems = read(path)
    assert rows == list(enumerate(ROWS, 1))
    assert not problems
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    rows, problems = read(path)
    assert [p.kind for p in problems] == ["unreadable"]
    assert len(rows) < 5000


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder as ``DatasetDict.save_to_disk`` of Hugging Face datasets leaves it."""
    pa, ipc = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.ipc")
    splits = {"train": ROWS[:3000], "validation": ROWS[3000:]}
    for name, rows in splits.items():
        folder = tmp_path / "saved" / name
        folder.mkdir(parents=True)
        table = pa.Table.from_pylist(rows)
        names = [f"data-{n:05}-of-00002.arrow" for n in range(2)]
        for number, file in enumerate(names):
            part = table.slice(number * len(rows) // 2, len(rows) // 2)
            with ipc.new_stream(str(folder / file), table.schema) as writer:
                writer.write_table(part)
        (folder / "cache-0123456789abcdef.arrow").write_bytes(b"not of the data set")
        state = {"_data_files": [{"filename": file} for file in names], "_split": name}
        (folder / "state.json").write_text(json.dumps(state))
        (folder / "dataset_info.json").write_text(json.dumps({"features": {}}))
    (tmp_path / "saved" / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    return tmp_path / "saved"


def test_a_saved_data_set_gives_each_role_its_split(saved: Path) -> None:
    assert files_of(saved) == ROWS[:3000]
    assert files_of(saved, "val") == ROWS[3000:]
    assert files_of(saved / "validation") == ROWS[3000:]


def test_folders_shards_and_patterns(tmp_path: Path) -> None:
    for shard in range(3):
        for name, pack in (("a.jsonl", bytes), ("b.jsonl.gz", gzip.compress)):
            path = tmp_path / f"{shard}-{name}"
            path.write_bytes(pack(row(shard) + b"\n"))
    (tmp_path / "README.png").write_bytes(b"no data")
    (tmp_path / "dataset_info.json").write_text("{}")
    names = [Path(found).name for found in folders.expanded(tmp_path)]
    assert names == sorted(f"{n}-{s}" for n in range(3) for s in ("a.jsonl", "b.jsonl.gz"))
    assert len(folders.expanded(str(tmp_path / "*-a.jsonl"))) == 3
    assert len(folders.expanded([str(tmp_path / "0*"), str(tmp_path / "2-a.jsonl")])) == 3
    assert folders.expanded(str(tmp_path / "none*.jsonl")) == (str(tmp_path / "none*.jsonl"),)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_urls(suffix: str) -> None:
    fsspec = pytest.importorskip("fsspec")
    packing = {".jsonl": bytes, ".jsonl.gz": gzip.compress}
    text = b"\n".join(json.dumps(held, ensure_ascii=False).encode() for held in ROWS)
    if suffix == ".jsonl.zst":
        packed = pytest.importorskip("zstandard").compress(text)
    elif suffix == ".parquet":
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        sink = pa.BufferOutputStream()
        parquet.write_table(pa.Table.from_pylist(ROWS), sink)
        packed = sink.getvalue().to_pybytes()
    else:
        packed = packing[suffix](text)
    system = fsspec.filesystem("memory")
    for shard in range(2):
        system.pipe(f"/urls{suffix}/{shard}{suffix}", packed)
    assert files_of(f"memory://urls{suffix}/0{suffix}") == ROWS
    assert files_of(f"memory://urls{suffix}/*{suffix}") == ROWS * 2
    assert files_of(f"memory://urls{suffix}") == ROWS * 2
    assert places.size_bytes(f"memory:///urls{suffix}/0{suffix}") == len(packed)
    assert places.identity(f"memory:///urls{suffix}/0{suffix}") != places.identity("memory://none")


def test_file_urls_need_nothing(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(row(1))
    assert folders.expanded(f"file://{path}") == (str(path),)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("memory://there/is/none.jsonl", "no such file or directory"),
        ("nonsense://bucket/train.jsonl", "rotocol not known: nonsense"),
    ],
)
def test_a_url_that_cannot_be_opened_is_one_problem(url: str, says: str) -> None:
    pytest.importorskip("fsspec")
    (name,) = folders.expanded(url)
    found = source.detect(name)
    assert isinstance(found, Problem)
    assert found.fatal
    assert says in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("file", "module", "content"),
    [
        ("a.jsonl.zst", "zstandard", b"\x28\xb5\x2f\xfd" + bytes(200)),
        ("a.parquet", "pyarrow", b"PAR1" + bytes(200)),
        ("memory://a.jsonl", "fsspec", b""),
    ],
)
def test_a_missing_package_is_named_with_its_cure(
    tmp_path: Path, file: str, module: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = file if "://" in file else str(tmp_path / file)
    if content:
        Path(name).write_bytes(content)
    for loaded in [held for held in sys.modules if held.split(".")[0] == module]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, module, None)
    problems: list[Problem] = []
    found = source.detect(name)
    if isinstance(found, Problem):
        problems.append(found)
    else:
        list(source.read(source.plan(name, found)[0], problems.append))
    assert len(problems) == 1
    assert module in str(problems[0])
    assert "pip install 'transxlab[data]'" in str(problems[0])


class _Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path == "/api/datasets/owner/name"
        self.send_response(200 if known else 404)
        self.end_headers()
        names = ["README.md", "data/train-0.parquet", "data/test-0.parquet", ".gitattributes"]
        body = {"siblings": [{"rfilename": name} for name in names]}
        self.wfile.write(json.dumps(body).encode() if known else b"{}")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_name_of_the_hub_stands_for_the_files_of_its_role(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    hub._listed.cache_clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        at = "hf://datasets/owner/name/data/"
        assert folders.expanded("owner/name", "train") == (f"{at}train-0.parquet",)
        assert folders.expanded("owner/name", "test") == (f"{at}test-0.parquet",)
        assert folders.expanded("owner/other", "train") == ("owner/other",)
        missing = source.detect("owner/other")
        server.shutdown()
    assert "no such data set for you (status 404)" in str(missing)
