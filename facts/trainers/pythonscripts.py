"""Training scripts in Python: what the calls that set up a Trainer are given, parsed, never run.

What arguments hold that are computed, or that are variables set twice, is not known.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Callable, Iterator
from functools import lru_cache

from transxlab.facts.trainers.datafile import data_file
from transxlab.facts.trainers.document import Cell, Document
from transxlab.facts.trainers.scalars import EntryType

Constant = Callable[[ast.expr, dict[str, object]], object]
_KINDS: dict[type, EntryType] = {bool: "bool", int: "int", float: "float", str: "str", dict: "map"}
_COMPUTED = "computed"
_MODEL = ("Model", "ForCausalLM", "ForSeq", "Fast")
"""Parts of a class's name by which its ``from_pretrained`` loads the model and no tokenizer."""
_ADAPTS = frozenset({"LoraConfig", "get_peft_model"})
_NAMES = frozenset({"model_name_or_path", "dataset_name"})
_FEWEST = 3


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, dict[str, str]]]:
    """By call: what it begins (or nothing), and the key of each argument."""
    lines = [line for line in data_file("python_calls.csv").splitlines() if line[:1] != "#"]
    table: dict[str, tuple[str, dict[str, str]]] = {}
    for row in csv.DictReader(lines):
        table.setdefault(row["call"], (row["command"], {}))[1][row["argument"]] = row["key"]
    return table


def trained(tree: ast.Module, file: str, constant: Constant, unknown: object) -> list[Document]:
    """A run for each call that makes the arguments of a Trainer; empty where there is none."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [(call, _name(call)) for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset))]
    begins = [(call, name) for call, name in named if name and _table()[name][0]]
    if not begins:
        return []
    known = _variables(tree, constant, unknown)
    beside: dict[str, Cell] = {}
    for call, name in named:
        if name and not _table()[name][0]:
            for cell in _cells(call, name, file, constant, known, unknown):
                beside.setdefault(cell.key, cell)
    runs = []
    for call, name in begins:
        own = {cell.key: cell for cell in _cells(call, name, file, constant, known, unknown)}
        cells = {**beside, **own}
        if len(cells) >= _FEWEST and own:
            command = _table()[name][0]
            runs.append(Document(file, "python", {}, cells, command=command, line=call.lineno))
    return runs


def _name(call: ast.Call) -> str:
    """The name of a call that is known here, else nothing."""
    spelled = ast.unparse(call.func) if isinstance(call.func, (ast.Name, ast.Attribute)) else ""
    base, _, last = spelled.rpartition(".")
    if last == "from_pretrained" and not any(part in base for part in _MODEL):
        return ""
    return last if last in _table() else ""


def _variables(tree: ast.Module, constant: Constant, unknown: object) -> dict[str, object]:
    """Constants by the name of their variable, where it is set once or always to the same."""
    held: dict[str, object] = {}
    twice: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], constant(node.value, {})
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, constant(node.value, {})
        else:
            continue
        if isinstance(target, ast.Name):
            if value is unknown or held.get(target.id, value) != value:
                twice.add(target.id)
            held[target.id] = value
    return {name: value for name, value in held.items() if name not in twice}


def _cells(
    call: ast.Call,
    name: str,
    file: str,
    constant: Constant,
    known: dict[str, object],
    unknown: object,
) -> Iterator[Cell]:
    keys = _table()[name][1]
    given = [(str(place), held) for place, held in enumerate(call.args)]
    given += [(word.arg, word.value) for word in call.keywords if word.arg is not None]
    for argument, held in given:
        key = keys.get(argument) or ("" if argument.isdigit() else keys.get("*", ""))
        value = constant(held, known)
        if not key or (key in _NAMES and not isinstance(value, (str, list))):
            continue
        text = value if isinstance(value, str) else ast.unparse(held)
        if value is unknown:
            # It is set, so that no default counts, but to what nobody knows: no slot takes a map.
            value = {_COMPUTED: text}
        kind: EntryType = "none" if value is None else _KINDS.get(type(value), "list")
        yield Cell(argument if key == "*" else key, value, kind, text, file, held.lineno)
    if name in _ADAPTS:
        yield Cell("use_peft", True, "bool", ast.unparse(call.func), file, call.lineno)
