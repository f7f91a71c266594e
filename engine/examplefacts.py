"""The facts of a rule's example, as the rule file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.facts.origin import Origin, given
from transxlab.facts.situation import Fact, Facts
from transxlab.facts.vocabulary.template import Vocabulary

EXAMPLE = given("example")
DEFAULT = Origin("default", "trainer default")


def facts_of(written: Mapping[str, Any], vocabulary: Vocabulary) -> Facts:
    """Facts from ``{config: {...}, split: [{...}], complete: [...]}``.

    A template that is listed is listed completely unless ``complete`` says otherwise;
    ``{default: v}`` marks a trainer's default. Raises ValueError whose message
    holds every mistake, one per line.
    """
    facts, mistakes = Facts(vocabulary), []
    complete = written.get("complete")
    for name, body in written.items():
        if name == "complete":
            continue
        try:
            template = vocabulary[name]
        except KeyError as error:
            mistakes.append(str(error.args[0]))
            continue
        if template.several:
            if not isinstance(body, list):
                mistakes.append(f"{name} may have several facts: write a list of them")
                continue
            for place, row in enumerate(body):
                mistakes += _several(facts, name, row, place)
            if complete is None:
                facts.mark_complete(name)
        elif isinstance(body, Mapping):
            mistakes += _fill(facts, facts.one(name), body)
        else:
            mistakes.append(f"{name} has one fact: write its slots and values")
    for name in complete or ():
        facts.complete.add(str(name))
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return facts


def _several(facts: Facts, template: str, row: object, place: int) -> list[str]:
    if not isinstance(row, Mapping):
        return [f"each {template} is written as slots and values, got {row!r}"]
    names = (row.get(key) for key in ("name", "role", "key", "kind"))
    name = next((text for text in names if isinstance(text, str)), str(place))
    fact = facts.new(template, name)
    slots = facts.vocabulary[template].slots
    body = {slot: v for slot, v in row.items() if slot != "name" or slot in slots}
    return _fill(facts, fact, body)


def _fill(facts: Facts, fact: Fact, body: Mapping[str, Any]) -> list[str]:
    mistakes = []
    for slot, value in body.items():
        origin = EXAMPLE
        if isinstance(value, Mapping) and set(value) == {"default"}:
            value, origin = value["default"], DEFAULT
        try:
            facts.put(fact, slot, value, origin)
        except (KeyError, ValueError) as error:
            mistakes.append(str(error.args[0]))
    return mistakes
