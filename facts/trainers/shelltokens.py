"""A shell script cut into simple commands, arrays and here-documents; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_STOPS = ";|&<>()\n"
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"\\]?)(?P<word>[A-Za-z_]\w*)['\"]?")
_REDIRECT = re.compile(r"&>>?|[<>]&[\d-]*|<<<|>>|>\||[<>]")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command."""

    text: str
    """Its text without quotes."""
    line: int
    """Its line, from 1."""
    quoted: bool = False
    """Whether any part of it was quoted."""
    start: int = -1
    """Character of the script it begins at; -1 where it comes out of a variable."""
    stop: int = -1
    """Character after it."""
    bare: bool = True
    """Whether it begins without a quote."""


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command, or one array."""

    words: list[Word]
    """Its words; the elements of an array."""
    array: str | None = None
    """Name of the array; None for a command."""
    grows: bool = False
    """Whether the array is added to (``+=``)."""
    before: str = ""
    """Operator between the command before and this one: ``&&``, ``||``, ``|`` or nothing."""
    target: str | None = None
    """File its output goes to."""
    body: str | None = None
    """Text of its here-document."""
    body_line: int = 0
    """First line of that text, from 1."""
    body_start: int = 0
    """Character of the script that it begins at."""


@dataclass(slots=True)
class _Cutter:
    text: str
    place: int
    line: int
    words: list[Word] = field(default_factory=list)
    array: str | None = None
    grows: bool = False
    before: str = ""
    target: str | None = None
    marks: list[str] = field(default_factory=list)

    def starts(self, what: str | tuple[str, ...]) -> bool:
        return self.text.startswith(what, self.place)

    def skip(self, count: int) -> None:
        self.line += self.text.count("\n", self.place, self.place + count)
        self.place += count

    def finish(self) -> Simple | None:
        """The command so far, and a clean slate."""
        found = None
        if self.array is not None or self.words or self.target:
            found = Simple(self.words, self.array, self.grows, self.before, self.target)
        self.words, self.array, self.grows, self.target = [], None, False, None
        return found


def simple(text: str, line: int) -> Iterator[Simple]:
    """Each simple command and each array of a script, in order."""
    cut = _Cutter(text, 0, line)
    while cut.place < len(text):
        char = text[cut.place]
        if cut.starts(("\\\n", "\\\r\n")):
            cut.skip(2 if text[cut.place + 1] == "\n" else 3)
        elif char in " \t\r" or (char == "\n" and cut.array is not None):
            cut.skip(1)
        elif char == "#":
            end = text.find("\n", cut.place)
            cut.place = len(text) if end < 0 else end
        elif cut.array is not None and char == ")":
            found = cut.finish()
            cut.skip(1)
            if found is not None:
                yield found
        elif char in _STOPS:
            yield from _stop(cut, char)
        else:
            word, cut.place, cut.line = _word(text, cut.place, cut.line)
            cut.words.append(word)
    last = cut.finish()
    if last is not None:
        yield last


def _stop(cut: _Cutter, char: str) -> Iterator[Simple]:
    """Deal with a character that ends a word and mostly a command."""
    begins = char == "(" and cut.words and cut.words[-1].text.endswith("=")
    if begins and cut.text[cut.place - 1] == "=":
        name = cut.words.pop().text
        cut.array, cut.grows = name.rstrip("=+"), name.endswith("+=")
        cut.skip(1)
        return
    if cut.array is not None:
        cut.skip(1)
        return
    heredoc = _HEREDOC.match(cut.text, cut.place)
    if heredoc and not cut.starts("<<<"):
        cut.marks.append(heredoc["word"])
        cut.skip(heredoc.end() - cut.place)
        return
    redirect = _REDIRECT.match(cut.text, cut.place)
    if redirect and not cut.text.startswith("(", redirect.end()):
        _redirect(cut, redirect)
        return
    operator = next((o for o in ("&&", "||", "|") if cut.starts(o)), "")
    found = cut.finish()
    cut.before = operator
    cut.skip(len(operator) or 1)
    if char == "\n" and cut.marks:
        found = _with_body(cut, found)
    if found is not None:
        yield found


def _redirect(cut: _Cutter, redirect: re.Match[str]) -> None:
    """Skip ``2>&1`` or ``> file``: neither the number before nor the file is an argument."""
    if cut.words and cut.words[-1].stop == cut.place and cut.words[-1].text.isdigit():
        cut.words.pop()
    cut.skip(redirect.end() - cut.place)
    if redirect[0][1:2] == "&" and redirect[0][2:]:
        return
    while cut.place < len(cut.text) and cut.text[cut.place] in " \t":
        cut.skip(1)
    if cut.place < len(cut.text) and cut.text[cut.place] not in _STOPS:
        word, cut.place, cut.line = _word(cut.text, cut.place, cut.line)
        if ">" in redirect[0]:
            cut.target = word.text


def _with_body(cut: _Cutter, found: Simple | None) -> Simple | None:
    """The command with its here-document; the text is passed over."""
    mark, cut.marks = cut.marks[0], []
    first, begin, lines = cut.line, cut.place, []
    while cut.place < len(cut.text):
        end = cut.text.find("\n", cut.place)
        end = len(cut.text) if end < 0 else end
        line = cut.text[cut.place : end]
        cut.skip(end + 1 - cut.place)
        if line.strip() == mark:
            break
        lines.append(line)
    if found is None:
        return None
    body = "\n".join(lines)
    return replace(found, body=body, body_line=first, body_start=begin)


def _word(text: str, place: int, line: int) -> tuple[Word, int, int]:
    start, begin, parts, quoted, size = line, place, [], False, len(text)
    while place < size:
        char = text[place]
        if char == "\\" and place + 1 < size:
            if text.startswith("\\\r\n", place):
                line, place = line + 1, place + 3
                continue
            line += text[place + 1] == "\n"
            parts.append(
                "" if text[place + 1] == "\n" else _HIDE.get(text[place + 1], text[place + 1])
            )
            place += 2
        elif char in "'\"" or text.startswith(("$(", "`", "${"), place):
            end = _end(text, place)
            inner = text[place:end]
            line += inner.count("\n")
            quoted = quoted or "'" in inner or '"' in inner
            parts.append(hidden(inner))
            place = end
        elif char in " \t\r" or char in _STOPS:
            break
        else:
            parts.append(char)
            place += 1
    bare = text[begin] not in "'\""
    return Word("".join(parts), start, quoted, begin, place, bare), place, line


def _end(text: str, place: int) -> int:
    """Character behind the quotes, the substitution or the braces that begin here."""
    if text.startswith("${", place):
        return closing(text, place)
    return _quoted(text, place) if text[place] in "'\"" else substitution(text, place)


_HIDE = {"$": "\ue000", "`": "\ue001"}
_SHOW = str.maketrans({mark: char for char, mark in _HIDE.items()})


def shown(text: str) -> str:
    """A text with the characters that ``hidden`` put away."""
    return text.translate(_SHOW)


def hidden(text: str) -> str:
    """A text without its quotes and escapes; a ``$`` that they keep from its meaning is put away.

    Expansions stay as they are written. ``shown`` brings the rest back.
    """
    parts: list[str] = []
    place, inside = 0, False
    while place < len(text):
        char = text[place]
        if char == "\\" and place + 1 < len(text):
            follows = text[place + 1]
            kept = inside and follows not in '$`"\\\n'
            parts.append(char + follows if kept else _ESCAPED.get(follows, follows))
            place += 2
        elif text.startswith(("$(", "`", "${"), place):
            end = _end(text, place)
            parts.append(text[place:end])
            place = end
        elif char == '"':
            inside = not inside
            place += 1
        elif char == "'" and not inside:
            end = _quoted(text, place)
            parts.append(text[place + 1 : end - 1].translate(_PUT_AWAY))
            place = end
        else:
            parts.append(char)
            place += 1
    return "".join(parts)


_ESCAPED = {**_HIDE, "\n": ""}
_PUT_AWAY = str.maketrans(_HIDE)


def _quoted(text: str, place: int) -> int:
    """Character behind the closing quote."""
    quote = text[place]
    place += 1
    while place < len(text) and text[place] != quote:
        if quote == '"' and text.startswith(("$(", "`", "${"), place):
            place = _end(text, place)
            continue
        place += 2 if text[place] == "\\" and quote == '"' else 1
    return min(place + 1, len(text))


def closing(text: str, place: int) -> int:
    """Character behind the brace that closes the ``${`` at a place."""
    depth, place = 0, place + 1
    while place < len(text):
        char = text[place]
        if char in "'\"" and depth:
            place = _quoted(text, place)
            continue
        depth += {"{": 1, "}": -1}.get(char, 0)
        place += 1
        if not depth:
            break
    return place


def substitution(text: str, place: int) -> int:
    """Character behind the substitution that begins at a place."""
    if text[place] == "`":
        end = text.find("`", place + 1)
        return len(text) if end < 0 else end + 1
    depth, place = 1, place + 2
    while place < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
    return place
