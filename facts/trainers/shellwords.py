"""The words of a shell script, line by line, with its plain variables put in.

Nothing is run. Variables that the script sets itself are followed; the rest (loops, command
substitutions, the environment) stay as they are written, so that nobody takes them for a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_ASSIGN = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)\Z", re.DOTALL)
_VARIABLE = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_]\w*|\d)|\{(?P<braced>[A-Za-z_]\w*|\d)(?:\[[@*]\])?(?::?-(?P<other>[^{}]*))?\})"
)
_STOPS = ";|&<>()\n"
_LIMIT = 50_000


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


@dataclass(slots=True)
class Shell:
    """What is known while a script is read from top to bottom."""

    variables: dict[str, str] = field(default_factory=dict)
    """Variables by name, as text."""
    arrays: dict[str, list[Word]] = field(default_factory=dict)
    """Arrays by name."""


def commands(text: str, first_line: int = 1) -> Iterator[list[Word]]:
    """The simple commands of a script, each as its words, assignments followed and removed."""
    shell = Shell()
    for words, array in _simple(text, first_line):
        if array is not None:
            shell.arrays[array] = [w for word in words for w in _expand(word, shell)]
            continue
        place = 0
        if words and words[0].text in ("export", "local", "declare", "readonly", "env"):
            place = 1
        found: list[Word] = []
        pending: list[tuple[str, str]] = []
        for word in words[place:]:
            match = _ASSIGN.match(word.text)
            if match and not found and not match[2]:
                pending.append((match[1], _fill(match[3], shell)))
                continue
            found.extend(_expand(word, shell))
        if not found:
            shell.variables.update(pending)
        elif found[0].text in ("for", "while", "read"):
            shell.variables.pop(found[1].text if len(found) > 1 else "", None)
        else:
            yield found


def _expand(word: Word, shell: Shell) -> list[Word]:
    match = re.fullmatch(r"\$\{(\w+)\[[@*]\]\}", word.text)
    if match and match[1] in shell.arrays:
        return list(shell.arrays[match[1]])
    filled = _fill(word.text, shell)
    if filled != word.text and not word.quoted and " " in filled.strip():
        return [Word(part, word.line) for part in filled.split()]
    return [Word(filled, word.line, word.quoted, word.start, word.stop, word.bare)]


def _fill(text: str, shell: Shell) -> str:
    if "$" not in text:
        return text

    def put(match: re.Match[str]) -> str:
        name = match["plain"] or match["braced"]
        if name in shell.variables:
            return shell.variables[name]
        other = match["other"]
        return match[0] if other is None else other.strip("\"'")

    return _VARIABLE.sub(put, text)[:_LIMIT]


def _simple(text: str, line: int) -> Iterator[tuple[list[Word], str | None]]:
    """Each simple command, or each array with its name."""
    words: list[Word] = []
    array: str | None = None
    place, size = 0, len(text)
    while place < size:
        char = text[place]
        if text.startswith("\\\n", place):
            place, line = place + 2, line + 1
        elif char in " \t\r":
            place += 1
        elif char == "#":
            end = text.find("\n", place)
            place = size if end < 0 else end
        elif char == "\n" and array is not None:
            place, line = place + 1, line + 1
        elif char == "(" and words and words[-1].text.endswith("=") and text[place - 1] == "=":
            array = words.pop().text.rstrip("=+")
            place += 1
        elif char == ")" and array is not None:
            yield words, array
            words, array, place = [], None, place + 1
        elif char in _STOPS:
            if words and array is None:
                yield words, None
                words = []
            line += char == "\n"
            place += 1
        else:
            word, place, line = _word(text, place, line)
            words.append(word)
    if words:
        yield words, array


def _word(text: str, place: int, line: int) -> tuple[Word, int, int]:
    start, begin, parts, quoted, size = line, place, [], False, len(text)
    while place < size:
        char = text[place]
        if char == "\\" and place + 1 < size:
            line += text[place + 1] == "\n"
            parts.append("" if text[place + 1] == "\n" else text[place + 1])
            place += 2
        elif char in "'\"":
            end = _closing(text, place)
            inner = text[place + 1 : end]
            line += inner.count("\n")
            parts.append(inner.replace("\\\n", "").replace('\\"', '"'))
            quoted, place = True, end + 1
        elif text.startswith(("$(", "`"), place):
            end = _substitution(text, place)
            line += text.count("\n", place, end)
            parts.append(text[place:end])
            place = end
        elif char in " \t\r" or char in _STOPS:
            break
        else:
            parts.append(char)
            place += 1
    bare = text[begin] not in "'\""
    return Word("".join(parts), start, quoted, begin, place, bare), place, line


def _closing(text: str, place: int) -> int:
    quote = text[place]
    place += 1
    while place < len(text) and text[place] != quote:
        place += 2 if text[place] == "\\" and quote == '"' else 1
    return min(place, len(text))


def _substitution(text: str, place: int) -> int:
    if text[place] == "`":
        end = text.find("`", place + 1)
        return len(text) if end < 0 else end + 1
    depth, place = 1, place + 2
    while place < len(text) and depth:
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
    return place
