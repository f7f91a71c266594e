"""What one call of ``estimate`` found out, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.cli.across import OnCard
from transxlab.cli.assuming import Assumed
from transxlab.cli.levers import Tried
from transxlab.engine.case import Case
from transxlab.facts.estimated.memory import Memory


@dataclass(frozen=True, slots=True)
class Answers:
    """What one call found out."""

    case: Case
    """The consultation."""
    memory: Memory | None
    """The memory of the run, taken apart."""
    cure: Tried | None
    """The cheapest change that makes it fit; None where it fits, or nothing does."""
    levers: tuple[Tried, ...] | None
    """Changes that lower the memory; None where nobody asked."""
    cards: tuple[OnCard, ...] | None
    """The run on other GPUs; None where nobody asked."""
    quick_test: str | None
    """The command whose three steps settle what is estimated; None without a trainer for it."""
    assumed: tuple[Assumed, ...] = ()
    """What stands in for a config that was not given."""


def quick_test(case: Case, trainer: str | None, config: str | None) -> str | None:
    """The command that runs three steps of a config; None where its trainer has none here."""
    from transxlab.facts.trainers.draft import CannotWrite
    from transxlab.facts.trainers.writing import WRITERS
    from transxlab.facts.trainers.writing import quick_test as three_steps

    if config is None or trainer not in WRITERS or trainer == "own":
        return None
    try:
        return three_steps(case.facts, trainer, config)
    except CannotWrite:
        return None


def basis(case: Case) -> list[str]:
    """The facts the estimates rest on, with where each came from."""
    found = {
        (fact.label(slot), str(fact.slots[slot].value), str(fact.slots[slot].origin))
        for firing in case.firings
        if any(path.startswith("estimate.") for path in _written(firing.rule.then))
        for fact, slot in firing.support
        if slot in fact.slots and fact.slots[slot].value is not None
    }
    return [f"{label} = {value} ({origin})" for label, value, origin in sorted(found)]


def _written(then: object) -> tuple[str, ...]:
    from transxlab.engine.rule import Derive
    from transxlab.facts.estimated.calculators import CALCULATORS

    if isinstance(then, Derive) and then.by is not None:
        return CALCULATORS[then.by].writes
    return ()


def missing(case: Case) -> list[str]:
    """What nobody knows and an estimate waits for."""
    needs = {
        need
        for item in case.waiting
        if any(path.startswith("estimate.") for path in _written(item.rule.then))
        for need in item.needs
    }
    return sorted(needs)
