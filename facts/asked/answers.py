"""A file of answers to the interview, as facts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from transxlab.facts.asked import beside
from transxlab.facts.asked.beside import Beside, Problem
from transxlab.facts.asked.quantities import number, span, truth, whole
from transxlab.facts.asked.questions import questions
from transxlab.facts.origin import Origin
from transxlab.facts.situation import Facts
from transxlab.facts.vocabulary.template import Slot, nearest

MOST_BYTES = 1 << 20
BESIDE = ("gpu", "gpus", "vram", "serve_gpu", "rows", "local", "task")
"""Answers that mean the same as the command-line options of those names."""


def read_answers_into(facts: Facts, path: Path) -> list[Problem]:
    """Put a file's answers into the facts; returns everything that could not be used.

    Answers are slot paths (``task.kind: ...``), sections (``task: {kind: ...}``), question ids with
    one slot, or the names of the options beside a config. What the config file says stays.
    """
    try:
        data = _load(path)
    except _Unreadable as error:
        return [Problem(f"{path}: {error}")]
    problems: list[Problem] = []
    lines = _lines(path)
    for key, value in _flat(facts, data):
        origin = Origin("asked", str(path), lines.get(key), key)
        problems += [
            Problem(f"{origin}: {problem.message}")
            for problem in _answer(facts, key, value, origin)
        ]
    return problems + [Problem(f"{path}: {p.message}") for p in _hardware(facts, data)]


class _Unreadable(Exception):
    """The file cannot be used at all."""


def _load(path: Path) -> dict[str, Any]:
    import yaml

    try:
        if path.stat().st_size > MOST_BYTES:
            raise _Unreadable(f"is larger than {MOST_BYTES >> 20} MiB; no file of answers is")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _Unreadable(f"cannot be read ({(error.strerror or 'unknown').lower()})") from None
    except UnicodeDecodeError:
        raise _Unreadable("is not text in UTF-8") from None
    if any(isinstance(event, yaml.AliasEvent) for event in _events(text)):
        raise _Unreadable("holds a YAML alias; write the value out")
    try:
        data = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except ValueError as error:
        raise _Unreadable(f"is not JSON ({error})") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _Unreadable("expected answers by name, as in task: {kind: creative generation}")
    return {str(key): value for key, value in data.items()}


def _events(text: str) -> Iterator[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise _Unreadable(f"is not YAML: {problem}{where}") from None


def _lines(path: Path) -> dict[str, int]:
    """Line of every key, nested ones as ``section.key``."""
    found: dict[str, int] = {}
    section = ""
    for place, row in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        key, colon, _ = row.partition(":")
        name = key.strip().strip("\"'")
        if not colon or not name or name.startswith("#"):
            continue
        if row[:1] not in (" ", "\t"):
            section = name
            found[name] = place
        else:
            found.setdefault(f"{section}.{name}", place)
    return found


def _flat(facts: Facts, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and key in facts.vocabulary:
            for slot, inner in value.items():
                yield f"{key}.{slot}", inner
        else:
            yield key, value


def _answer(facts: Facts, key: str, value: Any, origin: Origin) -> list[Problem]:
    if key in BESIDE:
        return _beside(facts, key, value, origin)
    path = key
    if "." not in key:
        asked = next((q for q in questions() if q.id == key), None)
        if asked is None:
            names = [*BESIDE, *(q.id for q in questions()), *facts.vocabulary.templates]
            near = ", ".join(nearest(key, names)) or "a slot such as task.kind"
            return [Problem(f"there is no question {key!r}; nearest: {near}")]
        path = asked.slots[0]
    if path == "task.kind" and isinstance(value, str):
        return [] if _kept(facts, path) else beside.task(facts, value, origin)
    try:
        owner, name, slot_name = facts.vocabulary.parse(path)
        if owner.several and name is None:
            return [Problem(f"{path}: name the fact, as in {owner.name}[train].{slot_name}")]
        _put(facts, path, owner[slot_name], value, origin)
    except (KeyError, ValueError) as error:
        return [Problem(str(error.args[0]))]
    return []


def _put(facts: Facts, path: str, slot: Slot, value: Any, origin: Origin) -> None:
    if isinstance(value, str) and slot.name in ("params_min", "params_max"):
        ends = span(value, slot.name)
        if ends is not None:
            facts.set("limits.params_min", whole(ends[0]), origin)
            facts.set("limits.params_max", whole(ends[1]), origin)
            return
    if not _kept(facts, path):
        facts.set(path, _typed(value, slot), origin)


def _typed(value: Any, slot: Slot) -> Any:
    """An answer in the type its slot takes."""
    if isinstance(value, str) and slot.type == "number":
        found = number(value, slot.name)
        return value if found is None else whole(found)
    if isinstance(value, str) and slot.type == "truth":
        said = truth(value)
        return value if said is None else said
    if isinstance(value, str) and slot.type == "list":
        return [item.strip() for item in value.split(",")]
    if slot.type == "text" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


def _kept(facts: Facts, path: str) -> bool:
    """Whether the user's own file says it already."""
    known = facts.known(path)
    return known is not None and known.origin.kind == "given"


def _beside(facts: Facts, key: str, value: Any, origin: Origin) -> list[Problem]:
    """An answer that means the same as an option; GPUs are put together by ``_hardware``."""
    if key == "task":
        if not isinstance(value, str):
            return [Problem("task takes words or a section of slots")]
        return [] if _kept(facts, "task.kind") else beside.task(facts, value, origin)
    if key == "rows":
        found = _number(value, key)
        if found is None:
            return [Problem(f"rows takes a number, got {value!r}")]
        return beside.beside(Beside(rows=int(found)), facts)
    if key in ("serve_gpu", "local"):
        serve = str(value) if key == "serve_gpu" else None
        return beside.beside(Beside(serve_gpu=serve, local=value is True), facts)
    return []


def _hardware(facts: Facts, data: Mapping[str, Any]) -> list[Problem]:
    """The training GPUs of ``gpu``, ``vram`` and ``gpus`` together."""
    known = facts.is_complete("gpu", "train")
    if known or ("gpu" not in data and "vram" not in data):
        return []
    vram = _number(data["vram"], "vram") if "vram" in data else None
    count = _number(data.get("gpus", 1), "gpus")
    if ("vram" in data and vram is None) or count is None or count < 1:
        return [Problem("vram takes a size such as 24 GB, gpus a number of 1 or more")]
    name = data.get("gpu")
    return beside.beside(
        Beside(gpu=None if name is None else str(name), vram_gib=vram, gpus=int(count)), facts
    )


def _number(value: Any, name: str) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return number(value, "vram_gib" if name == "vram" else name) if isinstance(value, str) else None
