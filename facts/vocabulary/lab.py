"""Slots a lab declares for itself, under ``lab``: ``.transxlab/vocabulary.yaml``.

``legal_review: {type: truth, question: "Has legal seen it?"}`` declares ``lab.legal_review``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transxlab.facts.vocabulary.checks import CHECKS
from transxlab.facts.vocabulary.template import Slot, Vocabulary, builtin, nearest

if TYPE_CHECKING:
    import yaml

FIELDS = ("type", "unit", "question", "noun", "values", "knob")
MAX_BYTES = 64 * 1024
EXPECTED = "expected slots, as in house_batch: {type: number, unit: rows, question: ...}"
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
    """The slots a file declares; LabError with every mistake, each with its line."""
    import yaml

    try:
        content = file.read_bytes()
        if len(content) > MAX_BYTES:
            raise LabError(f"{file}: is larger than {MAX_BYTES // 1024} KiB; expected a few slots")
        # every scalar as text: YAML 1.1 would make truth of a value called "no"
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.BaseLoader)
    except OSError as error:
        raise LabError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise LabError(f"{file}: is not text in UTF-8 (byte {error.start})") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise LabError(_syntax(file, error)) from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise LabError(f"{file}: {EXPECTED}")
    mistakes: list[str] = []
    slots = [
        _slot(name, body, _Mistakes(f"{file}:{name.start_mark.line + 1}", mistakes))
        for name, body in root.value
    ]
    seen: set[str] = set()
    for (name, _), slot in zip(root.value, slots, strict=True):
        if slot.name in seen:
            mistakes.append(f"{file}:{name.start_mark.line + 1}: {slot.name} stands twice")
        seen.add(slot.name)
    if mistakes:
        raise LabError(*mistakes)
    return slots


def _syntax(file: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{file}:{mark.line + 1}" if mark is not None else str(file)
    return f"{place}: is not YAML ({getattr(error, 'problem', None) or 'too deep'}); {EXPECTED}"


class _Mistakes:
    """Notes what is wrong at one place of the file."""

    def __init__(self, place: str, found: list[str]) -> None:
        self.place = place
        self.found = found

    def note(self, message: str) -> None:
        self.found.append(f"{self.place}: {message}")

    def one_of(self, text: str, names: tuple[str, ...], what: str) -> None:
        if text not in names:
            close = nearest(text, names)
            hint = f"nearest: {', '.join(close)}" if close else f"expected {', '.join(names)}"
            self.note(f"{what} {text!r}; {hint}")


def _slot(name_node: yaml.Node, body: yaml.Node, mistakes: _Mistakes) -> Slot:
    name = str(name_node.value)
    if not _NAME.match(name):
        mistakes.note(f"{name[:60]!r} is no slot name: use small letters, digits and _")
    fields = _fields(name, body, mistakes)
    kind = fields.get("type", "text")
    mistakes.one_of(kind, tuple(CHECKS), f"{name} has the type")
    knob = fields.get("knob", "true")
    mistakes.one_of(knob, ("true", "false"), f"{name} has knob")
    values = fields.get("values")
    if values is not None and (not isinstance(values, tuple) or kind not in ("text", "list")):
        mistakes.note(f"{name} takes its values as a list of texts, and holds text or a list")
        values = None
    return Slot(
        "lab",
        name,
        kind,
        unit=fields.get("unit"),
        knob=knob == "true",
        values=values,
        noun=fields.get("noun"),
        question=fields.get("question"),
    )


def _fields(name: str, body: yaml.Node, mistakes: _Mistakes) -> dict[str, Any]:
    """What is said of one slot: text, or a tuple of texts for ``values``."""
    import yaml

    if not isinstance(body, yaml.MappingNode):
        mistakes.note(f"{name} is declared {{type: ..., unit: ..., question: ...}}")
        return {}
    found: dict[str, Any] = {}
    for key, value in body.value:
        mistakes.one_of(str(key.value), FIELDS, f"{name} has a field")
        if isinstance(value, yaml.ScalarNode):
            found[str(key.value)] = value.value
        elif isinstance(value, yaml.SequenceNode) and key.value == "values":
            texts = [item.value for item in value.value if isinstance(item, yaml.ScalarNode)]
            found["values"] = tuple(texts)
        else:
            mistakes.note(f"{name} takes text as {key.value}")
    return found
