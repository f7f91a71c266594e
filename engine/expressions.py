"""The condition language: an expression parsed once, evaluated in three values, said in words.

Its checked tree is made of tuples of plain data, so that it can be kept as JSON and read back
without running anything: ``("literal", value)``, ``("slot", name, slot, type)``,
``("list", items)``, ``("minus", a)``, ``("arithmetic", op, a, b)``,
``("call", function, arguments)``, ``("or", parts)``, ``("compare", op, a, b, as_version)`` and,
kept apart so that ranges can be solved exactly,
``("bound", op, name, slot, constant, as_version)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from transxlab.engine.evaluation import Environment, Node, Run, compiled, paths_of
from transxlab.engine.kinds import ExpressionError
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


@dataclass(frozen=True, slots=True)
class Expression:
    """One condition or value, checked."""

    text: str
    """The text as the rule has it."""
    node: Node
    """The checked tree."""
    paths: tuple[tuple[str, str], ...]
    """Name of the fact and slot of everything it reads, in order, without repetition."""
    kind: str
    """Type of what it gives: a slot type, or ``none``."""
    run: Run | None = field(default=None, compare=False, repr=False)
    """The compiled form; made when first evaluated."""

    def __reduce__(self) -> tuple[object, ...]:
        return Expression, (self.text, self.node, self.paths, self.kind)


def parse(
    text: str,
    vocabulary: Vocabulary,
    aliases: Mapping[str, str] | None = None,
    *,
    condition: bool = True,
) -> Expression:
    """The expression a text says; ExpressionError holds what was expected and the cure.

    ``aliases``: names the rule declares, with their templates. ``condition``: whether it must be
    a comparison or a yes-or-no function, rather than any value.
    """
    from transxlab.engine.grammar import check

    node, kind = check(text, vocabulary, aliases or {}, condition)
    return Expression(text, node, paths_of(node), kind)


def evaluate(expression: Expression, env: Environment) -> Value | Unknown:
    """The value under facts by name. Never raises; what it lacks is in ``Unknown.needs``."""
    return (expression.run or _made(expression))(env)


def _made(expression: Expression) -> Run:
    run = compiled(expression.node)
    object.__setattr__(expression, "run", run)
    return run


def conjunction(conditions: Iterable[Expression], env: Environment) -> bool | Unknown:
    """Whether all conditions are true: false beats unknown, unknown beats true."""
    found: Unknown | None = None
    for condition in conditions:
        truth = (condition.run or _made(condition))(env)
        if truth is False:
            return False
        if isinstance(truth, Unknown):
            found = truth if found is None else _both(found, truth)
    return True if found is None else found


def _both(one: Unknown, other: Unknown) -> Unknown:
    return one if other.needs <= one.needs else Unknown(one.needs | other.needs)


def bound(expression: Expression) -> tuple[str, str, str, Value] | None:
    """Fact name, slot, operator and constant of ``slot op constant``; None for richer tests.

    The slot is always on the left: ``5 < x`` gives ``>``. Versions, which do not order as text,
    count as richer.
    """
    node = expression.node
    if node[0] != "bound" or node[5]:
        return None
    _, operator, alias, slot, constant, _ = node
    return alias, slot, operator, constant


def describe(expression: Expression) -> str:
    """The expression in plain words: ``config.learning_rate is above 5e-5``."""
    from transxlab.engine.wording import words

    return words(expression.node)
