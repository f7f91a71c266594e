"""Which reader takes a file: detection by content, chunks that can be read apart, and reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, TypeAlias

from transxlab.facts.profiled.problem import Problem, Report
from transxlab.facts.profiled.readers import folders, hub, lines, places

Format = Literal["jsonl", "json", "csv", "tsv", "text", "parquet", "arrow"]
Record: TypeAlias = "tuple[int, dict[str, object]]"
"""Line (or record number) counted from 1, and the fields of the row."""

CHUNK_BYTES = 16 << 20
"""Bytes of a chunk of JSON lines: large enough to amortise a task, small enough to share out."""

_PROBE_BYTES = 1 << 16
_LEAST_ARCHIVE_BYTES = 128
"""A compressed file of this size or less may hold nothing at all."""
_MAGIC: tuple[tuple[bytes, Format], ...] = ((b"PAR1", "parquet"), (b"ARROW1", "arrow"))
_STREAM = b"\xff\xff\xff\xff"
"""Begins an Arrow stream, as Hugging Face datasets save them."""
_SUFFIX: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "text",
    ".md": "text",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
_READER: dict[Format, str] = {
    "jsonl": "jsonl",
    "json": "array",
    "csv": "delimited",
    "tsv": "delimited",
    "text": "plain",
    "parquet": "columnar",
    "arrow": "columnar",
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file that can be read on its own."""

    path: str
    """The file as the caller named it."""
    format: Format
    """What it holds."""
    start: int = 0
    """First byte, always the beginning of a line; of Parquet the first row group."""
    end: int | None = None
    """One past the last byte or row group; None reads to the end of the file."""
    first_line: int = 1
    """Number of the first line or row of the chunk."""
    lines: int | None = None
    """Lines of the chunk, or one more; None where they were not counted."""
    bytes: int | None = None
    """Size of the chunk in its file, where ``start`` and ``end`` do not tell."""


def detect(path: str) -> Format | Problem:
    """The format of a file, by its first bytes and then its name; or a Problem."""
    try:
        head = lines.head(path, _PROBE_BYTES)
    except OSError as error:
        return unreadable(path, error)
    except lines.UnpackError as error:
        return Problem(path, 0, "unreadable", str(error), fatal=True)
    if not head and places.size_bytes(path) > _LEAST_ARCHIVE_BYTES:
        message = "is compressed and breaks off before the first row"
        return Problem(path, 0, "truncated-archive", message, fatal=True)
    return _by_content(path, head)


def _by_content(path: str, head: bytes) -> Format | Problem:
    for magic, known in _MAGIC:
        if head.startswith(magic):
            return known
    if head.startswith(_STREAM) and lines.plain_suffix(path) == ".arrow":
        return "arrow"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        message = "is UTF-16 text; save it as UTF-8"
        return Problem(path, 0, "encoding", message, fatal=True)
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return Problem(path, 1, "empty-file", "holds no rows", fatal=True)
    if head.count(b"\0") > len(head) // 100:
        message = f"is binary (begins with {head[:8]!r}); expected JSON lines, JSON, CSV or text"
        return Problem(path, 0, "binary", message, fatal=True)
    return _text_format(path, head)


def _text_format(path: str, head: bytes) -> Format:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    named = _SUFFIX.get(lines.plain_suffix(path))
    if text[:1] == b"[" and named in (None, "json", "jsonl"):
        return "jsonl" if _is_json_line(text) else "json"
    if text[:1] == b"{" and named in (None, "json", "jsonl"):
        return "jsonl" if named == "jsonl" or _is_json_line(text) else "json"
    return named if named not in (None, "json") else "jsonl" if named == "json" else "text"


def _is_json_line(text: bytes) -> bool:
    """Whether the first line is a whole JSON value that is followed by another one."""
    import orjson

    first, newline, rest = text.partition(b"\n")
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return bool(newline and rest.strip()[:1] in (b"{", b"["))


def plan(path: str, format: Format, chunk_bytes: int = CHUNK_BYTES) -> list[Chunk]:
    """The chunks of one file; only plain JSON lines and Parquet can be cut.

    Raises OSError when the file cannot be read.
    """
    if format == "parquet":
        from transxlab.facts.profiled.readers import columnar

        return [Chunk(path, format, *cut) for cut in columnar.cuts(path, chunk_bytes)]
    if format != "jsonl" or lines.packed(path):
        return [Chunk(path, format)]
    return [Chunk(path, format, *cut) for cut in lines.cuts(path, chunk_bytes)]


def read(chunk: Chunk, report: Report) -> Iterator[Record]:
    """The rows of a chunk; whatever cannot be used is reported and the rest still comes."""
    module = import_module(f"transxlab.facts.profiled.readers.{_READER[chunk.format]}")
    reader: Callable[[Chunk, Report], Iterator[Record]] = module.read
    try:
        yield from reader(chunk, report)
    except OSError as error:
        report(unreadable(chunk.path, error))


def unreadable(path: str, error: OSError) -> Problem:
    """A file that cannot be opened, or no longer read, as one problem."""
    reason = (error.strerror or str(error)).lower()
    if isinstance(error, FileNotFoundError):
        reason = hub.why_missing(path) or "no such file or directory"
    return Problem(path, 0, "unreadable", f"cannot be read: {reason}", fatal=True)


def size_bytes(chunk: Chunk) -> int:
    """About how many bytes of its file a chunk covers."""
    if chunk.bytes is not None:
        return chunk.bytes
    return places.size_bytes(chunk.path) if chunk.end is None else chunk.end - chunk.start


def is_data(path: str) -> bool:
    """Whether a file found in a folder has a name that a reader knows."""
    name = path.rpartition("/")[2]
    return lines.plain_suffix(name) in _SUFFIX and name not in folders.DESCRIBING
