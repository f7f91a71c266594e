"""Putting observations into facts."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from transxlab.facts.origin import Origin
from transxlab.facts.situation import Facts


def fill(facts: Facts, template: str, slots: Mapping[str, object], where: str) -> None:
    """Set the slots of a template with one fact that are still unknown.

    A machine may show anything: what its slot does not take, such as a version that is none,
    stays unknown.
    """
    fact = facts.one(template)
    for slot, value in slots.items():
        if slot not in fact.slots:
            with contextlib.suppress(ValueError):
                facts.put(fact, slot, value, Origin("observed", where))
