"""Checks the text of an expression against the vocabulary and makes its tree."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from typing import Any

from transxlab.engine import kinds
from transxlab.engine.comparing import is_number
from transxlab.engine.evaluation import Node, compiled, paths_of
from transxlab.engine.functions import ABOUT_KNOWING, FUNCTIONS
from transxlab.engine.kinds import ExpressionError
from transxlab.facts.values import Unknown
from transxlab.facts.vocabulary.template import Vocabulary, nearest

LONGEST_CHARACTERS = 300
MOST_NODES = 60
LARGEST_POWER = 10
WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None}
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
FLIPPED = {"==": "==", "!=": "!=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
Typed = tuple[Node, str]
"""A tree and the kind of value it gives."""


def check(text: str, vocabulary: Vocabulary, aliases: Mapping[str, str], condition: bool) -> Typed:
    """The tree and kind behind a text; ExpressionError says what to write instead."""
    checker = _Checker(vocabulary, aliases)
    node, kind = checker.visit(_tree(text))
    if condition:
        if node[0] not in ("compare", "bound", "or") and not _is_question(node, kind):
            raise ExpressionError(f"expected a comparison, as in {_as_comparison(node, kind)}")
        if not paths_of(node):
            raise ExpressionError("reads no slot, so it is always the same: leave it out")
    return node, kind


def _is_question(node: Node, kind: str) -> bool:
    return node[0] == "call" and kind == "truth"


def _as_comparison(node: Node, kind: str) -> str:
    if node[0] != "slot":
        return "config.learning_rate > 1e-4"
    path, example = f"{node[1]}.{node[2]}", {"truth": "true", "text": '"..."', "version": '"2.1"'}
    return f"{path} == {example.get(kind, '...')} or known({path})"


def _tree(text: str) -> ast.expr:
    if len(text) > LONGEST_CHARACTERS:
        raise ExpressionError(
            f"is longer than {LONGEST_CHARACTERS} characters: derive a named slot first"
        )
    if "\\" in text:
        raise ExpressionError("holds a backslash: text is written without escapes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(" ".join(text.split()) if "\n" in text else text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(_syntax(text)) from None
    if sum(isinstance(node, ast.expr) for node in ast.walk(tree)) > MOST_NODES:
        raise ExpressionError(f"has more than {MOST_NODES} parts: derive a named slot first")
    return tree.body


def _syntax(text: str) -> str:
    bare = text.replace("==", "").replace("!=", "").replace(">=", "").replace("<=", "")
    if not text.strip():
        return "is empty: expected a comparison, as in config.learning_rate > 1e-4"
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        return (
            "a bracket is not closed (in a [flow list] a comma ends the item: "
            "write conditions in a block list, one per line)"
        )
    if text.count('"') % 2 or text.count("'") % 2:
        return "a quote is not closed"
    if "&&" in text:
        return "'&&' is not used: write two conditions"
    if "||" in text:
        return "'||' is not used: write or"
    if "=" in bare:
        return "'=' is not a comparison: write =="
    if "!" in bare:
        return "'!' is not used: write !=, not in, or put the condition under unless"
    return "is not an expression: expected a comparison, as in config.learning_rate > 1e-4"


class _Checker:
    """One walk over Python's tree; keeps the vocabulary and the rule's own names at hand."""

    def __init__(self, vocabulary: Vocabulary, aliases: Mapping[str, str]) -> None:
        self.vocabulary = vocabulary
        self.aliases = aliases

    def visit(self, tree: ast.expr) -> Typed:
        """The checked tree of a Python tree, and its kind."""
        visitor = getattr(self, f"_{type(tree).__name__.lower()}", None)
        if visitor is None:
            raise ExpressionError(
                f"{ast.unparse(tree)} is not allowed: an expression holds slots, numbers, "
                'quoted text, lists, comparisons, "or", arithmetic and functions'
            )
        found: Typed = visitor(tree)
        return found

    def _constant(self, tree: ast.Constant) -> Typed:
        value = tree.value
        if value is None or isinstance(value, bool):
            raise ExpressionError(f"{value} is Python's word: write {str(value).lower()}")
        if isinstance(value, str):
            return ("literal", value), "text"
        if not is_number(value):
            raise ExpressionError(f"{ast.unparse(tree)} is no finite number, text or list")
        return ("literal", value), "number"

    def _name(self, tree: ast.Name) -> Typed:
        if tree.id in WORDS:
            value = WORDS[tree.id]
            return ("literal", value), "none" if value is None else "truth"
        if tree.id == "null":
            raise ExpressionError("'null' is not used in conditions: write none")
        owners = [t.name for t in self.vocabulary.templates.values() if tree.id in t.slots]
        cure = " or ".join(f"{owner}.{tree.id}" for owner in owners[:3])
        if not owners and (tree.id in self.vocabulary or tree.id in self.aliases):
            cure = f"{tree.id}.SLOT, as a path is template.slot"
        raise ExpressionError(f'{tree.id} stands alone: write {cure or "template.slot"}, '
                              f'or quote text: "{tree.id}"')  # fmt: skip

    def _attribute(self, tree: ast.Attribute) -> Typed:
        if isinstance(tree.value, ast.Subscript):
            self._subscript(tree.value)
        if not isinstance(tree.value, ast.Name):
            raise ExpressionError(f"{ast.unparse(tree)} is no path: a path is template.slot")
        alias, slot = tree.value.id, tree.attr
        owner = self.aliases.get(alias, alias)
        if owner not in self.vocabulary:
            raise ExpressionError(self._unknown_alias(alias, slot))
        template = self.vocabulary[owner]
        if slot not in template.slots:
            raise ExpressionError(self._unknown_slot(alias, owner, slot))
        return ("slot", alias, slot, template.slots[slot].type), template.slots[slot].type

    def _unknown_alias(self, alias: str, slot: str) -> str:
        close = nearest(alias, [*self.aliases, *self.vocabulary.templates])
        close = [f"{name}.{slot}" for name in close]
        close += [p for p in self.vocabulary.paths() if p.endswith(f".{slot}") and p not in close]
        return f"there is no template {alias!r}{kinds.nearest_text(close[:3])}"

    def _unknown_slot(self, alias: str, owner: str, slot: str) -> str:
        close = [f"{alias}.{name}" for name in nearest(slot, self.vocabulary[owner].slots)]
        close += [p for p in self.vocabulary.paths() if p.endswith(f".{slot}") and p not in close]
        return f"there is no slot {alias}.{slot}{kinds.nearest_text(close[:3])}"

    def _list(self, tree: ast.List) -> Typed:
        items = [self.visit(item) for item in tree.elts]
        for node, kind in items:
            if kind in ("list", "interval"):
                raise ExpressionError(f"a list holds numbers and texts, not a {kind}")
            if node[0] in ("compare", "bound", "or"):
                raise ExpressionError("a list holds numbers and texts, not comparisons")
        if all(node[0] == "literal" for node, _ in items):
            return ("literal", tuple(node[1] for node, _ in items)), "list"
        return ("list", tuple(node for node, _ in items)), "list"

    def _tuple(self, _tree: ast.Tuple) -> Typed:
        raise ExpressionError("a list is written in square brackets: [a, b]")

    def _subscript(self, tree: ast.Subscript) -> Typed:
        text = ast.unparse(tree)
        raise ExpressionError(
            f'{text}: a fact is picked by a condition of its own, as in split.role == "train"'
        )

    def _boolop(self, tree: ast.BoolOp) -> Typed:
        if isinstance(tree.op, ast.And):
            raise ExpressionError("'and' is not used: write two conditions")
        parts = []
        for value in tree.values:
            node, kind = self.visit(value)
            if node[0] not in ("compare", "bound", "or") and not _is_question(node, kind):
                raise ExpressionError(
                    f"'or' stands between comparisons; {ast.unparse(value)} is none"
                    + (f": write {_as_comparison(node, kind)}" if node[0] == "slot" else "")
                )
            parts.append(node)
        return ("or", tuple(parts)), "truth"

    def _unaryop(self, tree: ast.UnaryOp) -> Typed:
        if isinstance(tree.op, ast.Not):
            raise ExpressionError(
                "'not' is not used: write != or not in, or put the condition under unless"
            )
        if not isinstance(tree.op, ast.USub):
            raise ExpressionError(f"{ast.unparse(tree)}: only a minus may stand before a number")
        node = kinds.number(self.visit(tree.operand), ast.unparse(tree.operand))
        return _folded(("minus", node)), "number"

    def _binop(self, tree: ast.BinOp) -> Typed:
        symbol = OPERATORS.get(type(tree.op))
        if symbol is None:
            raise ExpressionError(f"{ast.unparse(tree)}: arithmetic is + - * / // % **")
        left = kinds.number(self.visit(tree.left), ast.unparse(tree.left))
        right = kinds.number(self.visit(tree.right), ast.unparse(tree.right))
        bounded = (part[0] == "literal" and abs(part[1]) <= LARGEST_POWER for part in (left, right))
        if symbol == "**" and not any(bounded):
            raise ExpressionError(
                f"{ast.unparse(tree)}: a power has a base or an exponent that is a constant of at "
                f"most {LARGEST_POWER}; anything else needs a calculator"
            )
        return _folded(("arithmetic", symbol, left, right)), "number"

    def _call(self, tree: ast.Call) -> Typed:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ast.unparse(tree.func)
        if name not in FUNCTIONS:
            close = kinds.nearest_text(nearest(name, FUNCTIONS))
            known = "" if close else f"; there are {', '.join(FUNCTIONS)}"
            raise ExpressionError(f"there is no function {name}{close}{known}")
        function = FUNCTIONS[name]
        if tree.keywords or any(isinstance(part, ast.Starred) for part in tree.args):
            raise ExpressionError(f"{name} takes plain arguments: {function.usage}")
        most = MOST_NODES if function.repeats else len(function.takes)
        if not function.fewest <= len(tree.args) <= most:
            raise ExpressionError(f"{name} got {len(tree.args)} arguments: write {function.usage}")
        arguments = [self.visit(argument) for argument in tree.args]
        nodes = kinds.arguments(function, arguments, [ast.unparse(a) for a in tree.args])
        kinds.enum_items(self._slot_of, nodes if name in ("has", "place", "subset") else ())
        node = ("call", name, nodes)
        return (node if name in ABOUT_KNOWING else _folded(node)), function.gives

    def _compare(self, tree: ast.Compare) -> Typed:
        if len(tree.ops) != 1:
            raise ExpressionError("compares twice: write two conditions")
        symbol = COMPARISONS.get(type(tree.ops[0]))
        if symbol is None:
            raise ExpressionError("'is' is not used: write == or !=")
        left, right = self.visit(tree.left), self.visit(tree.comparators[0])
        texts = ast.unparse(tree.left), ast.unparse(tree.comparators[0])
        versions = kinds.comparison(symbol, left, right, texts)
        kinds.enum_items(self._slot_of, (left[0], right[0]))
        return _compared(symbol, left[0], right[0], versions), "truth"

    def _slot_of(self, node: Node) -> Any:
        return self.vocabulary[self.aliases.get(node[1], node[1])][node[2]]


def _compared(symbol: str, left: Node, right: Node, versions: bool) -> Node:
    """The comparison, with a constant on the right where there is one and a slot on the left."""
    if left[0] == "slot" and right[0] == "literal":
        return "bound", symbol, left[1], left[2], right[1], versions
    if right[0] == "slot" and left[0] == "literal" and symbol in FLIPPED:
        return "bound", FLIPPED[symbol], right[1], right[2], left[1], versions
    return "compare", symbol, left, right, versions


def _folded(node: Node) -> Node:
    """The tree, or its value where it reads no slot."""
    if paths_of(node):
        return node
    value = compiled(node)({})
    if isinstance(value, Unknown):
        raise ExpressionError("cannot be computed: it divides by zero, or is too large")
    return "literal", value
