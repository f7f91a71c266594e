"""Lines of a file as bytes: packed or plain, a byte range or all, with a cap on length."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import PurePath
from typing import BinaryIO, cast

from transxlab.facts.profiled.problem import Problem, Report
from transxlab.facts.profiled.readers import places

LONGEST_BYTES = 32 << 20
"""Longest line that is read; a longer one is skipped without being held in memory."""

_PIECE_BYTES = 1 << 20
_PACKINGS = (".gz", ".zst", ".bz2", ".xz")
BROKEN = (EOFError, zlib.error, LZMAError, OSError)
"""What decompression raises on a file that is cut short or damaged."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class UnpackError(ValueError):
    """A compressed file that cannot be unpacked; the text says why and what to do."""


def plain_suffix(path: str) -> str:
    """The suffix that names the format, below any suffix that names a compression."""
    pure = PurePath(path.lower())
    return PurePath(pure.stem).suffix if pure.suffix in _PACKINGS else pure.suffix


def packed(path: str) -> bool:
    """Whether a file is compressed, by its first bytes or its name."""
    if PurePath(path.lower()).suffix in _PACKINGS:
        return True
    with places.opened(path) as file:
        start = file.read(4)
    return start[:2] == _GZIP or start == _ZSTD


def unpacked(path: str) -> BinaryIO:
    """The file opened for reading, decompressed on the way; UnpackError if no module can."""
    file = places.opened(path)
    start = file.read(4)
    file.seek(0)
    suffix = PurePath(path.lower()).suffix
    if start[:2] == _GZIP:
        import gzip

        return cast(BinaryIO, gzip.open(file, "rb"))
    if start == _ZSTD or suffix == ".zst":
        return _zst(file)
    if suffix == ".bz2":
        import bz2

        return cast(BinaryIO, bz2.open(file, "rb"))
    if suffix == ".xz":
        import lzma

        return cast(BinaryIO, lzma.open(file, "rb"))
    return file


def _zst(file: BinaryIO) -> BinaryIO:
    from importlib import import_module

    try:
        zstandard = import_module("zstandard")
    except ImportError:
        file.close()
        message = "is compressed with zstd, which needs zstandard: pip install 'transxlab[data]'"
        raise UnpackError(message) from None
    return cast(BinaryIO, zstandard.open(file, "rb"))


def head(path: str, size_bytes: int) -> bytes:
    """The first bytes of a file, unpacked; raises OSError or UnpackError."""
    with unpacked(path) as file:
        try:
            return file.read(size_bytes)
        except BROKEN:
            return _salvage(path, size_bytes)


def _salvage(path: str, size_bytes: int) -> bytes:
    """What can be unpacked of a truncated gzip file before it breaks off."""
    parts: list[bytes] = []
    with unpacked(path) as file:
        try:
            while sum(map(len, parts)) < size_bytes and (part := file.read1(4096)):  # type: ignore[attr-defined]
                parts.append(part)
        except BROKEN:
            pass
    return b"".join(parts)


def cuts(path: str, chunk_bytes: int) -> Iterator[tuple[int, int, int, int]]:
    """Start, end, first line and lines of parts of a plain file that begin and end at newlines."""
    start, line, lines, position = 0, 1, 0, 0
    with places.opened(path) as file:
        while piece := file.read(min(_PIECE_BYTES, chunk_bytes)):
            position += len(piece)
            last = piece.rfind(b"\n") + 1
            if position - start >= chunk_bytes and last:
                cut = position - len(piece) + last
                lines += piece.count(b"\n", 0, last)
                yield start, cut, line, lines
                start, line, lines = cut, line + lines, piece.count(b"\n", last)
            else:
                lines += piece.count(b"\n")
    if position > start:
        yield start, position, line, lines + 1


def pieces(path: str, start: int, end: int | None, report: Report) -> Iterator[bytes]:
    """The bytes of a range, a piece at a time; a broken compressed file is reported and ends."""
    left = None if end is None else end - start
    with unpacked(path) as file:
        if start:
            file.seek(start)
        while left is None or left > 0:
            size = _PIECE_BYTES if left is None else min(_PIECE_BYTES, left)
            try:
                piece = file.read1(size)  # type: ignore[attr-defined]
            except BROKEN as error:
                message = f"the file breaks off ({error}); what came before is used"
                report(Problem(path, 0, "truncated-archive", message))
                return
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece


def lines(
    path: str, start: int, end: int | None, first_line: int, report: Report
) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line of a range, newline removed.

    Cut at ``\\n`` alone, because U+2028 and its kin may stand inside JSON text. A line over
    LONGEST_BYTES is reported and skipped.
    """
    number, carry, skipped = first_line, b"", 0
    for piece in pieces(path, start, end, report):
        parts = piece.split(b"\n")
        if len(parts) == 1:
            skipped += len(piece) if skipped else 0
            carry = b"" if skipped else carry + piece
        else:
            if skipped:
                _report_long(path, number, skipped + len(parts[0]), report)
            else:
                yield number, carry + parts[0]
            yield from enumerate(parts[1:-1], number + 1)
            number += len(parts) - 1
            carry, skipped = parts[-1], 0
        if len(carry) > LONGEST_BYTES:
            carry, skipped = b"", len(carry)
    if skipped:
        _report_long(path, number, skipped, report)
    elif carry:
        yield number, carry


def _report_long(path: str, line: int, size_bytes: int, report: Report) -> None:
    message = (
        f"the line is {size_bytes / 2**20:.0f} MiB long, more than the "
        f"{LONGEST_BYTES >> 20} MiB that are read: row skipped"
    )
    report(Problem(path, line, "long-line", message))
