"""The config being written: keys in sections, each with the slot it comes from."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import lru_cache

from transxlab.facts.situation import Fact, Facts, Known
from transxlab.facts.trainers.converting import CONVERSIONS, Refuse
from transxlab.facts.trainers.datafile import data_file
from transxlab.facts.trainers.keymap import KeyMap, Row, literal

_OTHER = "Other settings"


class CannotWrite(ValueError):
    """Something that the trainer has no way to say; the text is one sentence."""


@lru_cache(maxsize=1)
def layout() -> dict[str, tuple[str, bool, int]]:
    """Section, whether it is always written, and the place of every slot, from layout.csv."""
    text = data_file("layout.csv")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {
        row["slot"]: (row["section"], row["always"] == "yes", place)
        for place, row in enumerate(csv.DictReader(lines))
    }


@dataclass(frozen=True, slots=True)
class Line:
    """One key of the config."""

    key: str
    """The key, dots for nesting."""
    value: object
    """Its value, in the trainer's spelling."""
    slot: str | None
    """The slot it says; it decides section and place."""
    note: str | None = None
    """What stands behind it as a comment."""


@dataclass(slots=True)
class Draft:
    """A config under way."""

    facts: Facts
    """What it shall say."""
    map: KeyMap
    """The trainer's keys."""
    entry: str | None = None
    """Entry point."""
    lines: list[Line] = field(default_factory=list)
    """The keys so far."""
    done: set[str] = field(default_factory=set)
    """Slots that were written, or that have no key of their own."""
    remarks: list[str] = field(default_factory=list)
    """What the trainer cannot say, one sentence each."""

    def known(self, slot: str) -> Known | None:
        """What a slot holds, where it is known."""
        return self.facts.known(slot)

    def get(self, slot: str, otherwise: object = None) -> object:
        """The value of a slot; ``otherwise`` where it is unknown or none."""
        found = self.facts.known(slot)
        return otherwise if found is None or found.value is None else found.value

    def sources(self, role: str) -> list[Fact]:
        """The data sets of a role."""
        facts = self.facts.all("source")
        return [f for f in facts if "role" in f.slots and f.slots["role"].value == role]

    def set(self, key: str, value: object, slot: str) -> None:
        """Write a key that says a slot."""
        self.lines.append(Line(key, value, slot, self._note(slot)))
        self.done.add(slot)

    def leave(self, *slots: str) -> None:
        """Take slots as settled without a key of their own."""
        self.done.update(slots)

    def table(self) -> None:
        """Write every slot that the key map gives a key and nobody has settled."""
        chosen: dict[str, Row] = {}
        for rows in self.map.rows.values():
            row = next((r for r in rows if self.entry in r.only), None) or next(
                (r for r in rows if not r.only), None
            )
            if row is None or row.slot is None or row.slot in self.done or "*" in row.key:
                continue
            if row.removed or row.deprecated or row.ignored:
                continue
            chosen.setdefault(row.slot, row)
        for slot, row in chosen.items():
            self._by_row(slot, row)

    def _by_row(self, slot: str, row: Row) -> None:
        known = self.known(slot)
        if known is None or known.value is None or known.value == ():
            return
        _, always, _ = layout().get(slot, (_OTHER, False, 0))
        value = spell(row, known.value)
        if not always and row.default and _same(row, known.value):
            return
        self.set(row.key, value, slot)

    def _note(self, slot: str) -> str | None:
        if "." not in slot:
            return None
        known = self.known(slot)
        if known is None or known.origin.kind not in ("concluded", "estimated", "profiled"):
            return None
        return str(known.origin)


def _same(row: Row, value: object) -> bool:
    standard = literal(row.default)
    if standard is None:
        return False
    try:
        return CONVERSIONS[row.convert or "text"](standard) == value
    except Refuse:
        return False


_BACK = {
    "attention": {"flex": "flex_attention"},
    "dtype": {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32", "fp8": "float8"},
    "overlong": {"error": "raise"},
    "side": {"right": "keep_start", "left": "keep_end"},
}


def spell(row: Row, value: object) -> object:
    """A slot's value in the trainer's spelling, so that the row's conversion gives it back."""
    if row.convert == "untruth":
        return not value
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return _BACK.get(row.convert, {}).get(value, value)
    if row.wanted == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, float) and row.wanted == "int" and value == int(value):
        return int(value)
    return value


def ordered(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """The lines by section, sections and lines in the order of layout.csv.

    Lines of one nested map stand together, where its first line belongs.
    """
    places = layout()

    def place(line: Line) -> tuple[str, int]:
        section, _, rank = places.get(line.slot or "", (_OTHER, False, len(places)))
        return section, rank

    homes: dict[str, tuple[str, int]] = {}
    for line in sorted(lines, key=lambda line: place(line)[1]):
        homes.setdefault(line.key.partition(".")[0], place(line))
    sections: dict[str, list[Line]] = {}
    for section, _, _ in places.values():
        sections.setdefault(section, [])
    sections[_OTHER] = []
    for line in sorted(lines, key=lambda line: place(line)[1]):
        sections[homes[line.key.partition(".")[0]][0]].append(line)
    for held in sections.values():
        held.sort(key=lambda line: homes[line.key.partition(".")[0]][1])
    return [(section, held) for section, held in sections.items() if held]
