"""Putting observations into facts."""

from __future__ import annotations

from collections.abc import Mapping

from transxlab.facts.origin import Origin
from transxlab.facts.situation import Facts


def fill(facts: Facts, template: str, slots: Mapping[str, object], where: str) -> None:
    """Set the slots of a template with one fact that are still unknown."""
    fact = facts.one(template)
    for slot, value in slots.items():
        if slot not in fact.slots:
            facts.put(fact, slot, value, Origin("observed", where))
