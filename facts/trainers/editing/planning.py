"""A slot's new value as changes of keys, in the spelling of the trainer that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from transxlab.facts.origin import given
from transxlab.facts.situation import Facts
from transxlab.facts.trainers.converting import words
from transxlab.facts.trainers.draft import CannotWrite, Draft, spell
from transxlab.facts.trainers.editing.change import CannotEdit, Change, Put, Remove, Rename
from transxlab.facts.trainers.keymap import KeyMap, Row, key_map
from transxlab.facts.trainers.scalars import meant
from transxlab.facts.values import Value

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "none")


def plans(facts: Facts, path: Path, label: str, value: Value) -> Iterator[list[Change]]:
    """Ways to give a slot a value, the likeliest first; each is to be read back before it counts.

    ``label`` is the slot's, ``config.optimizer`` or ``entry[fp16].text``. Raises CannotEdit where
    the value stands in another file, which is named.
    """
    known = facts.known(label)
    if known is not None and known.origin.line is not None and known.origin.where != str(path):
        raise CannotEdit(f"it stands in {known.origin}, another file: change it there")
    if label.startswith("entry["):
        yield [_of_entry(facts, label, value)]
        return
    name = _text(facts, "trainer.name")
    if name is None:
        return
    rows = key_map(name)
    entry = _text(facts, "trainer.entry_point")
    key = None if known is None else known.origin.key
    if key is not None:
        yield from _where_it_stands(facts, rows, key, label, value)
    for row in _rows(rows, entry, label):
        if row.key != key:
            yield [Put(row.key, spell(row, value))]
    if name == "own" and key is None:
        yield [Put(label, _plain(value))]
    written = list(_as_written(facts, name, label, value))
    yield from written
    if key is not None:
        # what says otherwise goes: ``fp8`` where ``bf16`` is to rule
        yield from ([Remove(key), *them] for them in written if Remove(key) not in them)


def _text(facts: Facts, path: str) -> str | None:
    known = facts.known(path)
    return known.value if known is not None and isinstance(known.value, str) else None


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _where_it_stands(
    facts: Facts, rows: KeyMap, key: str, label: str, value: Value
) -> Iterator[list[Change]]:
    row = rows.row(key, _text(facts, "trainer.entry_point"))
    if row is not None and row.slot == label:
        held = _text(facts, f"entry[{key}].text")
        yield [Put(key, _alike(row, held, spell(row, value)))]
    elif rows.name == "own":
        yield [Put(key, _plain(value))]


_FAMILIES = ("amp_", "float", "-")
"""What tells the spellings of one library from another's: amp_bf16, bfloat16, bf16-mixed."""


def _alike(row: Row, held: str | None, spelled: object) -> object:
    """A word in the spelling of the one that stands there: amp_bf16 after amp_fp8, not bf16."""
    if held is None or not isinstance(spelled, str):
        return spelled
    known, kind, prefix = words(), row.convert or "", "torch." * held.startswith("torch.")
    meaning = known.get((kind, spelled.lower()))
    family = [mark in held.removeprefix(prefix).lower() for mark in _FAMILIES]
    if meaning is None or (kind, held.removeprefix(prefix).lower()) not in known:
        return spelled
    twins = [
        word
        for (of, word), means in known.items()
        if of == kind and means == meaning and [mark in word for mark in _FAMILIES] == family
    ]
    return spelled if not twins or (spelled in twins and not prefix) else prefix + twins[0]


def _rows(rows: KeyMap, entry: str | None, label: str) -> list[Row]:
    """The keys that fill a slot at an entry point, old ones and those without effect left out."""
    return [
        row
        for found in rows.rows.values()
        for row in found
        if row.slot == label
        and (not row.only or entry in row.only)
        and not (row.removed or row.deprecated or row.ignored or "*" in row.key)
    ]


def _of_entry(facts: Facts, label: str, value: Value) -> Change:
    """A key's own text: written as the type that its trainer wants of it."""
    name = label.partition("[")[2].rpartition("]")[0]
    held = next(fact.slots for fact in facts.all("entry") if fact.name == name)
    key, wanted = held["key"].value, held.get("wanted")
    if not isinstance(key, str) or not isinstance(value, str):
        raise CannotEdit(f"{label} holds no text")
    return Put(key, _typed(value, None if wanted is None else wanted.value))


def _typed(text: str, wanted: Value) -> object:
    word = text.strip().lower()
    if wanted == "bool" and word in (*_TRUE, *_FALSE):
        return word in _TRUE
    number = meant(text) if wanted in ("int", "float", "number") else None
    if number is None:
        return text
    if wanted == "int" and number == int(number):
        return int(number)
    return number if wanted == "number" else float(number)


def _as_written(facts: Facts, name: str, label: str, value: Value) -> Iterator[list[Change]]:
    """What the trainer's writer would write otherwise if the slot held the value."""
    from transxlab.facts.trainers.writing import WRITERS

    template, _, slot = label.partition(".")
    if name not in WRITERS or name == "own" or facts.vocabulary[template].several:
        return
    after = facts.copy()
    after.put(after.one(template), slot, value, given("fix"))
    try:
        old, new = _lines(facts, name), _lines(after, name)
    except CannotWrite:
        return
    here = {str(fact.slots["key"].value) for fact in facts.all("entry") if "key" in fact.slots}
    changes: list[Change] = [
        Put(key, held)
        for key, (held, about) in new.items()
        if old.get(key, _ABSENT)[0] != held or (about == label and key in here)
    ]
    changes += [Remove(key) for key in old if key not in new and key in here]
    if changes:
        yield changes


_ABSENT = (object(), "")


def _lines(facts: Facts, name: str) -> dict[str, tuple[object, str | None]]:
    """Value and slot of every key that the trainer's writer writes."""
    from transxlab.facts.trainers.writing import writer

    module = writer(name)
    draft = Draft(facts, key_map(name), module.entry_for(facts))
    module.compose(draft)
    return {line.key: (line.value, line.slot) for line in draft.lines}


def moved(before: Facts, after: Facts, labels: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Slots the user had set that hold something else now, although no change was about them.

    ``labels`` were to change, and so may slots that were read from one of ``keys``.
    """
    found = []
    for fact in before:
        if before.vocabulary[fact.template].several or fact.template == "trainer":
            continue
        twin = after.one(fact.template)
        for slot, old in fact.slots.items():
            new = twin.slots.get(slot)
            written = old.origin.line is not None and old.origin.key not in keys
            same = new is not None and new.value == old.value
            if written and not same and fact.label(slot) not in labels:
                found.append(fact.label(slot))
    return found


def respelled(facts: Facts, change: Rename) -> list[Change]:
    """A renamed key with what it meant in the new key's words; empty where that is not known."""
    name, entry = _text(facts, "trainer.name"), _text(facts, "trainer.entry_point")
    row = None if name is None else key_map(name).row(change.new, entry)
    known = None if row is None or row.slot is None else facts.known(row.slot)
    if row is None or known is None or known.origin.key != change.key:
        return []
    return [change, Put(change.new, spell(row, known.value))]


def twisted(
    before: Facts, after: Facts, name: str, change: Rename, *, respelled: bool
) -> str | None:
    """What a key means otherwise under its new name, in words; None where it means the same.

    ``respelled``: it was given a value in the new key's words.
    """
    rows, entry = key_map(name), _text(before, "trainer.entry_point")
    old, new = rows.row(change.key, entry), rows.row(change.new, entry)
    anything = respelled or old is None or new is None or "any" in (old.wanted, new.wanted)
    if old is not None and new is not None and not anything:
        numbers = {"int", "float", "number"}
        if old.wanted != new.wanted and not {old.wanted, new.wanted} <= numbers:
            return f"{change.new} takes another kind of value than {change.key}"
    for fact in before:
        for slot, known in fact.slots.items():
            if known.origin.key != change.key or before.vocabulary[fact.template].several:
                continue
            now = after.one(fact.template).slots.get(slot)
            if now is None or now.value != known.value or now.origin.key != change.new:
                return f"{fact.label(slot)} would not be the same under {change.new}"
    return None
