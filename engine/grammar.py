"""From the text of a condition to a checked tree: what may be said, and the cure where it may not.

The tree is nested tuples, so that it can be cached as JSON. Its nodes:
``("const", value)``, ``("list", (node, ...))``, ``("slot", alias, slot)``,
``("cmp", op, left, right, as_version)``, ``("or", (node, ...))``, ``("arith", op, left, right)``,
``("neg", node)``, ``("call", function, (node, ...))``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from transxlab.facts.vocabulary.template import Slot, Vocabulary, nearest

Node: TypeAlias = "tuple[Any, ...]"
Kind = Literal["number", "text", "list", "interval", "truth", "version", "any"]

MAX_CHARACTERS = 300
MAX_NODES = 60
MAX_DEPTH = 20

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.In: "in",
    ast.NotIn: "not in",
}
ORDERED = frozenset({">", ">=", "<", "<="})
ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
WORDS: dict[str, object] = {"true": True, "false": False, "none": None}

SIGNATURES: dict[str, tuple[tuple[str, ...], Kind]] = {
    "abs": (("number",), "number"),
    "log2": (("number",), "number"),
    "sqrt": (("number",), "number"),
    "ceil": (("number",), "number"),
    "floor": (("number",), "number"),
    "round": (("number",), "number"),
    "len": (("list or text",), "number"),
    "mid": (("interval",), "number"),
    "low": (("interval",), "number"),
    "high": (("interval",), "number"),
    "place": (("list", "any"), "number"),
    "known": (("slot",), "truth"),
    "unknown": (("slot",), "truth"),
    "given": (("slot",), "truth"),
    "defaulted": (("slot",), "truth"),
    "has": (("list", "any"), "truth"),
    "subset": (("list", "list"), "truth"),
    "startswith": (("text", "text"), "truth"),
    "like": (("text", "text"), "truth"),
}
"""Functions by name: what their arguments hold, and what they give."""
VARIADIC = frozenset({"min", "max"})
FUNCTIONS = tuple(sorted([*SIGNATURES, *VARIADIC]))


class ExpressionError(ValueError):
    """An expression that may not be said; the message holds the cure."""


class Checker:
    """Turns one parsed expression into a checked tree, collecting the slots it reads."""

    def __init__(self, text: str, vocabulary: Vocabulary, aliases: Mapping[str, str]) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.aliases = aliases
        self.paths: list[tuple[str, str]] = []
        self.nodes = 0
        self.depth = 0

    def check(self, node: ast.AST) -> tuple[Node, Kind]:
        """The tree of a node and the kind of value it gives; ExpressionError with the cure."""
        self.nodes += 1
        self.depth += 1
        if self.nodes > MAX_NODES or self.depth > MAX_DEPTH:
            raise ExpressionError(
                f"{self.text!r} is too long: at most {MAX_NODES} parts, {MAX_DEPTH} deep; "
                "name a derived quantity instead"
            )
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise ExpressionError(
                f"{type(node).__name__.lower()} is not part of the condition language in "
                f'{self.text!r}; compare template.slot paths, numbers, "text", none and lists'
            )
        found: tuple[Node, Kind] = method(node)
        self.depth -= 1
        return found

    def _boolop(self, node: ast.BoolOp) -> tuple[Node, Kind]:
        if not isinstance(node.op, ast.Or):
            raise ExpressionError(
                f"'and' is not used in {self.text!r}: write two conditions, one per line"
            )
        parts = []
        for value in node.values:
            tree, kind = self.check(value)
            if kind != "truth":
                raise ExpressionError(f"each side of 'or' in {self.text!r} must be a comparison")
            parts.append(tree)
        return ("or", tuple(parts)), "truth"

    def _compare(self, node: ast.Compare) -> tuple[Node, Kind]:
        if len(node.ops) != 1:
            raise ExpressionError(f"one comparison each in {self.text!r}: write two conditions")
        op = COMPARISONS.get(type(node.ops[0]))
        if op is None:
            raise ExpressionError(
                f"'is' is not used in {self.text!r}: use == or !=, also with none"
            )
        left, left_kind = self.check(node.left)
        right, right_kind = self.check(node.comparators[0])
        self._comparable(op, left_kind, right_kind)
        for one, other in ((left, right), (right, left)):
            self._choices(one, other)
        version = "version" in (left_kind, right_kind)
        return ("cmp", op, left, right, version), "truth"

    def _comparable(self, op: str, left: Kind, right: Kind) -> None:
        kinds = {left, right}
        if "interval" in kinds and "any" not in kinds:
            raise ExpressionError(
                f"an interval cannot be compared in {self.text!r}: use low(..), high(..) or mid(..)"
            )
        if op in ("in", "not in"):
            if right not in ("list", "any"):
                raise ExpressionError(
                    f"{op!r} wants a list on its right in {self.text!r}; "
                    'for part of a text use like(x, "*part*")'
                )
            return
        if op in ORDERED:
            self._ordered(kinds)
        elif "any" not in kinds and len(kinds - {"version"}) > 1 - ("version" in kinds):
            if kinds != {"version", "text"}:
                raise ExpressionError(
                    f"{left} is compared with {right} in {self.text!r}{_cure(kinds)}"
                )

    def _ordered(self, kinds: set[Kind]) -> None:
        if "version" in kinds:
            if kinds - {"version", "text"}:
                raise ExpressionError(
                    f'a version is compared with a version in quotes: write "2.1" in {self.text!r}'
                )
            return
        for kind in kinds:
            if kind in ("text", "list", "truth", "any"):
                what = "none" if kind == "any" else kind
                raise ExpressionError(
                    f"{what} cannot be ordered in {self.text!r}: use == or != or in"
                )

    def _choices(self, slot: Node, constant: Node) -> None:
        """Text compared with a slot that takes only certain words must be one of them."""
        if slot[0] != "slot":
            return
        found = self._slot(slot[1], slot[2])
        if found.values is None:
            return
        parts = constant[1] if constant[0] == "list" else (constant,)
        for part in parts:
            if part[0] == "const" and isinstance(part[1], str) and part[1] not in found.values:
                near = nearest(part[1], found.values) or list(found.values)
                raise ExpressionError(
                    f"{found.path} is never {part[1]!r}; expected one of {', '.join(near)}"
                )

    def _call(self, node: ast.Call) -> tuple[Node, Kind]:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in FUNCTIONS:
            near = nearest(name, FUNCTIONS) or list(FUNCTIONS)
            raise ExpressionError(
                f"there is no function {name!r} in {self.text!r}; nearest: {', '.join(near)}"
            )
        if node.keywords:
            raise ExpressionError(f"{name}() takes no named arguments in {self.text!r}")
        checked = [self.check(argument) for argument in node.args]
        wanted = ("number",) * len(checked) if name in VARIADIC else SIGNATURES[name][0]
        if len(checked) != len(wanted) or not checked:
            raise ExpressionError(
                f"{name}() takes {len(wanted) or 'some'} arguments in {self.text!r}, "
                f"got {len(checked)}"
            )
        for (tree, kind), want in zip(checked, wanted, strict=True):
            self._argument(name, tree, kind, want)
        result: Kind = "number" if name in VARIADIC else SIGNATURES[name][1]
        return ("call", name, tuple(tree for tree, _ in checked)), result

    def _argument(self, name: str, tree: Node, kind: Kind, want: str) -> None:
        fits = {
            "slot": tree[0] == "slot",
            "interval": kind in ("interval", "number"),
            "list or text": kind in ("list", "text"),
            "any": True,
            "text": kind in ("text", "version"),
        }.get(want, kind == want)
        if not fits:
            what = "one template.slot" if want == "slot" else want
            raise ExpressionError(f"{name}() takes {what} in {self.text!r}, got {kind}")

    def _binop(self, node: ast.BinOp) -> tuple[Node, Kind]:
        op = ARITHMETIC.get(type(node.op))
        if op is None:
            raise ExpressionError(f"arithmetic in {self.text!r} knows + - * / // % ** only")
        left, left_kind = self.check(node.left)
        right, right_kind = self.check(node.right)
        for kind in (left_kind, right_kind):
            if kind == "interval":
                raise ExpressionError(
                    f"an interval cannot be calculated with in {self.text!r}: use low, high or mid"
                )
            if kind != "number":
                raise ExpressionError(f"{kind} cannot be calculated with in {self.text!r}")
        return ("arith", op, left, right), "number"

    def _unaryop(self, node: ast.UnaryOp) -> tuple[Node, Kind]:
        if not isinstance(node.op, ast.USub):
            raise ExpressionError(f"'not' is not used in {self.text!r}: use unless, != or not in")
        tree, kind = self.check(node.operand)
        if kind != "number":
            raise ExpressionError(f"only a number can be negative in {self.text!r}")
        if tree[0] == "const":
            return ("const", -tree[1]), "number"
        return ("neg", tree), "number"

    def _attribute(self, node: ast.Attribute) -> tuple[Node, Kind]:
        if not isinstance(node.value, ast.Name):
            raise ExpressionError(
                f"expected template.slot in {self.text!r}, got {ast.unparse(node)!r}"
            )
        alias, name = node.value.id, node.attr
        found = self._slot(alias, name)
        if (alias, name) not in self.paths:
            self.paths.append((alias, name))
        return ("slot", alias, name), found.type

    def _slot(self, alias: str, name: str) -> Slot:
        template = self.aliases.get(alias, alias)
        if template not in self.vocabulary:
            near = nearest(alias, [*self.vocabulary.templates, *self.aliases])
            raise ExpressionError(
                f"there is no template {alias!r} in {self.text!r}; nearest: {_names(near)}"
            )
        slots = self.vocabulary[template].slots
        if name not in slots:
            raise ExpressionError(
                f"there is no slot {alias}.{name} in {self.text!r}; "
                f"nearest: {_names([f'{alias}.{n}' for n in nearest(name, slots)])}"
            )
        return slots[name]

    def _list(self, node: ast.List) -> tuple[Node, Kind]:
        return ("list", tuple(self.check(item)[0] for item in node.elts)), "list"

    def _name(self, node: ast.Name) -> tuple[Node, Kind]:
        if node.id in WORDS:
            word = WORDS[node.id]
            return ("const", word), "any" if word is None else "truth"
        if node.id.lower() in WORDS:
            raise ExpressionError(f"write {node.id.lower()} for {node.id} in {self.text!r}")
        raise ExpressionError(
            f"bare name {node.id!r} in {self.text!r}: put text in quotes, or write template.slot"
        )

    def _constant(self, node: ast.Constant) -> tuple[Node, Kind]:
        value = node.value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if abs(value) > 1e30:
                raise ExpressionError(f"the number in {self.text!r} is too large")
            return ("const", value), "number"
        if isinstance(value, str):
            return ("const", value), "text"
        word = {True: "true", False: "false", None: "none"}.get(value, "a plain number or text")  # type: ignore[arg-type]
        raise ExpressionError(f"write {word} for {value!r} in {self.text!r}")


def _names(names: list[str]) -> str:
    return ", ".join(names) or "none is like it"


def _cure(kinds: set[Kind]) -> str:
    if kinds == {"number", "text"}:
        return ": write the number without quotes"
    if "truth" in kinds:
        return ": compare with true or false"
    if "list" in kinds:
        return ": use has(list, x), subset(a, b) or in"
    return ""
