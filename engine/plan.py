"""A rulebook made ready to run: the order of its strata, and every rule taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transxlab.engine.expressions import Expression, parse
from transxlab.engine.rule import Rule
from transxlab.engine.shape import Shape, shape
from transxlab.engine.strata import Step, order, writes
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import Vocabulary


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in which order."""

    steps: tuple[Step, ...]
    """``("rule", id)``, ``("slot", path)`` and ``("choose", "")``, in the order of the strata."""
    shapes: dict[str, Shape]
    """Rules taken apart, by id."""
    writers: dict[str, tuple[Rule, ...]]
    """Rules that derive or decide a slot, by path."""
    written: dict[str, tuple[str, ...]]
    """Paths that a rule derives or decides, by the rule's id."""
    applies: dict[str, Expression]
    """When the slots of a template mean anything, by template; absent: always."""


def build(
    rules: Sequence[Rule],
    calculators: Mapping[str, Calculator],
    vocabulary: Vocabulary,
    steps: Sequence[Step] = (),
) -> Plan:
    """The plan of some rules; those that another rule took the place of are left out.

    ``steps`` is their order where somebody has found it already.
    """
    active = [rule for rule in rules if rule.replaced_by is None]
    singles = frozenset(t.name for t in vocabulary.templates.values() if not t.several)
    written = {rule.id: tuple(sorted(writes(rule, calculators))) for rule in active}
    writers: dict[str, list[Rule]] = {}
    for rule in active:
        for path in written[rule.id]:
            writers.setdefault(path, []).append(rule)
    return Plan(
        steps=tuple(steps or order(active, calculators, vocabulary)),
        shapes={rule.id: shape(rule, singles) for rule in active},
        writers={path: tuple(found) for path, found in writers.items()},
        written=written,
        applies=_applies(vocabulary),
    )


def _applies(vocabulary: Vocabulary) -> dict[str, Expression]:
    return {
        t.name: parse(t.applies, vocabulary) for t in vocabulary.templates.values() if t.applies
    }
