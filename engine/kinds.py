"""Which kinds of value go together in an expression, and what to write where they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from transxlab.engine.comparing import as_version
from transxlab.engine.evaluation import Node
from transxlab.engine.functions import Function
from transxlab.facts.vocabulary.template import Slot, nearest


class ExpressionError(ValueError):
    """An expression that cannot be used; says what was expected and how to cure it."""


ORDERED = (">", ">=", "<", "<=")
SCALARS = ("number", "text", "truth", "version", "none")
NAMES = {"truth": "a truth value", "interval": "an interval", "none": "none", "number": "a number"}


def nearest_text(close: Sequence[str]) -> str:
    """``; nearest: a, b``, or nothing where nothing is near."""
    return f"; nearest: {', '.join(close)}" if close else ""


def named(kind: str) -> str:
    """A kind with its article: ``a number``, ``text``."""
    return NAMES.get(kind, f"a {kind}" if kind in ("list", "version") else kind)


def number(typed: tuple[Node, str], text: str) -> Node:
    """The tree of a number; ExpressionError for anything else."""
    node, kind = typed
    if kind == "interval":
        raise ExpressionError(
            f"{text} is an interval: write low({text}), mid({text}) or high({text})"
        )
    if kind == "text" and node[0] == "literal":
        raise ExpressionError(f"arithmetic takes numbers, got text {text}: leave out the quotes")
    if kind != "number":
        raise ExpressionError(f"arithmetic takes numbers; {text} is {named(kind)}")
    return node


def arguments(
    function: Function, typed: Sequence[tuple[Node, str]], texts: Sequence[str]
) -> tuple[Node, ...]:
    """The trees of a call's arguments; ExpressionError where one is not what the function takes."""
    wanted = [function.takes[min(i, len(function.takes) - 1)] for i in range(len(typed))]
    for (node, kind), want, text in zip(typed, wanted, texts, strict=True):
        if want == "number":
            number((node, kind), text)
        elif want == "interval" and kind == "number":
            raise ExpressionError(f"{text} is a number already: leave out {function.name}()")
        elif not _fits(node, kind, want):
            raise ExpressionError(
                f"{function.name} takes {_wanted(want)} there, not {text}: write {function.usage}"
            )
    if function.name == "round" and len(typed) == 2:
        digits = typed[1][0]
        if digits[0] != "literal" or digits[1] not in range(-12, 13):
            raise ExpressionError("round takes a whole number of digits, as in round(x, 2)")
    return tuple(node for node, _ in typed)


def _fits(node: Node, kind: str, want: str) -> bool:
    if want == "name":
        return bool(node[0] == "slot")
    if want == "pattern":
        return kind == "text" and bool(node[0] == "literal")
    if want == "text":
        return kind in ("text", "version")
    if want == "scalar":
        return kind in SCALARS
    return kind in ("list", "text") if want == "sized" else kind == want


def _wanted(want: str) -> str:
    words = {
        "name": "a slot",
        "pattern": "quoted text",
        "scalar": "one value",
        "sized": "a list or text",
    }
    return words.get(want) or named(want)


def comparison(
    symbol: str, left: tuple[Node, str], right: tuple[Node, str], texts: tuple[str, str]
) -> bool:
    """Whether the two sides compare as versions; ExpressionError where they do not compare."""
    if symbol in ("in", "not in"):
        return _membership(left, right, texts)
    kinds = {left[1], right[1]}
    if kinds == {"none"} or ("none" in kinds and symbol in ORDERED):
        other = texts[0] if right[1] == "none" else texts[1]
        raise ExpressionError(f"none is never above or below anything: write {other} == none")
    if "none" in kinds:
        return False
    for (_, kind), text in zip((left, right), texts, strict=True):
        if kind == "interval":
            raise ExpressionError(
                f"{text} is an interval and cannot be compared: "
                f"write low({text}), mid({text}) or high({text})"
            )
    if symbol in ORDERED and not kinds & {"number", "version"}:
        raise ExpressionError(f"{named(left[1])} has no order: {texts[0]} {symbol} {texts[1]}")
    return _agree(left, right, texts)


def _agree(
    left: tuple[Node, str], right: tuple[Node, str], texts: tuple[str, str], items: bool = False
) -> bool:
    kinds = {left[1], right[1]}
    if "version" in kinds:
        _check_version(left, texts[0], texts[1])
        _check_version(right, texts[1], texts[0])
        return True
    if len(kinds) == 1:
        return False
    compared = "is looked for among" if items else "is compared with"
    raise ExpressionError(
        f"{texts[0]} ({named(left[1])}) {compared} {texts[1]} ({named(right[1])})"
        f": {_cure(left, right, texts)}"
    )


def _cure(left: tuple[Node, str], right: tuple[Node, str], texts: tuple[str, str]) -> str:
    kinds = {left[1], right[1]}
    constant = next((node for node, _ in (left, right) if node[0] == "literal"), None)
    other = left[1] if constant is right[0] else right[1]
    if "list" in kinds:
        one, many = texts if right[1] == "list" else texts[::-1]
        return f"write {one} in {many}, or has({many}, {one})"
    if constant is not None and isinstance(constant[1], str):
        return "leave out the quotes" if other == "number" else "write true or false"
    if constant is not None and other == "text":
        return "put the text in quotes"
    return "compare a truth value with true or false" if "truth" in kinds else "they never agree"


def _check_version(side: tuple[Node, str], text: str, other: str) -> None:
    node, kind = side
    if kind == "version":
        return
    if kind == "text" and node[0] == "literal" and as_version(node[1]) is not None:
        return
    raise ExpressionError(f'{other} is a version: write it in quotes, as in "2.1.0", not {text}')


def _membership(left: tuple[Node, str], right: tuple[Node, str], texts: tuple[str, str]) -> bool:
    if left[1] in ("list", "interval"):
        cure = f"write subset({texts[0]}, {texts[1]})" if left[1] == "list" else "use low or high"
        raise ExpressionError(f"{texts[0]} is {named(left[1])}, not one value: {cure}")
    if right[1] == "text":
        raise ExpressionError(
            f"'in' looks into a list, not into text: write startswith({texts[1]}, {texts[0]}), "
            f'like({texts[1]}, "*...*") or [..] around the values'
        )
    if right[1] != "list":
        raise ExpressionError(f"'in' looks into a list; {texts[1]} is {named(right[1])}")
    versions = left[1] == "version"
    for item in _constants(right[0]):
        if item is not None and left[1] != "none":
            kind = {bool: "truth", str: "text"}.get(type(item), "number")
            constant = (("literal", item), kind)
            shown = f'"{item}"' if isinstance(item, str) else str(item).lower()
            _agree(left, constant, (texts[0], shown), items=True)
    return versions


def _constants(node: Node) -> tuple[object, ...]:
    if node[0] == "list":
        return tuple(item[1] for item in node[1] if item[0] == "literal")
    if node[0] != "literal":
        return ()
    return node[1] if isinstance(node[1], tuple) else (node[1],)


def enum_items(slot_of: Callable[[Node], Slot], nodes: Iterable[Node]) -> None:
    """Check constants that stand beside a slot that takes certain texts only."""
    nodes = tuple(nodes)
    slots = [slot_of(node) for node in nodes if node[0] == "slot"]
    for slot in slots:
        for node in nodes:
            for value in _constants(node):
                if slot.values is not None and isinstance(value, str):
                    _check_enum(slot, value)


def _check_enum(slot: Slot, value: str) -> None:
    allowed = slot.values or ()
    if value not in allowed:
        close = nearest(value, allowed)
        hint = f"nearest: {', '.join(close)}" if close else f"one of {', '.join(allowed)}"
        raise ExpressionError(f'{slot.path} never is "{value}"; {hint}')
