"""JSON that is not one object per line: an array of objects, or an object that holds one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from transxlab.facts.profiled.problem import Problem, Report
from transxlab.facts.profiled.readers import lines
from transxlab.facts.profiled.readers.jsonl import not_an_object

if TYPE_CHECKING:
    from transxlab.facts.profiled.readers.source import Chunk, Record

_GAP = re.compile(r"[\s,]*")
_OPEN_LIST = re.compile(r'\s*(?:\{\s*"[^"\\]*"\s*:\s*)?\[')
_RESUME = re.compile(r"\}\s*,\s*(?=\{)")


class _Window:
    """A moving window over the decoded text of a file."""

    __slots__ = ("_pieces", "done", "text")

    def __init__(self, pieces: Iterator[bytes]) -> None:
        from codecs import getincrementaldecoder

        decoder = getincrementaldecoder("utf-8-sig")(errors="replace")
        self._pieces = (decoder.decode(piece) for piece in pieces)
        self.text = ""
        self.done = False

    def grow(self) -> bool:
        """Read at least as much again as is held; False at the end of the file."""
        parts, wanted = [self.text], max(len(self.text), 1)
        while wanted > 0 and not self.done:
            piece = next(self._pieces, None)
            if piece is None:
                self.done = True
            else:
                parts.append(piece)
                wanted -= len(piece)
        grown = sum(map(len, parts)) > len(self.text)
        self.text = "".join(parts)
        return grown

    def drop(self, position: int) -> None:
        self.text = self.text[position:]


def read(chunk: Chunk, report: Report) -> Iterator[Record]:
    """The records of a JSON array (numbered from 1), also of one inside an object.

    An object without an array of its own at its head is one record.
    """
    window = _Window(lines.pieces(chunk.path, 0, None, report))
    window.grow()
    opening = _OPEN_LIST.match(window.text)
    if opening is None:
        yield from _single(chunk.path, window, report)
        return
    window.drop(opening.end())
    for number, value in enumerate(_elements(chunk.path, window, report), 1):
        if isinstance(value, dict):
            yield number, value
        elif not isinstance(value, Problem):
            report(not_an_object(chunk.path, number, value))


def _elements(path: str, window: _Window, report: Report) -> Iterator[object]:
    decode = json.JSONDecoder().raw_decode
    position = record = 0
    while True:
        gap = _GAP.match(window.text, position)
        position = gap.end() if gap else position
        if position >= len(window.text) - 1 and not window.done:
            window.drop(position)
            position = 0
            window.grow()
            continue
        if position >= len(window.text) or window.text[position] == "]":
            if position >= len(window.text):
                message = f"the array is not closed after record {record}; what came before is used"
                report(Problem(path, record, "truncated-array", message))
            return
        try:
            value, end = decode(window.text, position)
        except (ValueError, RecursionError) as error:
            if not window.done and len(window.text) - position < lines.LONGEST_BYTES:
                window.drop(position)
                position = 0
                window.grow()
                continue
            record += 1
            message = f"record {record} is not JSON ({str(error).lower()}): record skipped"
            problem = Problem(path, record, "not-json", message)
            report(problem)
            yield problem
            resume = _RESUME.search(window.text, position)
            if resume is None:
                return
            position = resume.end()
            continue
        record += 1
        yield value
        position = end
        if position > 1 << 20:
            window.drop(position)
            position = 0


def _single(path: str, window: _Window, report: Report) -> Iterator[Record]:
    while len(window.text) < lines.LONGEST_BYTES and window.grow():
        pass
    try:
        value = json.loads(window.text)
    except (ValueError, RecursionError) as error:
        report(Problem(path, 1, "not-json", f"not JSON ({str(error).lower()})", fatal=True))
        return
    if not isinstance(value, dict):
        report(not_an_object(path, 1, value))
        return
    lists = [v for v in value.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    records = lists[0] if len(lists) == 1 and not _is_row(value) else [value]
    for number, record in enumerate(records, 1):
        if isinstance(record, dict):
            yield number, record
        else:
            report(not_an_object(path, number, record))


def _is_row(value: dict[str, object]) -> bool:
    from transxlab.facts.profiled.formats import recognise

    return recognise(value) is not None
