"""JSON lines: one object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from transxlab.facts.profiled.problem import Problem, Report
from transxlab.facts.profiled.readers import lines

if TYPE_CHECKING:
    from transxlab.facts.profiled.readers.source import Chunk, Record


def read(chunk: Chunk, report: Report) -> Iterator[Record]:
    """The rows of a chunk of JSON lines; blank lines are passed over."""
    from orjson import JSONDecodeError, loads

    path = chunk.path
    for number, line in lines.lines(path, chunk.start, chunk.end, chunk.first_line, report):
        try:
            row = loads(line)
        except JSONDecodeError:
            if number == 1 and line.startswith(b"\xef\xbb\xbf"):
                line = line[3:]
                try:
                    row = loads(line)
                except JSONDecodeError:
                    row = None
            else:
                row = None
            if row is None:
                if line.strip():
                    report(explain(path, number, line))
                continue
        if type(row) is dict:
            yield number, row
        else:
            report(not_an_object(path, number, row))


def not_an_object(path: str, number: int, row: object) -> Problem:
    """The problem of a record that is a list, a text or a number instead of an object."""
    message = f"expected an object with named fields, found {kind(row)}: row skipped"
    return Problem(path, number, "not-an-object", message)


def kind(value: object) -> str:
    """The JSON name of a value's type, with its article."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return names.get(type(value), "nothing" if value is None else "a number")


def explain(path: str, number: int, line: bytes) -> Problem:
    """Why a line is not JSON, as one problem."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} of the line is not UTF-8: row skipped"
        return Problem(path, number, "encoding", message)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated string"):
            message = "the line breaks off in the middle of a JSON value: row skipped"
            return Problem(path, number, "truncated-line", message)
        message = f"not JSON at column {error.colno} ({error.msg.lower()}): row skipped"
        return Problem(path, number, "not-json", message)
    except RecursionError:
        return Problem(path, number, "not-json", "nested too deeply: row skipped")
    message = (
        "holds NaN, Infinity or half a surrogate pair, which JSON does not have and strict "
        "readers refuse: row skipped"
    )
    return Problem(path, number, "not-json", message)
