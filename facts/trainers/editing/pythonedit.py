"""One setting changed in a Python file: a constant that a name or an option is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from transxlab.facts.trainers.editing.change import CannotEdit, Change, Put
from transxlab.facts.trainers.syntax import module


def edit(text: str, change: Change, line: int | None) -> str:
    """The text with one value changed; names and absent settings are the program's own."""
    if not isinstance(change, Put):
        raise CannotEdit(f"{change.key} is a name of the program, which uses it elsewhere")
    try:
        tree = module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotEdit(f"not valid Python: {error}") from None
    found = [held for name, held, at in _held(tree) if name == change.key and line in (None, at)]
    if not found:
        raise CannotEdit(f"{change.key} is not set there by itself")
    start, stop = _span(text, found[-1])
    if text[start:stop].count("\n"):
        raise CannotEdit(f"{change.key} takes several lines")
    return text[:start] + _spelled(change.value) + text[stop:]


def _held(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    """Name, value and line of every assignment at the top and every option with a default."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target: ast.expr = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        else:
            continue
        if isinstance(target, ast.Name) and node.value is not None:
            yield target.id, node.value, node.lineno
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        first = call.args[0] if call.args else None
        if call.func.attr != "add_argument" or not isinstance(first, ast.Constant):
            continue
        held = next((word.value for word in call.keywords if word.arg == "default"), None)
        if isinstance(first.value, str) and held is not None:
            yield first.value.lstrip("-").replace("-", "_"), held, call.lineno


def _span(text: str, node: ast.expr) -> tuple[int, int]:
    """Where an expression stands, in characters; ast counts columns in bytes of UTF-8."""
    lines = text.split("\n")

    def place(line: int, column: int) -> int:
        before = sum(len(above) + 1 for above in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode())

    return (
        place(node.lineno, node.col_offset),
        place(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
    )


def _spelled(value: object) -> str:
    if isinstance(value, tuple):
        return repr(list(value))
    return repr(value)
