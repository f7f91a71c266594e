"""A trainer's config as facts: the one entrance to every reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transxlab.facts.origin import Origin, given
from transxlab.facts.situation import Facts
from transxlab.facts.trainers.detecting import detect
from transxlab.facts.trainers.document import Document
from transxlab.facts.trainers.entries import add_entries
from transxlab.facts.trainers.failure import NotATrainingConfig, Problem
from transxlab.facts.trainers.scalars import LOADERS, Dialect
from transxlab.facts.trainers.sheet import Sheet
from transxlab.facts.trainers.textfile import parse, read_text
from transxlab.facts.trainers.trainer import Trainer
from transxlab.facts.trainers.trainer import trainer as find

SUFFIXES = (".yaml", ".yml", ".json")
"""Endings of the files that are read."""
_NOBODY = (
    "no trainer's config: none of the keys that tell one is there "
    "(name the trainer with --trainer if it is one)"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says."""

    facts: Facts
    """The facts of the file's first run."""
    trainer: str
    """Name of the trainer it is for."""
    problems: tuple[Problem, ...]
    """What is wrong with the file although it could be read."""
    unknown_keys: tuple[str, ...]
    """Keys that the trainer's schema does not have."""
    runs: tuple[Reading, ...] = ()
    """Further runs of the same file, in order."""


def read(path: Path, *, trainer: str | None = None, version: str | None = None) -> Reading:
    """The facts in a config.

    Raises ConfigError (one sentence with file, line and cure) where the file cannot be used, and
    KeyError for a trainer that is not known. ``version`` is the trainer's, where it is known.
    """
    return read_into(Facts(), path, trainer=trainer, version=version)


def read_into(
    facts: Facts, path: Path, *, trainer: str | None = None, version: str | None = None
) -> Reading:
    """Like ``read``, but the first run's facts join those that are given."""
    chosen = find(trainer) if trainer is not None else None
    document, chosen = _document(path, chosen)
    return interpret(document, path, chosen, facts, version=version)


def _document(path: Path, chosen: Trainer | None) -> tuple[Document, Trainer]:
    """The document, read as its trainer's own loader would read it."""
    file = str(path)
    text = read_text(path, file)
    is_json = path.suffix.lower() == ".json"
    first: Dialect = "json" if is_json else (chosen.dialect if chosen else "pyyaml")
    document = parse(text, file, first)
    if chosen is None:
        name = detect(document, path)
        if name is None:
            raise NotATrainingConfig(file, None, _NOBODY)
        chosen = find(name)
        if not is_json and chosen.dialect != first:
            document = parse(text, file, chosen.dialect)
    return document, chosen


def interpret(
    document: Document, path: Path, chosen: Trainer, facts: Facts, *, version: str | None = None
) -> Reading:
    """The facts of one document of a known trainer."""
    sheet = Sheet(document, path, chosen.map, facts, chosen.entry(document), version)
    _about(sheet, chosen, given(document.file))
    sheet.fill()
    chosen.derive(sheet)
    unknown = add_entries(sheet, strict=chosen.strict, converts=chosen.converted)
    problems = (*document.problems, *sheet.problems)
    return Reading(facts, chosen.name, problems, unknown)


def _about(sheet: Sheet, chosen: Trainer, origin: Origin) -> None:
    document = sheet.document
    slots: dict[str, object] = {
        "name": chosen.name,
        "loader": LOADERS[document.dialect],
        "config_file": document.file,
    }
    if sheet.entry is not None:
        slots["entry_point"] = sheet.entry
    if sheet.version is not None:
        slots["version"] = sheet.version
    for slot, value in slots.items():
        sheet.facts.put(sheet.facts.one("trainer"), slot, value, origin)
