"""What a script's variables hold: those it sets itself, and what it falls back to.

A variable that comes from outside (the environment, the arguments, a loop, a branch nobody can
judge) stays as it is written, so that nobody takes it for a value.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from transxlab.facts.trainers.shelltokens import Word

_VARIABLE = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_]\w*|\d)|\{(?P<braced>[A-Za-z_]\w*|\d)(?:\[[@*]\])?"
    r"(?::?[-=](?P<other>(?:[^{}$]|\$(?!\{))*))?\})"
)
_WHOLE = re.compile(r"\$(?:\{(\w+)(?:\[[@*]\])?\}|(\w+))")
_ARITHMETIC = re.compile(r"\$\(\((?P<sum>[\w\s+\-*/%()$]{1,80})\)\)")
_OUTSIDE = re.compile(r"\$(?:\{(\w+|[#@*])\}|(\w+|[#@*]))")
_LONGEST = 50_000
_PASSES = 4
_LARGEST = 10**15


@dataclass(slots=True)
class Shell:
    """What is known while a script is read from top to bottom."""

    variables: dict[str, str] = field(default_factory=dict)
    """Variables by name, as text."""
    arrays: dict[str, list[Word]] = field(default_factory=dict)
    """Arrays by name."""
    unsure: set[str] = field(default_factory=set)
    """Variables that hold one thing or another."""

    def set(self, name: str, value: str) -> None:
        """Set a variable."""
        self.variables[name] = value
        self.unsure.discard(name)

    def doubt(self, name: str) -> None:
        """Note that a variable may hold this or that from here on."""
        self.variables.pop(name, None)
        self.arrays.pop(name, None)
        self.unsure.add(name)


def fill(text: str, shell: Shell) -> str:
    """A text with the variables put in that the script sets; the rest stays as written."""
    if "$" not in text:
        return text

    def put(match: re.Match[str]) -> str:
        name = match["plain"] or match["braced"]
        if name in shell.variables:
            return shell.variables[name]
        if name in shell.arrays:
            return " ".join(word.text for word in shell.arrays[name])
        other = match["other"]
        return match[0] if other is None or name in shell.unsure else other.strip("\"'")

    for _ in range(_PASSES):
        filled = _VARIABLE.sub(put, text)[:_LONGEST]
        filled = _ARITHMETIC.sub(lambda match: _sum(match, shell), filled)
        if filled == text:
            break
        text = filled
    return text


def expand(word: Word, shell: Shell) -> list[Word]:
    """The words that a word stands for."""
    match = _WHOLE.fullmatch(word.text)
    if match and (match[1] or match[2]) in shell.arrays:
        return list(shell.arrays[match[1] or match[2]])
    filled = fill(word.text, shell)
    if filled != word.text and not word.quoted and len(filled.split()) != 1:
        return [Word(part, word.line) for part in filled.split()]
    return [Word(filled.strip(), word.line, word.quoted, word.start, word.stop, word.bare)]


def _sum(match: re.Match[str], shell: Shell) -> str:
    names = shell.variables

    def put(name: re.Match[str]) -> str:
        held = names.get(name[1], name[0])
        return held if held.strip("-").isdigit() else name[0]

    text = re.sub(r"\$?([A-Za-z_]\w*)", put, match["sum"])
    try:
        value = _whole(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return match[0]
    return str(value)


def _whole(node: ast.expr) -> int:
    """The value of a sum of whole numbers; ValueError for anything else."""
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < _LARGEST:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_whole(node.operand)
    if not isinstance(node, ast.BinOp):
        raise ValueError
    left, right = _whole(node.left), _whole(node.right)
    if max(abs(left), abs(right)) > _LARGEST:
        raise ValueError
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, (ast.Div, ast.FloorDiv)):
        return int(left / right)
    if isinstance(node.op, ast.Mod):
        return left % right
    raise ValueError


def judge(words: Sequence[Word], shell: Shell) -> bool | None:
    """Whether a test (``[ -z "$X" ]``) holds for a script started without arguments.

    None where that depends on files, on programs, or on a variable that is not sure.
    """
    texts: list[str] = []
    for word in words:
        found = _operand(word.text, shell)
        if found is None:
            return None
        texts.append(found)
    if not texts or texts[0] not in ("[", "[[", "test"):
        return None
    texts = texts[1:-1] if texts[0] != "test" else texts[1:]
    turned = texts[:1] == ["!"]
    value = _holds(texts[1:] if turned else texts)
    return None if value is None else value != turned


def _operand(text: str, shell: Shell) -> str | None:
    filled = fill(text, shell)
    if any(mark in filled for mark in ("$(", "`")):
        return None
    names = [match[1] or match[2] for match in _OUTSIDE.finditer(filled)]
    if any(name in shell.unsure for name in names):
        return None
    plain = _OUTSIDE.sub(lambda match: "0" if "#" in match[0] else "", filled)
    return None if "$" in plain else plain


def _holds(texts: Sequence[str]) -> bool | None:
    if len(texts) == 1:
        return bool(texts[0])
    if len(texts) == 2 and texts[0] in ("-z", "-n"):
        return bool(texts[1]) == (texts[0] == "-n")
    if len(texts) != 3:
        return None
    left, operator, right = texts
    if operator in ("=", "==", "!="):
        return fnmatchcase(left, right) == (operator != "!=")
    try:
        a, b = int(left or 0), int(right or 0)
    except ValueError:
        return None
    numbers = {
        "-eq": a == b,
        "-ne": a != b,
        "-gt": a > b,
        "-lt": a < b,
        "-ge": a >= b,
        "-le": a <= b,
    }
    return numbers.get(operator)
