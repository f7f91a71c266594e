"""Installed packages."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Release, Text, Truth, slot, template


@template(several=True, noun="the package")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Package(Filled):
    """One package the run needs, and what is installed of it."""

    name: Text = slot()
    """Distribution name in small letters."""
    version: Release = slot()
    """Installed version; none where it is not installed."""
    wanted: Text = slot()
    """Version specifier the run or another package asks for; none where any will do."""
    satisfied: Truth = slot()
    """Whether the installed version meets it."""
    wanted_by: Text = slot()
    """What asks for it."""
