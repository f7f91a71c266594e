"""Calculators: named arithmetic over facts that rules may derive by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transxlab.facts.situation import Fact, Facts
from transxlab.facts.values import Unknown, Value


class NotKnown(Exception):
    """Raised inside a calculator that needs a value nobody knows; says which."""

    def __init__(self, *needs: str) -> None:
        super().__init__(", ".join(needs))
        self.needs = frozenset(needs)


@dataclass(frozen=True, slots=True)
class Calculator:
    """Arithmetic with a name: what it reads, what it writes, and how."""

    name: str
    """Name that ``derive: {by: NAME}`` uses."""
    what: str
    """What it computes, in one sentence, with the source of its formula."""
    reads: tuple[str, ...]
    """Every path it may read; reading another one is an error in the calculator."""
    writes: tuple[str, ...]
    """Every path it may write."""
    run: Callable[[Scope], Mapping[str, Value | Unknown]]
    """Path to value; a path it leaves out is not derived. May raise NotKnown for all of them."""


class Scope:
    """What a calculator sees: the facts of the run, and the fact its rule is about.

    Every read is recorded, so that the conclusion's support is what was really read.
    """

    __slots__ = ("_bound", "_facts", "_reads", "support")

    def __init__(self, facts: Facts, bound: Mapping[str, Fact], reads: tuple[str, ...]) -> None:
        self._facts = facts
        self._bound = bound
        self._reads = frozenset(reads)
        self.support: dict[tuple[str, str], tuple[Fact, str]] = {}

    def value(self, path: str) -> Value:
        """The value of a slot, None if it is not set; raises NotKnown if it is unknown."""
        template, slot = self._split(path)
        return self.of(self._fact(template), slot)

    def get(self, path: str, otherwise: Value = None) -> Value:
        """The value of a slot, or another where it is unknown or not set."""
        template, slot = self._split(path)
        fact = self._fact(template)
        if slot not in fact.slots:
            return otherwise
        found = self.of(fact, slot)
        return otherwise if found is None else found

    def number(self, path: str) -> float:
        """The number in a slot; raises NotKnown if it is unknown or not set."""
        found = self.value(path)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            template, slot = self._split(path)
            raise NotKnown(self._fact(template).label(slot))
        return found

    def known(self, path: str) -> bool:
        """Whether the slot is known, set or not."""
        template, slot = self._split(path)
        return slot in self._fact(template).slots

    def each(self, template: str, role: str | None = None) -> list[Fact]:
        """All facts of a template, or those of one role; raises NotKnown if some may be missing."""
        facts = self._facts.all(template)
        role_slot = self._facts.vocabulary[template].role
        if role is not None and role_slot is not None:
            vague = [f.label(role_slot) for f in facts if role_slot not in f.slots]
            if vague:
                raise NotKnown(*vague)
            facts = [f for f in facts if self.of(f, role_slot) == role]
        if not facts and not self._facts.is_complete(template, role):
            raise NotKnown(template)
        return facts

    def of(self, fact: Fact, slot: str) -> Value:
        """The value of one fact's slot; raises NotKnown if it is unknown."""
        path = f"{fact.template}.{slot}"
        if path not in self._reads:
            raise LookupError(f"a calculator read {path} without declaring it")
        known = fact.slots.get(slot)
        if known is None:
            raise NotKnown(fact.label(slot))
        self.support[fact.label(), slot] = (fact, slot)
        return known.value

    def _split(self, path: str) -> tuple[str, str]:
        template, _, slot = path.partition(".")
        if path not in self._reads:
            raise LookupError(f"a calculator read {path} without declaring it")
        return template, slot

    def _fact(self, template: str) -> Fact:
        bound = self._bound.get(template)
        return bound if bound is not None else self._facts.one(template)
