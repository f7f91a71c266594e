"""The facts of a rule's example, as the rule file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.facts.origin import Origin, given
from transxlab.facts.situation import Fact, Facts
from transxlab.facts.vocabulary.template import Template, Vocabulary

EXAMPLE = given("example")
DEFAULT = Origin("default", "trainer default")


def facts_of(written: Mapping[str, Any], vocabulary: Vocabulary) -> Facts:
    """Facts from ``{config: {...}, split: [{...}], complete: [...]}``.

    A template that is listed is listed completely unless ``complete`` says otherwise;
    ``{default: v}`` marks a trainer's default. Raises ValueError whose message
    holds every mistake, one per line.
    """
    facts, mistakes = Facts(vocabulary), []
    for name, body in written.items():
        if name == "complete":
            continue
        try:
            template = vocabulary[name]
        except KeyError as error:
            mistakes.append(str(error.args[0]))
            continue
        mistakes += _bodies(facts, template, body)
        if template.several and "complete" not in written:
            facts.mark_complete(name)
    mistakes += _complete(facts, written.get("complete"))
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return facts


def _bodies(facts: Facts, template: Template, body: object) -> list[str]:
    if not template.several:
        if isinstance(body, Mapping):
            return _fill(facts, facts.one(template.name), body)
        return [f"{template.name} has one fact: write its slots and values"]
    if not isinstance(body, list):
        return [f"{template.name} may have several facts: write a list of them"]
    mistakes = []
    for row in body:
        if not isinstance(row, Mapping):
            mistakes.append(f"each {template.name} is written as slots and values, got {row!r}")
            continue
        fact = facts.new(template.name, template.default_name(row))
        named = {slot: v for slot, v in row.items() if slot != "name" or slot in template.slots}
        mistakes += _fill(facts, fact, named)
    return mistakes


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


def _complete(facts: Facts, names: object) -> list[str]:
    """Mark what ``complete`` lists: templates with several facts, or one role, ``split:val``."""
    if names is None:
        return []
    if not isinstance(names, list):
        return ["complete takes a list of templates, as in [split], [split:val] or []"]
    mistakes = []
    for name in map(str, names):
        template, _, role = name.partition(":")
        known = template in facts.vocabulary and facts.vocabulary[template].several
        if known and (not role or facts.vocabulary[template].role):
            facts.mark_complete(template, role or None)
        else:
            mistakes.append(f"complete: {name!r} is no template with several facts")
    return mistakes
