"""YAML text that every parser reads alike: floats as ``1.0e-4``, doubtful words in quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from transxlab.facts.trainers.scalars import resolve

_PLAIN = re.compile(r"[A-Za-z_./~<|][\w./+=@ :|<>-]*\Z")


def scalar(value: object) -> str:
    """One value as YAML 1.1, YAML 1.2 and OmegaConf all read it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return str(value)
    return _text(str(value))


def number(value: float) -> str:
    """A float with a dot in its mantissa and a sign in its exponent: ``1.0e-4``, ``0.05``."""
    if value == int(value) and abs(value) < 1e16:
        return f"{value:.1f}"
    if 1e-3 <= abs(value) < 1e16:
        return repr(float(value))
    sign, digits, exponent = Decimal(repr(float(value))).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = exponent + len(digits) - 1
    mantissa = f"{text[0]}.{text[1:] or '0'}"
    return f"{'-' if sign else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power)}"


def _text(text: str) -> str:
    plain = (
        _PLAIN.match(text) is not None
        and not text.endswith((" ", ":"))
        and ": " not in text
        and " #" not in text
        and text[0] not in "<|~"
        and all(resolve(text, False, dialect)[0] == "str" for dialect in ("pyyaml", "omegaconf"))
    )
    return text if plain else json.dumps(text, ensure_ascii=False)


def block(key: str, value: object, indent: int = 0) -> list[str]:
    """The lines of one key with its value, maps and lists nested below."""
    pad = "  " * indent
    name = key if _PLAIN.match(key) and ":" not in key else json.dumps(key)
    if isinstance(value, Mapping):
        if not value:
            return [f"{pad}{name}: {{}}"]
        lines = [f"{pad}{name}:"]
        for inner, held in value.items():
            lines.extend(block(str(inner), held, indent + 1))
        return lines
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value:
            return [f"{pad}{name}: []"]
        return [f"{pad}{name}:", *_elements(value, indent + 1)]
    return [f"{pad}{name}: {scalar(value)}"]


def _elements(values: Sequence[object], indent: int) -> list[str]:
    pad = "  " * indent
    lines: list[str] = []
    for value in values:
        if isinstance(value, Mapping):
            inner: list[str] = []
            for key, held in value.items():
                inner.extend(block(str(key), held, indent + 1))
            inner[0] = f"{pad}- {inner[0].lstrip()}"
            lines.extend(inner)
        else:
            lines.append(f"{pad}- {scalar(value)}")
    return lines
