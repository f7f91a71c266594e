"""The raw keys of a config."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import (
    Filled,
    Names,
    Number,
    Release,
    Text,
    Truth,
    template,
)
from transxlab.facts.vocabulary.template import slot as declare


@template(several=True, noun="the key")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Entry(Filled):
    """One key as the user's file has it, before anybody interpreted it."""

    key: Text = declare()
    """The key, dots for nesting, numbers for list places (``datasets.0.path``)."""
    slot: Text = declare()
    """Path of the slot it fills; none where it fills none."""
    text: Text = declare(knob=True)
    """The value as written; none for a key without one."""
    type: Text = declare(values=("str", "int", "float", "bool", "none", "list", "map", "date"))
    """Type the trainer's own loader makes of it."""
    wanted: Text = declare(values=("str", "int", "float", "number", "bool", "list", "map", "any"))
    """Type the trainer's schema asks for."""
    number: Number = declare()
    """The number meant, where the text reads as one."""
    converted: Truth = declare()
    """Whether the trainer turns that text into the type it wants."""
    file: Text = declare()
    """File it stands in."""
    line: Number = declare(unit="line")
    """Line of that file, from 1."""
    known: Truth = declare()
    """Whether the trainer's schema has the key."""
    nearest: Text = declare()
    """Known key most like an unknown one; none where none is like it."""
    refused: Truth = declare()
    """Whether the trainer stops at this unknown key; none where its own scripts may have it."""
    allowed: Names = declare()
    """The only values the schema takes; none where any will do."""
    since: Release = declare()
    """Version that brought the key; none where it was always there, as far as is known."""
    deprecated_in: Release = declare()
    """Version that deprecates the key; none where none does."""
    removed_in: Release = declare()
    """Version that removes the key; none where none does."""
    library: Text = declare()
    """Program whose versions these are (``transformers`` for keys that a trainer inherits)."""
    version: Release = declare()
    """Version of that program that will run, where it was known when the file was read."""
    replaced_by: Text = declare(unset="nothing")
    """Key that takes its place; none where nothing does."""
    ignored: Truth = declare()
    """Whether the trainer reads the key and does nothing with it."""
    duplicate: Truth = declare()
    """Whether the key stands twice in its map (the last one counts)."""
