"""Slots a lab declares for itself, under ``lab``: ``.transxlab/vocabulary.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from transxlab.facts.vocabulary.checks import CHECKS, Type
from transxlab.facts.vocabulary.template import Slot, Vocabulary, builtin, nearest

FIELDS = ("type", "unit", "question", "values", "knob")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}\Z")


class LabError(ValueError):
    """A vocabulary file with mistakes; carries every sentence."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


def vocabulary_for(folder: Path) -> Vocabulary:
    """The built-in vocabulary, with the slots of the nearest ``.transxlab/vocabulary.yaml``.

    Raises LabError with every mistake of that file.
    """
    for place in (folder.resolve(), *folder.resolve().parents):
        file = place / ".transxlab" / "vocabulary.yaml"
        if file.is_file():
            return builtin().with_lab(read(file))
    return builtin()


def read(file: Path) -> list[Slot]:
    """The slots a file declares, each ``name: {type: number, unit: ..., question: ...}``."""
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LabError(f"{file}: cannot be read ({str(error).splitlines()[0]})") from None
    if data is None:
        return []
    if not isinstance(data, Mapping):
        raise LabError(f"{file}: expected slots, as in house_batch: {{type: number, unit: rows}}")
    mistakes: list[str] = []
    slots = [_slot(file, str(name), body, mistakes) for name, body in data.items()]
    if mistakes:
        raise LabError(*mistakes)
    return slots


def _slot(file: Path, name: str, body: Any, mistakes: list[str]) -> Slot:
    if not _NAME.match(name):
        mistakes.append(f"{file}: {name!r} is no slot name; use small letters, digits and _")
    if not isinstance(body, Mapping):
        mistakes.append(f"{file}: {name} is declared {{type: ..., unit: ..., question: ...}}")
        return Slot("lab", name, "text")
    for key in body:
        if key not in FIELDS:
            near = ", ".join(nearest(str(key), FIELDS)) or ", ".join(FIELDS)
            mistakes.append(f"{file}: {name} has no {key!r}; nearest: {near}")
    kind = body.get("type", "text")
    if kind not in CHECKS:
        near = ", ".join(nearest(str(kind), CHECKS)) or ", ".join(CHECKS)
        mistakes.append(f"{file}: {name} has the type {kind!r}; expected {near}")
        kind = "text"
    values = body.get("values")
    if values is not None and not isinstance(values, list):
        mistakes.append(f"{file}: {name} takes its values as a list")
        values = None
    return Slot(
        "lab",
        name,
        cast("Type", kind),
        unit=body.get("unit"),
        knob=bool(body.get("knob", True)),
        values=None if values is None else tuple(str(value) for value in values),
        noun=body.get("question"),
    )
