"""One ``entry`` fact per raw key: what stands there, what was wanted, what is known of the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from transxlab.facts.origin import given
from transxlab.facts.trainers.document import Cell
from transxlab.facts.trainers.keymap import Row
from transxlab.facts.trainers.scalars import meant
from transxlab.facts.trainers.sheet import Sheet
from transxlab.facts.values import finite

MOST_GUESSES = 40
"""Unknown keys of one file for which a nearest known key is sought."""


def add_entries(
    sheet: Sheet, *, strict: bool, converts: Callable[[Cell, Row], bool]
) -> tuple[str, ...]:
    """Add an entry per key; return the unknown keys.

    ``strict``: the key map is the whole schema; otherwise a key it lacks is called unknown only
    where it nearly spells one that it has. ``converts``: whether the trainer turns text into what
    the row wants.
    """
    unknown: list[str] = []
    spoken_for: set[str] = set()
    names = sheet.map.keys()
    for cell in sheet.document.cells.values():
        row = sheet.map.row(cell.key, sheet.entry)
        nearest = None
        known: bool | None = True
        if row is None:
            parent = cell.key.rpartition(".")[0]
            known = False
            if parent and (parent in spoken_for or parent in unknown):
                spoken_for.add(cell.key)
                known = None
            elif parent and not strict:
                known = None
            else:
                if len(unknown) < MOST_GUESSES:
                    nearest = closest(cell.key, names, 0.72 if strict else 0.88)
                if nearest is None and not strict:
                    known = None
            if known is False:
                unknown.append(cell.key)
            if known is None:
                spoken_for.add(cell.key)
        _add(sheet, cell, row, known, nearest, converts)
    sheet.facts.mark_complete("entry")
    return tuple(unknown)


def _add(
    sheet: Sheet,
    cell: Cell,
    row: Row | None,
    known: bool | None,
    nearest: str | None,
    converts: Callable[[Cell, Row], bool],
) -> None:
    facts, origin = sheet.facts, given(cell.file, cell.line, cell.key)
    fact = facts.new("entry", cell.key)
    number = cell.value if cell.type in ("int", "float") else None
    if cell.type == "str" and cell.text is not None:
        number = meant(cell.text)
    values: dict[str, object] = {
        "key": cell.key,
        "text": cell.text,
        "type": cell.type,
        "number": number if isinstance(number, (int, float)) and finite(number) else None,
        "file": cell.file,
        "line": cell.line,
        "duplicate": cell.duplicate,
        "nearest": nearest,
    }
    if known is not None:
        values["known"] = known
    if row is not None:
        values.update(_of_row(cell, row, converts))
    elif known is False:
        values["slot"] = None
    for slot, value in values.items():
        facts.put(fact, slot, value, origin)


def _of_row(cell: Cell, row: Row, converts: Callable[[Cell, Row], bool]) -> dict[str, object]:
    below = row.key.endswith("**")
    return {
        "slot": None if below else row.slot,
        "wanted": "any" if below else row.wanted,
        "converted": converts(cell, row),
        "allowed": row.allowed or None,
        "deprecated_in": row.deprecated,
        "removed_in": row.removed,
        "replaced_by": row.instead,
        "ignored": row.ignored,
        "library": row.library,
    }


def closest(key: str, names: Iterable[str], cutoff: float) -> str | None:
    """The known key most like a key, with the same nesting; None where none is like it."""
    from difflib import SequenceMatcher

    parent, _, last = key.rpartition(".")
    best, best_ratio = None, cutoff
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(last)
    letters = set(last)
    for name in names:
        above, _, leaf = name.rpartition(".")
        if above.count(".") != parent.count(".") or bool(above) != bool(parent):
            continue
        if abs(len(leaf) - len(last)) > 6 or len(letters ^ set(leaf)) > 6:
            continue
        matcher.set_seq1(leaf)
        if matcher.real_quick_ratio() < best_ratio or matcher.quick_ratio() < best_ratio:
            continue
        ratio = matcher.ratio()
        if ratio > best_ratio or (ratio == best_ratio and best is None):
            best, best_ratio = name, ratio
    return best
