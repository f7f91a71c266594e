"""A trainer's config as facts: the one entrance to every reader."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from transxlab.facts.origin import Origin, given
from transxlab.facts.situation import Facts
from transxlab.facts.trainers import prequantized
from transxlab.facts.trainers.detecting import detect
from transxlab.facts.trainers.document import Document
from transxlab.facts.trainers.entries import add_entries
from transxlab.facts.trainers.failure import NotATrainingConfig, Problem
from transxlab.facts.trainers.interpolating import interpolated
from transxlab.facts.trainers.scalars import LOADERS, Dialect
from transxlab.facts.trainers.sheet import Sheet
from transxlab.facts.trainers.textfile import parse, read_text
from transxlab.facts.trainers.trainer import Trainer
from transxlab.facts.trainers.trainer import trainer as find

SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".sh", ".bash", ".py")
"""Endings of the files that are read."""
_NOBODY = (
    "no trainer's config: none of the keys that tell one is there "
    "(name the trainer with --trainer if it is one)"
)
_LAUNCHER = "an accelerate config: it starts processes; read the config of the training itself"


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
    facts: Facts,
    path: Path,
    *,
    trainer: str | None = None,
    version: str | None = None,
    text: str | None = None,
) -> Reading:
    """Like ``read``, but the first run's facts join those that are given.

    ``text`` stands for the file's content, as if it had been saved already.
    """
    chosen = find(trainer) if trainer is not None else None
    before = facts.copy()
    first, *others = _documents(path, chosen, text)
    runs = tuple(
        interpret(document, path, who, before.copy(), version=version) for document, who in others
    )
    reading = interpret(first[0], path, first[1], facts, version=version)
    return replace(reading, runs=runs)


def _documents(
    path: Path, chosen: Trainer | None, text: str | None
) -> list[tuple[Document, Trainer]]:
    """The runs of a file with their trainers, each read as its trainer's own loader would."""
    file = str(path)
    if text is None:
        text = read_text(path, file)
    suffix = path.suffix.lower()
    if suffix in (".sh", ".bash"):
        from transxlab.facts.trainers.shelltext import read_shell

        found = read_shell(text, file)
    elif suffix == ".py":
        from transxlab.facts.trainers.pythontext import read_python

        found = read_python(text, file)
    elif suffix == ".toml":
        from transxlab.facts.trainers.tomltext import read_toml

        found = [read_toml(text, file)]
    else:
        return [_config(text, file, suffix == ".json", chosen)]
    runs: list[tuple[Document, Trainer]] = []
    for document in found:
        name = detect(document) if chosen is None else chosen.name
        if name is not None:
            runs.append((document, chosen or find(name)))
    if not runs:
        raise NotATrainingConfig(file, None, _NOBODY)
    return runs


def _config(
    text: str, file: str, is_json: bool, chosen: Trainer | None
) -> tuple[Document, Trainer]:
    first: Dialect = "json" if is_json else (chosen.dialect if chosen else "pyyaml")
    document = parse(text, file, first)
    if chosen is None:
        name = detect(document)
        if name is None or name == "accelerate":
            raise NotATrainingConfig(file, None, _NOBODY if name is None else _LAUNCHER)
        chosen = find(name)
        if not is_json and chosen.dialect != first:
            document = parse(text, file, chosen.dialect)
    if chosen.dialect == "omegaconf":
        document = interpolated(document)
    if chosen.map.head.get("dashes") == "yes":
        cells = {key.replace("-", "_"): cell for key, cell in document.cells.items()}
        document = replace(document, cells=cells)
    return document, chosen


def interpret(
    document: Document, path: Path, chosen: Trainer, facts: Facts, *, version: str | None = None
) -> Reading:
    """The facts of one document of a known trainer."""
    sheet = Sheet(document, path, chosen.map, facts, chosen.entry(document), version)
    _about(sheet, chosen, given(document.file))
    sheet.fill()
    chosen.derive(sheet)
    prequantized.settle(sheet)
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
