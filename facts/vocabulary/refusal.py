"""Combinations of settings that the trainer itself does not take."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Names, Text, slot, template


@template(several=True, noun="the setting")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Refusal(Filled):
    """One check of the trainer's own, or of what it builds on, that a config does not pass."""

    key: Text = slot()
    """The key to look at."""
    text: Text = slot()
    """Its value as written; none where the key is missing."""
    verdict: Text = slot(values=("refused", "ignored", "unwise", "depends"))
    """What comes of it: the run stops, the setting has no effect, the run is not what was meant, or
    it depends on the version, which nobody said."""
    others: Names = slot()
    """The other keys the check reads."""
    says: Text = slot()
    """What is wrong, as a clause."""
    cure: Text = slot()
    """The smallest change that settles it, as a clause."""
    where: Text = slot()
    """The trainer's code that checks it: file and function or line."""
