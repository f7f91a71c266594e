"""Where a finding's value stands among published runs, in words and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transxlab.engine.case import Concluded
    from transxlab.facts.catalogued.published import Standing
    from transxlab.facts.situation import Facts


def standing(label: str | None, value: object, facts: Facts | None) -> Standing | None:
    """Where the value of a slot stands among runs of the same method and stage; None for others."""
    if label is None or facts is None or value is None:
        return None
    from transxlab.facts.catalogued.published import standing_among

    method, stage = facts.known("config.method"), facts.known("config.stage")
    if method is None or stage is None:
        return None
    return standing_among(label, value, method.value, stage.value)


def sentence(found: Concluded, facts: Facts | None) -> str:
    """``above 97% of 183 published LoRA SFT runs (...)``; empty where nothing is published."""
    seen = standing(found.about, found.value, facts)
    return "" if seen is None else seen.sentence()


def as_plain(found: Concluded, facts: Facts | None) -> dict[str, Any] | None:
    """The same as JSON data."""
    seen = standing(found.about, found.value, facts)
    if seen is None:
        return None
    return {
        "said": seen.sentence(),
        "group": seen.group,
        "runs": seen.runs,
        "below": seen.below,
        "equal": seen.equal,
        "middle_half": seen.middle and list(seen.middle),
    }
