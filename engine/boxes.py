"""The values a slot may hold where conditions of the form ``slot op constant`` are all true."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from transxlab.engine.comparing import compare, is_number, member, same
from transxlab.engine.expressions import Expression, bound
from transxlab.facts.values import Value

Path: TypeAlias = "tuple[str, str]"
"""Name of a fact, and slot."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is left for one slot."""

    low: float = -math.inf
    """Numbers below it are out."""
    high: float = math.inf
    """Numbers above it are out."""
    low_open: bool = False
    """Whether the low end itself is out."""
    high_open: bool = False
    """Whether the high end itself is out."""
    only: tuple[Value, ...] | None = None
    """The only values left; None: any."""
    never: tuple[Value, ...] = ()
    """Values that are out."""
    number: bool = False
    """Whether only numbers are left, and neither none nor text."""

    def holds(self, value: Value) -> bool:
        """Whether the value is left."""
        if member(value, self.never) or (self.only is not None and not member(value, self.only)):
            return False
        if not is_number(value) or not isinstance(value, (int, float)):
            return not self.number
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))

    def empty(self) -> bool:
        """Whether no value is left."""
        if self.only is not None:
            return not any(map(self.holds, self.only))
        if self.low > self.high:
            return True
        if self.low < self.high:
            return False
        return self.low_open or self.high_open or member(self.low, self.never)


def narrowed(conditions: Iterable[Expression]) -> dict[Path, Allowed]:
    """What the conditions leave of each slot; those of another form leave all."""
    found: dict[Path, Allowed] = {}
    for condition in conditions:
        simple = bound(condition)
        if simple is not None:
            alias, slot, operator, constant = simple
            left = found.get((alias, slot), Allowed())
            found[alias, slot] = _narrow(left, operator, constant)
    return found


def _narrow(left: Allowed, operator: str, constant: Value) -> Allowed:
    if operator in ("==", "in"):
        items = constant if operator == "in" and isinstance(constant, tuple) else (constant,)
        kept = items if left.only is None else tuple(v for v in left.only if member(v, items))
        return replace(left, only=kept)
    if operator in ("!=", "not in"):
        items = constant if operator == "not in" and isinstance(constant, tuple) else (constant,)
        return replace(left, never=(*left.never, *items))
    if not isinstance(constant, (int, float)):
        return left
    left = replace(left, number=True)
    strict = operator in (">", "<")
    if operator in (">", ">="):
        tighter = constant > left.low or (constant == left.low and strict)
        return replace(left, low=constant, low_open=strict) if tighter else left
    tighter = constant < left.high or (constant == left.high and strict)
    return replace(left, high=constant, high_open=strict) if tighter else left


def contradiction(boxes: Mapping[Path, Allowed]) -> Path | None:
    """A slot that nothing is left for; None where all conditions can hold together."""
    return next((path for path, left in boxes.items() if left.empty()), None)


def implied(
    condition: Expression, boxes: Mapping[Path, Allowed], conditions: Iterable[Expression] = ()
) -> bool:
    """Whether the condition is true of everything the boxes leave, or is one of the conditions."""
    if any(condition.node == other.node for other in conditions):
        return True
    if condition.node[0] == "or":
        parts = (Expression("", part, (), "truth") for part in condition.node[1])
        return any(implied(part, boxes) for part in parts)
    simple = bound(condition)
    if simple is None:
        return False
    alias, slot, operator, constant = simple
    left = boxes.get((alias, slot))
    if left is None:
        return False
    if left.only is not None:
        kept = [value for value in left.only if left.holds(value)]
        return all(compare(operator, value, constant, False) is True for value in kept)
    return _covers(left, operator, constant)


def _covers(left: Allowed, operator: str, constant: Value) -> bool:
    """Whether every value that is left satisfies the comparison."""
    if operator in ("!=", "not in"):
        items = constant if operator == "not in" and isinstance(constant, tuple) else (constant,)
        return not any(left.holds(value) for value in items)
    if not left.number or not isinstance(constant, (int, float)) or same(constant, True):
        return False
    if operator == ">":
        return left.low > constant or (left.low == constant and left.low_open)
    if operator == "<":
        return left.high < constant or (left.high == constant and left.high_open)
    return (operator == ">=" and left.low >= constant) or (
        operator == "<=" and left.high <= constant
    )
