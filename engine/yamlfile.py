"""Strict YAML: plain data with the line of everything, and every departure named with its cure.

YAML 1.2 numbers (``1e-4`` is a number), only ``true``, ``false`` and ``null`` besides; no
duplicate keys, no aliases, no tags, text keys only, bounded size and depth. Built from the
parser's events, so nothing is expanded or constructed that a stranger's file asks for. A line
that is no YAML is named and set aside, so that the rest of the file is still read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MAX_BYTES = 256 * 1024
MAX_DEPTH = 24
MAX_UNREADABLE = 20
"""Lines set aside before reading is given up."""
SET_ASIDE = "unreadable"
"""What stands for the value of a line that is no YAML."""
PathOf: TypeAlias = "tuple[str | int, ...]"

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)\Z", re.IGNORECASE)
_KEY = re.compile(r"[\w.-]+:(?= |\Z)")
_LINE = re.compile(r"(?P<indent>\s*(?:- +)*)(?P<key>[\w.-]+:(?= |\Z))?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a rule file."""

    file: str
    """File it stands in."""
    line: int
    """Line, from 1."""
    message: str
    """What is wrong, what was expected, and the cure."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(slots=True)
class Document:
    """What a file holds."""

    file: str
    """Name of the file, for messages."""
    data: Any = None
    """Plain data: dicts, lists, text, numbers, truth, None."""
    lines: dict[PathOf, int] = field(default_factory=dict)
    """Line of every key and item, by its path of keys and places."""
    written: dict[PathOf, str] = field(default_factory=dict)
    """Text of every number as the file has it: ``0.10`` is a number, but also a version."""
    problems: list[Problem] = field(default_factory=list)
    """Every mistake."""
    set_aside: set[int] = field(default_factory=set)
    """Lines that are no YAML; nothing more is said about them."""

    def line(self, path: PathOf) -> int:
        """The line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, line: int, message: str) -> None:
        """Note a mistake, unless its line was set aside already."""
        if line not in self.set_aside:
            self.problems.append(Problem(self.file, line, message))


def parse(text: str, file: str, first_line: int = 1) -> Document:
    """The document in a text; ``first_line`` is where the text begins in its file."""
    if len(text.encode()) > MAX_BYTES:
        document = Document(file, lines={(): first_line})
        document.problem(first_line, f"is larger than {MAX_BYTES // 1024} KiB; split it")
        return document
    import yaml

    rows, unreadable = text.split("\n"), dict[int, str]()
    while True:
        document = Document(file, lines={(): first_line}, set_aside=set(unreadable))
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            _Builder(document, yaml.parse("\n".join(rows), Loader=loader), first_line - 1).read()
        except yaml.MarkedYAMLError as error:
            index = _culprit(error, rows, loader)
            again = index + first_line in unreadable or len(unreadable) >= MAX_UNREADABLE
            open_ended = "not closed" in _syntax(error, rows[index]) and _runs_on(rows, index)
            unreadable.setdefault(index + first_line, _syntax(error, rows[index]))
            rows[index] = _without_value(rows[index])
            if not again and not open_ended:
                continue
            document = Document(file, lines={(): first_line})
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            document.problem(first_line, f"is not YAML: {reason}")
        document.problems += [Problem(file, line, said) for line, said in unreadable.items()]
        return document


def _culprit(error: Any, rows: list[str], loader: Any) -> int:
    """Place of the row that is wrong: of those near the error, the first that is no YAML alone."""
    import yaml

    marks: list[int] = [
        mark.line for mark in (error.problem_mark, error.context_mark) if mark is not None
    ]
    last = len(rows) - 1
    near = [min(line, last) for mark in marks[:1] for line in (mark, mark - 1) if line >= 0]
    for index in [*near, *(min(mark, last) for mark in marks[1:])]:
        try:
            list(yaml.parse(rows[index].strip(), Loader=loader))
        except yaml.YAMLError:
            return index
    return near[0] if near else 0


def _runs_on(rows: list[str], index: int) -> bool:
    """Whether the text after a row goes on in the next: then nothing is known of the rest."""
    following = next((row for row in rows[index + 1 :] if row.strip()), "")
    here, there = (len(row) - len(row.lstrip()) for row in (rows[index], following))
    begins = following.lstrip().startswith("- ") or _KEY.match(following.strip())
    return bool(following) and not (there <= here and begins)


def _without_value(row: str) -> str:
    match = _LINE.match(row)
    kept = match.group(0) if match and "\t" not in match.group(0) else ""
    return f"{kept.rstrip()} {SET_ASIDE}" if kept.strip() else ""


def _syntax(error: Any, row: str) -> str:
    """Why a row is no YAML, with the cure."""
    match = _LINE.match(row)
    value = row[match.end() if match else 0 :].strip()
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return "is indented with a tab: indent with spaces"
    if value[:1] in ('"', "'") and value.count(value[0]) % 2:
        return f"a quote is not closed: {value}"
    if value[:1] in ("[", "{") and value[-1:] not in ("]", "}") and not value.count("]"):
        return f"a bracket is not closed: {value}"
    if value[:1] == "[" and match and match["key"]:
        return (
            "a [flow list] takes no brackets, quotes or commas inside an item: "
            "write conditions in a block list, one per line"
        )
    if value[:1] in ('"', "'", "[", "{"):
        quoted = value.replace("'", "''")
        return (
            "a condition or text that begins with a quote or bracket must be quoted whole: "
            f"'{quoted}'"
        )
    if value[:1] in tuple("%@`&*!|>,]}?#"):
        return f"a text that begins with {value[0]} must be quoted whole"
    if ": " in value or value.endswith(":"):
        return "holds a colon and a space inside a text: quote the text"
    return f"is not YAML ({error.problem or error.context}): look at the indentation and brackets"


class _Stop(Exception):
    """Too deep to go on."""


class _Builder:
    """Builds plain data from parser events."""

    def __init__(self, document: Document, events: Iterator[Any], offset: int) -> None:
        self.out = document
        self.events = events
        self.offset = offset

    def read(self) -> None:
        """Fill the document; the parser's own errors pass through."""
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                break
        else:
            return
        try:
            self.out.data = self.value(next(self.events), ())
        except _Stop:
            return
        for event in self.events:
            if type(event).__name__ == "DocumentStartEvent":
                self.problem(event, "a second document begins here: one rule per file")
                return

    def problem(self, event: Any, message: str) -> None:
        self.out.problem(event.start_mark.line + 1 + self.offset, message)

    def value(self, event: Any, path: PathOf) -> Any:
        self.out.lines.setdefault(path, event.start_mark.line + 1 + self.offset)
        kind = type(event).__name__
        if kind == "AliasEvent":
            self.problem(event, f"alias *{event.anchor}: aliases are not read; write the value out")
            return None
        if event.anchor:
            self.problem(event, f"anchor &{event.anchor}: anchors are not read; take it out")
        if event.tag and event.tag != "!":
            self.problem(event, f"tag {event.tag}: tags are not read; take it out")
        if len(path) > MAX_DEPTH:
            self.problem(event, f"is nested deeper than {MAX_DEPTH} levels: flatten it")
            raise _Stop
        if kind == "ScalarEvent":
            return self.scalar(event, path)
        return self.sequence(path) if kind == "SequenceStartEvent" else self.mapping(path)

    def scalar(self, event: Any, path: PathOf) -> Any:
        text = event.value
        if event.style:  # the C parser says "" where the Python one says None: plain
            return text
        if text in ("", "null", "~"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if _FLOAT.match(text):
            self.out.written[path] = text
            return self.number(event, text)
        if _NOT_FINITE.match(text):
            self.problem(event, f"{text} is no number a rule can hold; use null for an open end")
            return None
        return text

    def number(self, event: Any, text: str) -> float | None:
        number = float(text)
        if number in (float("inf"), float("-inf")) or len(text) > 40:
            self.problem(event, f"{text[:40]} is too large or too long for a number")
            return None
        return int(text) if _INT.match(text) else number

    def sequence(self, path: PathOf) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            items.append(self.value(event, (*path, len(items))))
        return items

    def mapping(self, path: PathOf) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self.events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self.key(event, path)
            below = (*path, key)
            if key in found:
                self.problem(event, f"key {key!r} stands twice; keep one of them")
            self.out.lines[below] = event.start_mark.line + 1 + self.offset
            found[key] = self.value(next(self.events), below)
        return found

    def key(self, event: Any, path: PathOf) -> str:
        value = self.value(event, (*path, "?"))
        if isinstance(value, str):
            return value
        shown = getattr(event, "value", "a map, list or alias")
        self.problem(event, f"key {shown} is not text; put it in quotes")
        return str(shown)
