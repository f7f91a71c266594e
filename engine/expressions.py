"""The condition language: an expression parsed once, evaluated in three values, said in words."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transxlab.engine.evaluation import Run, compiled
from transxlab.engine.grammar import MAX_CHARACTERS, Checker, ExpressionError, Kind, Node
from transxlab.facts.situation import Fact
from transxlab.facts.values import Unknown, Value
from transxlab.facts.vocabulary.template import Vocabulary

__all__ = [
    "Expression",
    "ExpressionError",
    "bound",
    "conjunction",
    "describe",
    "evaluate",
    "parse",
]

FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Expression:
    """One condition or value, checked."""

    text: str
    """The text as the rule has it."""
    node: Node
    """The checked tree (see ``grammar``)."""
    paths: tuple[tuple[str, str], ...]
    """Name of the fact and slot of everything it reads, in order."""
    kind: Kind
    """What it gives."""
    run: Run | None = field(default=None, compare=False, repr=False)
    """The compiled form; made when first evaluated."""


def parse(
    text: str,
    vocabulary: Vocabulary,
    aliases: Mapping[str, str] | None = None,
    *,
    condition: bool = True,
) -> Expression:
    """The expression a text says; ExpressionError holds what was expected and the cure."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            f"{text[:40]!r}... has {len(text)} characters; at most {MAX_CHARACTERS} are read: "
            "name a derived quantity"
        )
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or "too deep"
        raise ExpressionError(f"{text!r} is not an expression ({reason})") from None
    checker = Checker(text, vocabulary, aliases or {})
    node, kind = checker.check(parsed)
    if condition and kind != "truth":
        raise ExpressionError(f"{text!r} is no comparison: write one, such as config.max_steps > 0")
    return Expression(text, node, tuple(checker.paths), kind)


def evaluate(expression: Expression, env: Mapping[str, Fact]) -> Value | Unknown:
    """The value under facts by name. Never raises; what it lacks is in ``Unknown.needs``."""
    run = expression.run
    if run is None:
        run = compiled(expression.node)
        object.__setattr__(expression, "run", run)
    found: Value | Unknown = run(env)
    return found


def conjunction(conditions: Iterable[Expression], env: Mapping[str, Fact]) -> bool | Unknown:
    """Whether all conditions are true: false beats unknown, unknown beats true."""
    needs: frozenset[str] = frozenset()
    for condition in conditions:
        truth = evaluate(condition, env)
        if isinstance(truth, Unknown):
            needs |= truth.needs
        elif not truth:
            return False
    return Unknown(needs) if needs else True


def bound(expression: Expression) -> tuple[str, str, str, Value] | None:
    """Fact name, slot, operator and constant of ``slot op constant``; None for richer tests."""
    node = expression.node
    if node[0] != "cmp" or node[4]:
        return None
    _, op, left, right, _ = node
    if left[0] == "slot":
        constant = _constant(right)
        return None if constant is _RICHER else (left[1], left[2], op, constant)
    if right[0] == "slot" and op in FLIPPED:
        constant = _constant(left)
        return None if constant is _RICHER else (right[1], right[2], FLIPPED[op], constant)
    return None


_RICHER: Any = object()


def _constant(node: Node) -> Any:
    if node[0] == "const":
        return node[1]
    if node[0] == "list" and all(item[0] == "const" for item in node[1]):
        return tuple(item[1] for item in node[1])
    return _RICHER


_OPERATORS = {
    "==": "is",
    "!=": "is not",
    ">": "is above",
    ">=": "is at least",
    "<": "is below",
    "<=": "is at most",
    "in": "is one of",
    "not in": "is none of",
}


def describe(expression: Expression) -> str:
    """The expression in plain words."""
    return _say(expression.node)


def _say(node: Node) -> str:
    match node[0]:
        case "const":
            return {None: "not set", True: "true", False: "false"}.get(node[1], _literal(node[1]))
        case "list":
            return ", ".join(_say(item) for item in node[1])
        case "slot":
            return f"{node[1]}.{node[2]}"
        case "or":
            return " or ".join(_say(part) for part in node[1])
        case "cmp":
            return f"{_say(node[2])} {_OPERATORS[node[1]]} {_say(node[3])}"
        case "arith":
            return f"{_inner(node[2])} {node[1]} {_inner(node[3])}"
        case "neg":
            return f"-{_inner(node[1])}"
    return _called(node[1], [_say(argument) for argument in node[2]])


def _inner(node: Node) -> str:
    return f"({_say(node)})" if node[0] == "arith" else _say(node)


def _literal(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_CALLS = {
    "known": "{0} is known",
    "unknown": "{0} is unknown",
    "given": "{0} was set by the user",
    "defaulted": "{0} is left at the trainer's default",
    "has": "{0} contains {1}",
    "subset": "all of {0} are in {1}",
    "startswith": "{0} begins with {1}",
    "like": "{0} looks like {1}",
    "low": "the low end of {0}",
    "high": "the high end of {0}",
    "mid": "the expected {0}",
    "place": "the place of {1} in {0}",
}


def _called(name: str, arguments: list[str]) -> str:
    known = _CALLS.get(name)
    return known.format(*arguments) if known else f"{name}({', '.join(arguments)})"
