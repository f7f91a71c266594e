"""Runs a rulebook on experta, stratum by stratum: the only file that imports experta.

experta is given what it does right: positive patterns, total predicates, equality joins, tests
and salience. Whatever is absent, negated or not known is judged against our own memory, which is
sound because the strata settle every slot before a rule reads it.
"""

from __future__ import annotations

import collections
import collections.abc
import inspect
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from transxlab.engine.expressions import Expression, conjunction
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
from transxlab.engine.plan import Plan
from transxlab.engine.shape import Shape
from transxlab.engine.survivors import survivors
from transxlab.facts.situation import Fact
from transxlab.facts.values import Unknown


class EngineMissing(Exception):
    """experta cannot be imported here."""


_COMPILING = threading.Lock()
"""experta interns what it compiles in tables of the class: one compilation at a time."""


_ANYTHING = inspect.Signature([inspect.Parameter("_", inspect.Parameter.VAR_KEYWORD)])


class Inference:
    """Judges rules by what experta matched; one instance serves one consultation."""

    def __init__(self, plan: Plan, memory: Memory) -> None:
        self._memory = memory
        alive, self._volatile = survivors(plan, memory)
        places = {rule_id: n for n, (kind, rule_id) in enumerate(plan.steps) if kind == "rule"}
        self._found: dict[str, list[dict[str, Fact]]] = {shape.rule.id: [] for shape in alive}
        self._network = _Network(alive, self._volatile, memory, self._found, places)
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


class _Network:
    """The compiled rules that can still fire, and the facts declared to them so far."""

    def __init__(
        self,
        alive: Sequence[Shape],
        volatile: frozenset[str],
        memory: Memory,
        found: dict[str, list[dict[str, Fact]]],
        places: Mapping[str, int],
    ) -> None:
        self._memory = memory
        self._kinds: dict[str, Any] = {}
        self._tests: dict[tuple[str, ...], Callable[[Fact], bool]] = {}
        self._volatile = volatile
        self._pending: list[Any] = []
        with _COMPILING:
            self._experta = library()
            rules = {
                f"rule_{shape.rule.id}": self._rule(shape, found, -places[shape.rule.id])
                for shape in alive
            }
            self._engine = type("Rulebook", (self._experta.Engine,), rules)()
            for interned in self._experta.interned:
                interned._instances.clear()
            self._engine.reset()
        self._begin()

    def _begin(self) -> None:
        """Declare every fact a pattern asks for; slots still to be settled come later."""
        for template, kind in self._kinds.items():
            if "." not in template:
                self._pending += [kind(it=fact) for fact in self._memory.facts.all(template)]

    def settle(self, path: str) -> None:
        """Declare a settled slot of every fact, known or not."""
        kind = self._kinds.get(path)
        if kind is not None:
            facts = self._memory.facts.all(path.partition(".")[0])
            self._pending += [kind(it=fact) for fact in facts]

    def run(self) -> None:
        """Match and fire everything the facts declared so far allow."""
        if self._pending:
            self._engine.declare(*self._pending)
            self._pending = []
        self._engine.run()

    def _kind(self, name: str) -> Any:
        if name not in self._kinds:
            self._kinds[name] = type(name.replace(".", "_"), (self._experta.Fact,), {})
        return self._kinds[name]

    def _rule(self, shape: Shape, found: dict[str, list[dict[str, Fact]]], salience: int) -> Any:
        """The experta rule of one of ours; it only notes on which facts it fired."""
        local: dict[str, list[Expression]] = {}
        later: dict[tuple[str, str], list[Expression]] = {}
        joins: list[tuple[Expression, tuple[str, ...]]] = []
        for condition in shape.rule.when:
            self._sort(condition, shape, local, later, joins)
        names = {a for c in shape.rule.when for a, _ in c.paths} | {a for a, _ in shape.binds}
        ranging = [alias for alias, _ in shape.binds]
        lhs = []
        for alias in (*sorted(names.difference(ranging)), *ranging):
            template = shape.templates[alias]
            slots = [(slot, tests) for (a, slot), tests in later.items() if a == alias]
            if alias in local or not slots:
                lhs.append(self._pattern(template, alias, template, local.get(alias, [])))
            for slot, tests in slots:
                lhs.append(self._pattern(f"{template}.{slot}", alias, template, tests))
        if not lhs:
            lhs.append(self._experta.InitialFact())
        lhs += [self._test(condition, aliases) for condition, aliases in joins]
        declared = [alias for alias, _ in shape.rule.aliases]
        if len(declared) > 1:
            lhs.append(self._experta.TEST(_signed(_all_different, declared)))
        noted = found[shape.rule.id]

        def fire(*_: object, **context: Fact) -> None:
            noted.append({alias: context[f"at_{alias}"] for alias in ranging})

        # experta asks for the signature of every rule several times; this one is found at once.
        fire.__signature__ = _ANYTHING  # type: ignore[attr-defined]
        return self._experta.Rule(*lhs, salience=salience)(fire)

    def _sort(
        self,
        condition: Expression,
        shape: Shape,
        local: dict[str, list[Expression]],
        later: dict[tuple[str, str], list[Expression]],
        joins: list[tuple[Expression, tuple[str, ...]]],
    ) -> None:
        """Put a condition where experta can test it first: with one fact, one slot, or a join."""
        aliases = tuple(sorted({alias for alias, _ in condition.paths}))
        open_slots = dict.fromkeys(
            (a, s) for a, s in condition.paths if f"{shape.templates[a]}.{s}" in self._volatile
        )
        if len(aliases) == 1 and not open_slots:
            local.setdefault(aliases[0], []).append(condition)
        elif len(aliases) == 1 and len(open_slots) == 1:
            later.setdefault(next(iter(open_slots)), []).append(condition)
        elif aliases:
            for pair in open_slots:
                later.setdefault(pair, [])
            joins.append((condition, aliases))

    def _pattern(
        self, kind: str, alias: str, template: str, conditions: Sequence[Expression]
    ) -> Any:
        field = self._experta.W()
        if conditions:
            field = self._experta.P(self._predicate(alias, template, conditions))
        return self._kind(kind)(it=f"at_{alias}" << field)

    def _predicate(
        self, alias: str, template: str, conditions: Sequence[Expression]
    ) -> Callable[[Fact], bool]:
        """One total predicate per set of conditions: shared, so that experta shares its node."""
        key = (template, alias, *(condition.text for condition in conditions))
        if key not in self._tests:
            tests = tuple(conditions)
            self._tests[key] = lambda fact: conjunction(tests, {alias: fact}) is True
        return self._tests[key]

    def _test(self, condition: Expression, aliases: tuple[str, ...]) -> Any:
        def holds(**facts: Fact) -> bool:
            return conjunction((condition,), {a: facts[f"at_{a}"] for a in aliases}) is True

        return self._experta.TEST(_signed(holds, aliases))


def _all_different(**facts: Fact) -> bool:
    return len({id(fact) for fact in facts.values()}) == len(facts)


def _signed(test: Callable[..., bool], aliases: Sequence[str]) -> Callable[..., bool]:
    """A test under parameter names, which experta reads from the signature."""

    def signed(**facts: Fact) -> bool:
        return test(**facts)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(f"at_{alias}", kind) for alias in sorted(aliases)]
    signed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return signed


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
    """experta, imported once, without its marks on the process; EngineMissing where it cannot be."""
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
            found: dict[int, Any] = {}
            seen: set[int] = set()
            todo = [self.root_node]
            while todo:
                node = todo.pop()
                if id(node) in seen:
                    continue
                seen.add(id(node))
                if hasattr(node, "get_activations"):
                    found[id(node)] = node
                todo += [child.node for child in node.children]
            self._get_conflict_set_nodes = lambda: nodes  # type: ignore[method-assign]
            nodes = list(found.values())
            return nodes

    class Strategy(depth):  # type: ignore[misc]
        """Salience alone: every rule has its own, and one rule's firings are sorted afterwards."""

        def get_key(self, activation: Any) -> int:
            return int(activation.rule.salience)

    class Engine(experta.KnowledgeEngine):  # type: ignore[misc]
        __matcher__ = Matcher
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
