"""Quantities as people write them: ``32 GB``, ``< 500ms``, ``100M-500M``, ``$200``, ``4h``."""

from __future__ import annotations

import math
import re

from transxlab.facts.vocabulary.template import Slot

_NUMBER = r"[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>[a-zA-Z%]*)\Z")
_RANGE = re.compile(
    rf"(?P<low>{_NUMBER}\s*[a-zA-Z]*)\s*(?:-|\.\.|to|–)\s*(?P<high>{_NUMBER}\s*[a-zA-Z]*)\Z"
)
_COUNTS = {
    "": 1.0,
    "k": 1e3,
    "m": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "t": 1e12,
    "million": 1e6,
    "billion": 1e9,
}
_PLAIN = {"tokens", "token", "rows", "row", "examples", "steps", "epochs", "gpus", "params", "usd"}
_SECONDS = {
    "ms": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hours": 3600.0, "hour": 3600.0, "d": 86400.0, "days": 86400.0,
}  # fmt: skip
_GIB = {
    "gb": 1.0,
    "gib": 1.0,
    "g": 1.0,
    "mb": 1 / 1024,
    "mib": 1 / 1024,
    "tb": 1024.0,
    "tib": 1024.0,
}
_TRUTH = {"yes": True, "true": True, "y": True, "no": False, "false": False, "n": False}


def truth(text: str) -> bool | None:
    """Yes or no as truth; None for anything else."""
    return _TRUTH.get(text.strip().lower())


def number(text: str, slot: str) -> float | None:
    """The number in a text, in the unit of the slot's name; None where there is none.

    Card memory is sold in GB and means GiB, so both are taken as GiB.
    """
    plain = text.strip().lower().lstrip("<>≤≥~=$ ").strip()
    match = _QUANTITY.match(plain)
    if match is None:
        return None
    value = float(match["number"].replace(",", "").replace("_", ""))
    unit = match["unit"]
    if unit == "%":
        return value / 100
    if slot.endswith("_seconds") and unit in _SECONDS:
        return value * _SECONDS[unit]
    if slot.endswith("hours") and unit in _SECONDS:
        return value * _SECONDS[unit] / 3600
    if slot.endswith("_gib") and unit in _GIB:
        return value * _GIB[unit]
    if unit in _PLAIN:
        return value
    return value * _COUNTS[unit] if unit in _COUNTS else None


def span(text: str, slot: str) -> tuple[float, float] | None:
    """The low and high end of ``100M-500M``; None for anything else."""
    match = _RANGE.match(text.strip().lower())
    if match is None:
        return None
    low, high = number(match["low"], slot), number(match["high"], slot)
    return None if low is None or high is None or low > high else (low, high)


def whole(value: float) -> float | int:
    """An integer where the number is one."""
    return int(value) if value == int(value) else value


def typed(value: object, slot: Slot) -> object:
    """What was written, in the type its slot takes; ValueError where it is not of that type."""
    if isinstance(value, str):
        return _typed_text(value.strip(), slot)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{slot.path} takes a finite number, got {value}")
    if slot.type in ("text", "version") and isinstance(value, (int, float)):
        return value if isinstance(value, bool) else str(value)
    return value


def _typed_text(text: str, slot: Slot) -> object:
    if slot.type == "truth":
        said = truth(text)
        if said is None:
            raise ValueError(f"{slot.path} takes true or false, got {text!r}")
        return said
    if slot.type == "number":
        return _finite(text, slot)
    if slot.type == "interval":
        return [_finite(part, slot) for part in _items(text)]
    if slot.type == "list":
        return [_choice(item, slot) for item in _items(text)]
    return _choice(text, slot)


def _finite(text: str, slot: Slot) -> float | int:
    found = number(text, slot.name)
    if found is None or not math.isfinite(found):
        raise ValueError(f"{slot.path} takes a number, got {text!r}")
    return whole(found)


def _items(text: str) -> list[str]:
    return [item.strip().strip("\"'") for item in text.strip("[]").split(",") if item.strip()]


def _choice(text: str, slot: Slot) -> str:
    """A slot's own spelling of a text it takes: ``SFT`` is ``sft``, ``text to text`` too."""
    if slot.values is None or text in slot.values:
        return text
    plain = re.sub(r"[\s-]+", "_", text.lower())
    return plain if plain in slot.values else text
