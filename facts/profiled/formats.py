"""Row formats: which fields hold what, and every row in one common form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast


class Example(NamedTuple):
    """A row in the common form, whatever its format."""

    format: str
    """Name of the format, e.g. ``chat``."""
    input: str
    """What the model is given; empty for raw text."""
    output: str
    """What the model is to learn to write."""
    rejected: str = ""
    """The answer that is not wanted, in preference pairs."""
    label: str | None = None
    """The class, where the row has one."""
    fault: str | None = None
    """Why the order of roles is one that no chat template takes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows with one set of fields are read."""

    format: str
    """Name of the format."""
    input: tuple[str, ...] = ()
    """Fields of the input, in the order they are joined."""
    output: tuple[str, ...] = ()
    """Fields of the output."""
    rejected: str | None = None
    """Field of the rejected answer."""
    label: str | None = None
    """Field of the class."""
    messages: str | None = None
    """Field that holds the turns of a conversation."""


@dataclass(slots=True)
class Recogniser:
    """Reads rows; the layout of each set of fields is worked out once."""

    layouts: dict[tuple[object, ...], Layout | None] = field(default_factory=dict)
    """Layouts by field names and the kinds of values that decide between formats."""

    def example(self, row: Mapping[str, object]) -> Example | None:
        """The row in the common form; None when no format has such fields."""
        key: tuple[object, ...] = (*row, *(k for k, v in row.items() if v is True or v is False))
        try:
            layout = self.layouts[key]
        except KeyError:
            layout = self.layouts[key] = recognise(row)
        return None if layout is None else build(layout, row)


def columns(row: Mapping[str, object]) -> dict[str, str]:
    """The field of the row for each part of its format: ``{"prompt": "instruction", ...}``.

    Of conversations also the fields of a turn and the words for its speakers.
    """
    names = {key.lower(): key for key in reversed(list(row))}
    layout = recognise(row)
    if layout is None:
        return {}
    shapes = (s for s in _knowledge()["formats"] if s["name"] == layout.format)
    found = next(filter(None, (_fields(shape, names) for shape in shapes)), {})
    turns = row.get(layout.messages) if layout.messages else None
    return {**found, **_speakers(turns)} if isinstance(turns, list) else found


def _speakers(turns: list[object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for turn in turns:
        if not isinstance(turn, dict):
            continue
        for part, spellings in zip(("role", "content"), _turn_names(), strict=True):
            key = next((n for n in spellings if n in turn), None)
            if key is not None:
                found.setdefault(part, key)
        spoken = turn.get(found.get("role", ""))
        if isinstance(spoken, str) and spoken.lower() in _role_names():
            found.setdefault(_role_names()[spoken.lower()], spoken)
    return found


def recognise(row: Mapping[str, object]) -> Layout | None:
    """The layout of a row by its field names (and whether a tag is a truth value)."""
    names = {key.lower(): key for key in reversed(list(row))}
    for shape in _knowledge()["formats"]:
        found = _fields(shape, names)
        if found is None:
            continue
        truth = shape.get("truth")
        if truth is not None and not isinstance(row[found[truth]], bool):
            continue
        return _layout(shape, found)
    return None


def _fields(shape: Mapping[str, object], names: Mapping[str, str]) -> dict[str, str] | None:
    """The field for every part of a shape, each field used once; None if a needed one lacks."""
    parts = _knowledge()["parts"]
    needs = cast("list[str]", shape["needs"])
    if "when" in shape and not any(n in names for n in cast("list[str]", shape["when"])):
        return None
    wanted = [*needs, *(p for p in _optional(shape) if p not in needs)]
    found: dict[str, str] = {}
    for part in wanted:
        key = next(
            (names[n] for n in parts[part] if n in names and names[n] not in found.values()), None
        )
        if key is not None:
            found[part] = key
        elif part in needs:
            return None
    return found


def _optional(shape: Mapping[str, object]) -> list[str]:
    listed = [
        *cast("list[str]", shape.get("input", [])),
        *cast("list[str]", shape.get("output", [])),
    ]
    return listed + [str(shape[k]) for k in ("rejected", "label", "messages") if k in shape]


def _layout(shape: Mapping[str, object], found: Mapping[str, str]) -> Layout:
    def keys(part: str) -> tuple[str, ...]:
        return tuple(found[p] for p in cast("list[str]", shape.get(part, [])) if p in found)

    def key(part: str) -> str | None:
        return found.get(str(shape[part])) if part in shape else None

    return Layout(
        format=str(shape["name"]),
        input=keys("input"),
        output=keys("output"),
        rejected=key("rejected"),
        label=key("label"),
        messages=key("messages"),
    )


def build(layout: Layout, row: Mapping[str, object]) -> Example:
    """A row of a known layout in the common form."""
    label = None if layout.label is None else _label(row[layout.label])
    if layout.messages is not None:
        system = as_text([row[k] for k in layout.input])
        return _conversation(layout, row[layout.messages], system, label)
    given = [as_text(row[k]) for k in layout.input]
    wanted = [as_text(row[k]) for k in layout.output]
    return Example(
        layout.format,
        given[0] if len(given) == 1 else "\n".join(filter(None, given)),
        wanted[0] if len(wanted) == 1 else "\n".join(filter(None, wanted)),
        as_text(row[layout.rejected]) if layout.rejected else "",
        label,
    )


def _label(value: object) -> str | None:
    return None if value is None else as_text(value)


def as_text(value: object) -> str:
    """The text of a field: of a turn its content, of a list its members, line by line."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dict):
        for name in _knowledge()["turns"]["content"]:
            if name in value:
                return as_text(value[name])
        return "\n".join(filter(None, map(as_text, value.values())))
    if isinstance(value, list):
        return "\n".join(filter(None, map(as_text, value)))
    return str(value)


def _conversation(layout: Layout, turns: object, system: str, label: str | None) -> Example:
    if not isinstance(turns, list) or not turns:
        return Example(layout.format, system, "", label=label, fault="holds no turns")
    roles: list[str] = []
    given = [system] if system else []
    wanted: list[str] = []
    for turn in turns:
        role, text = _turn(turn)
        roles.append(role)
        (wanted if role in ("assistant", "call") else given).append(text)
    fault = order_fault(roles)
    return Example(layout.format, "\n".join(given), "\n".join(wanted), label=label, fault=fault)


def _turn(turn: object) -> tuple[str, str]:
    if not isinstance(turn, dict):
        return "?", as_text(turn)
    names = _turn_names()
    spoken = next((turn[n] for n in names[0] if n in turn), None)
    text = next((turn[n] for n in names[1] if n in turn and turn[n] is not None), None)
    if text is None and turn.get("tool_calls"):
        return "call", as_text(turn["tool_calls"])
    role = _role_names().get(str(spoken).lower(), "?") if spoken is not None else "?"
    return role, text if isinstance(text, str) else as_text(text)


def role_of(turn: Mapping[str, object]) -> tuple[str, str, str]:
    """Who speaks in a turn, in common words and as the file has it, and the text."""
    role, text = _turn(turn)
    spoken = next((turn[name] for name in _turn_names()[0] if name in turn), role)
    return "assistant" if role == "call" else role, str(spoken), text


def order_fault(roles: Iterable[str]) -> str | None:
    """Why an order of roles fits no chat template; None when it does.

    A system turn may only come first; user and assistant alternate and the user begins; tool
    turns follow calls; the assistant speaks at least once.
    """
    before = "start"
    spoke = False
    for role in roles:
        if role == "?":
            return "has a turn without a known role"
        if role == "system" and before != "start":
            return "has a system turn after the first turn"
        if role == "assistant" and before in ("start", "system"):
            return "begins with the assistant"
        if role == before and role in ("user", "assistant"):
            return f"has two {role} turns in a row"
        spoke = spoke or role in ("assistant", "call")
        before = role
    return None if spoke else "has no assistant turn"


@lru_cache(maxsize=1)
def _turn_names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    turns = _knowledge()["turns"]
    return tuple(turns["role"]), tuple(turns["content"])


@lru_cache(maxsize=1)
def _role_names() -> dict[str, str]:
    roles = _knowledge()["roles"]
    return {name: role for role, names in roles.items() for name in names}


@lru_cache(maxsize=1)
def _knowledge() -> dict[str, Any]:
    import yaml

    text = Path(__file__).with_name("formats.yaml").read_text(encoding="utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text))
