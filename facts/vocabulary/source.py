"""The data sets a config names."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Names, Number, Text, Truth, slot, template


@template(several=True, role="role", noun="the data source")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Source(Filled):
    """One data set, as the config names it: a hub id, a file or a folder."""

    name: Text = slot()
    """Hub id, path or registered name."""
    role: Text = slot(values=("train", "val", "test"))
    """What it is used for."""
    path: Text = slot()
    """Local path it resolves to; none for a hub id."""
    exists: Truth = slot()
    """Whether that path is there; none for a hub id."""
    format: Text = slot()
    """Format the config declares (``alpaca``, ``chat_template``, ``completion`` ...)."""
    columns: Names = slot()
    """What its columns hold, as ``prompt=instruction`` or ``messages=conversations``; of turns
    also the fields and the speakers: ``role=from``, ``content=value``, ``user=human``."""
    split: Text = slot(knob=True, unset="all of it")
    """Split of the data set that is read (``train[:1%]``)."""
    weight: Number = slot(knob=True)
    """Its weight in the mixture; none where rows count as they are."""
    max_rows: Number = slot(knob=True, unit="rows")
    """Rows kept of it; none keeps all."""
    licence: Text = slot()
    """Licence in short, from the catalogue."""
    commercial: Truth = slot()
    """Whether that licence allows commercial use."""
    known_defect: Text = slot()
    """A defect the catalogue records; none where it records none."""
    is_nli: Truth = slot()
    """Whether the catalogue says it is natural-language inference."""
    is_preference: Truth = slot()
    """Whether its rows are preference pairs."""
