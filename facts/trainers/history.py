"""What changed from version to version: keys that come and go, and defaults, from history.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from transxlab.facts.trainers.datafile import data_file

if TYPE_CHECKING:
    from packaging.version import Version

OPEN = "?"
"""A default that the trainer computes, or that nobody looked up."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is known of the past of one key."""

    key: str
    """The key."""
    only: str | None
    """Entry point it holds for; None: all."""
    since: str | None
    """Version that brought it."""
    deprecated: str | None
    """Version that deprecates it."""
    removed: str | None
    """Version that no longer has it."""
    instead: str | None
    """Key that takes its place."""
    defaults: tuple[tuple[str, str], ...]
    """Defaults with the version each begins with, the first with none."""


@dataclass(frozen=True, slots=True)
class Window:
    """The versions of a library that a run may be for."""

    low: str | None = None
    """Not before this one."""
    high: str | None = None
    """Before this one; equal to ``low`` where the version is known."""

    @property
    def exact(self) -> bool:
        """Whether one version is meant."""
        return self.low is not None and self.low == self.high


@lru_cache(maxsize=1)
def _all() -> dict[str, tuple[Change, ...]]:
    lines = [line for line in data_file("history.csv").splitlines() if not line.startswith("#")]
    found: dict[str, list[Change]] = {}
    for cells in csv.DictReader(lines):
        found.setdefault(cells["library"], []).append(
            Change(
                cells["key"],
                cells["only"] or None,
                cells["since"] or None,
                cells["deprecated"] or None,
                cells["removed"] or None,
                cells["instead"] or None,
                _defaults(cells["default"]),
            )
        )
    return {library: tuple(changes) for library, changes in found.items()}


def _defaults(text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    first, *later = text.split(";")
    pairs = [part.partition("=") for part in later]
    return (("", first), *((version, value) for version, _, value in pairs))


def changes(library: str) -> tuple[Change, ...]:
    """Everything known of a library's past."""
    return _all().get(library, ())


@lru_cache(maxsize=4096)
def version(text: str) -> Version | None:
    """A version that can be compared; None for text that is none."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


def before(one: str, other: str) -> bool:
    """Whether a version comes before another; false where either is none."""
    first, second = version(one), version(other)
    return first is not None and second is not None and first < second


def narrowed(spans: Iterable[tuple[str | None, str | None]]) -> Window:
    """The versions that have all of some keys, by since and removed of each.

    Empty where no version has them all: then the keys say nothing about the version.
    """
    low: str | None = None
    high: str | None = None
    for since, removed in spans:
        if since is not None and (low is None or before(low, since)):
            low = since
        if removed is not None and (high is None or before(removed, high)):
            high = removed
    if low is not None and high is not None and not before(low, high):
        return Window()
    return Window(low, high)


def possible(defaults: tuple[tuple[str, str], ...], window: Window) -> set[str]:
    """The defaults that hold in some version of a window."""
    found: set[str] = set()
    for place, (start, value) in enumerate(defaults):
        end = defaults[place + 1][0] if place + 1 < len(defaults) else None
        if end is not None and window.low is not None and not before(window.low, end):
            continue
        if start and window.high is not None:
            later = before(window.high, start) or (not window.exact and window.high == start)
            if later:
                continue
        found.add(value)
    return found
