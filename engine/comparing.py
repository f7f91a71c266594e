"""How two known values compare: types kept apart, versions as versions, none never in order."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from transxlab.facts.values import finite

if TYPE_CHECKING:
    from packaging.version import Version

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
"""Comparisons that none never satisfies."""


def same(left: object, right: object) -> bool:
    """Equality that keeps truth and numbers apart: ``1`` is not ``true``, but ``1`` is ``1.0``."""
    if left.__class__ is bool or right.__class__ is bool:
        return left is right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def member(item: object, items: tuple[object, ...]) -> bool:
    """Whether the list has the item, by ``same``."""
    return any(same(item, other) for other in items)


def is_number(value: object) -> bool:
    """Whether it is a finite number; truth values are none."""
    return value.__class__ is not bool and isinstance(value, (int, float)) and finite(value)


@lru_cache(maxsize=512)
def as_version(text: object) -> Version | None:
    """The version a text spells, or None."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(str(text))
    except InvalidVersion:
        return None


def compare(symbol: str, left: Any, right: Any, versions: bool) -> bool | None:
    """Whether two known values compare so; None where they cannot be compared at all."""
    if versions:
        if symbol in ("in", "not in"):
            return _version_in(left, right or ()) is (symbol == "in")
        left, right = (None if v is None else as_version(v) or v for v in (left, right))
    if symbol in ("==", "!="):
        return same(left, right) is (symbol == "==")
    if symbol in ("in", "not in"):
        if right is not None and not isinstance(right, tuple):
            return None
        return member(left, right or ()) is (symbol == "in")
    if left is None or right is None:
        return False
    if versions and (isinstance(left, str) or isinstance(right, str)):
        return None
    if not versions and not (is_number(left) and is_number(right)):
        return None
    return ORDERED[symbol](left, right)


def _version_in(version: Any, versions: tuple[Any, ...]) -> bool:
    return any(compare("==", version, other, True) for other in versions)


def holding(symbol: str, constant: Any, versions: bool) -> Callable[[Any], bool | None]:
    """The quickest test of a value against a constant."""
    if not versions and isinstance(constant, str):
        if symbol == "==":
            return lambda value: value == constant
        if symbol == "!=":
            return lambda value: value != constant
    texts = isinstance(constant, tuple) and all(isinstance(item, str) for item in constant)
    if not versions and texts and symbol in ("in", "not in"):
        names, wanted = frozenset(constant), symbol == "in"
        return lambda value: (value in names) is wanted
    return lambda value: compare(symbol, value, constant, versions)
