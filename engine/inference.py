"""Runs a rulebook on experta, stratum by stratum: the only file that imports experta.

experta is given what it does right: positive patterns, total predicates, equality joins, tests
and salience. Whatever is absent, negated or not known is judged against our own memory, which is
sound because the strata settle every slot before a rule reads it.
"""

from __future__ import annotations

import collections
import collections.abc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from transxlab.engine.consult import EngineMissing
from transxlab.engine.judging import (
    SILENT,
    Choice,
    Match,
    Outcome,
    base,
    choices,
    judged,
    subject,
    when,
)
from transxlab.engine.memory import Memory
from transxlab.engine.network import Network
from transxlab.engine.plan import Plan
from transxlab.engine.shape import Shape
from transxlab.engine.survivors import survivors
from transxlab.facts.situation import Fact
from transxlab.facts.values import Unknown


class Inference:
    """Judges rules by what experta matched; one instance serves one consultation."""

    def __init__(self, plan: Plan, memory: Memory) -> None:
        self._memory = memory
        alive, self._volatile = survivors(plan, memory)
        places = {rule_id: n for n, (kind, rule_id) in enumerate(plan.steps) if kind == "rule"}
        self._found: dict[str, list[dict[str, Fact]]] = {shape.rule.id: [] for shape in alive}
        self._network = Network(library(), alive, self._volatile, memory, self._found, places)
        self._place = {fact: n for n, fact in enumerate(memory.facts)}

    def settled(self, path: str) -> None:
        """Tell experta that a slot has its final value, or none, in every fact."""
        if path in self._volatile:
            self._network.settle(path)

    def judge(self, shape: Shape) -> Outcome:
        """Where the rule fires and where it could not be judged, in the order of the facts."""
        memory = self._memory
        start = base(shape, memory)
        if start is False:
            return SILENT
        matches: list[Match] = []
        waiting: list[tuple[str | None, frozenset[str]]] = []
        for bindings in self._matched(shape):
            self._weigh(shape, Choice(bindings), True, matches, waiting)
        for choice in choices(shape, memory):
            held = when(shape, choice, start, memory)
            if choice.missing or isinstance(held, Unknown):
                self._weigh(shape, choice, held, matches, waiting)
        return Outcome(tuple(matches), tuple(waiting))

    def _matched(self, shape: Shape) -> list[dict[str, Fact]]:
        if shape.rule.id not in self._found:
            return []
        self._network.run()
        found = self._found[shape.rule.id]
        return sorted(found, key=lambda b: [self._place[b[alias]] for alias, _ in shape.binds])

    def _weigh(
        self,
        shape: Shape,
        choice: Choice,
        held: bool | Unknown,
        matches: list[Match],
        waiting: list[tuple[str | None, frozenset[str]]],
    ) -> None:
        made = None if held is False else judged(shape, choice, held, self._memory)
        if isinstance(made, Match):
            matches.append(made)
        elif isinstance(made, Unknown):
            waiting.append((subject(choice), made.needs))


@contextmanager
def _old_names() -> Iterator[None]:
    """Lend ``collections`` the names frozendict 1.2 imports from it, gone since Python 3.10."""
    names = ("Mapping", "MutableMapping", "Iterable", "Callable", "Sequence", "Hashable", "Set")
    lent = [name for name in names if not hasattr(collections, name)]
    root = logging.getLogger()
    handlers = list(root.handlers)
    for name in lent:
        setattr(collections, name, getattr(collections.abc, name))
    try:
        yield
    finally:
        for name in lent:
            delattr(collections, name)
        root.handlers[:] = handlers


@lru_cache(maxsize=1)
def library() -> SimpleNamespace:
    """experta, imported once, without its marks on the process; may raise EngineMissing."""
    try:
        with _old_names():
            import experta
            from experta.matchers.rete import ReteMatcher, check
            from experta.strategies import DepthStrategy
    except Exception as error:
        raise EngineMissing(
            f"experta cannot be imported ({error}): install it, or run with --engine reference"
        ) from error
    # Its watchers write a line per match wherever the root logger is at DEBUG.
    logging.getLogger("experta.watchers").setLevel(logging.WARNING)
    return _subclassed(experta, ReteMatcher, DepthStrategy, check)


def _subclassed(experta: Any, rete: Any, depth: Any, check: Any) -> SimpleNamespace:
    class Strategy(depth):  # type: ignore[misc]
        """Salience alone: every rule has its own, and one rule's firings are sorted afterwards."""

        def get_key(self, activation: Any) -> int:
            return int(activation.rule.salience)

    class Engine(experta.KnowledgeEngine):  # type: ignore[misc]
        __matcher__ = _matcher(rete)
        __strategy__ = Strategy

    interned = (check.FeatureCheck, check.TypeCheck, check.FactCapture, check.WhereCheck)
    return SimpleNamespace(
        Engine=Engine,
        Rule=experta.Rule,
        Fact=experta.Fact,
        InitialFact=experta.InitialFact,
        TEST=experta.TEST,
        P=experta.P,
        W=experta.W,
        interned=interned,
    )


def _matcher(rete: Any) -> Any:
    class Matcher(rete):  # type: ignore[misc]
        """Asks for activations only where a fact was added, and keeps its nodes to itself.

        The base class asks every rule after every firing, and keeps its nodes in a cache of the
        class, which keeps the last engine alive.
        """

        @staticmethod
        def prepare_ruleset(engine: Any) -> set[Any]:
            """The rules as they are: they hold nothing but patterns and tests."""
            return set(engine.get_rules())

        def changes(self, adding: Any = None, deleting: Any = None) -> tuple[list[Any], list[Any]]:
            if not adding and not deleting:
                return [], []
            added, removed = super().changes(adding, deleting)
            return list(added), list(removed)

        def _get_conflict_set_nodes(self) -> list[Any]:
            nodes = _ends(self.root_node)
            self._get_conflict_set_nodes = lambda: nodes  # type: ignore[method-assign]
            return nodes

    return Matcher


def _ends(root: Any) -> list[Any]:
    """The nodes of a network that hold activations, each once."""
    seen: dict[int, Any] = {}
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            todo += [child.node for child in node.children]
    return [node for node in seen.values() if hasattr(node, "get_activations")]
