"""From a trainer's spelling of a value to the vocabulary's."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from transxlab.facts.trainers.datafile import data_file
from transxlab.facts.trainers.scalars import meant
from transxlab.facts.values import finite


class Refuse(Exception):
    """A value that means nothing in its place: the slot stays unknown."""


def number(value: object) -> object:
    """A number, also where it stands as text (``1e-4``, ``1B``)."""
    if isinstance(value, bool):
        raise Refuse
    if isinstance(value, (int, float)):
        if not finite(value):
            raise Refuse
        return value
    found = meant(value) if isinstance(value, str) else None
    if found is None:
        raise Refuse
    return found


def positive(value: object) -> object:
    """A number above 0; 0 and below mean not set."""
    found = number(value)
    return found if isinstance(found, (int, float)) and found > 0 else None


def truth(value: object) -> object:
    """True or false, also as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "yes", "on", "1"):
        return True
    if isinstance(value, str) and value.strip().lower() in ("false", "no", "off", "0", ""):
        return False
    if value in (0, 1):
        return bool(value)
    raise Refuse


def untruth(value: object) -> object:
    """The opposite of a switch."""
    return not truth(value)


def present(value: object) -> object:
    """Whether anything but an off switch stands there (``deepspeed: true``, ``ema: {...}``)."""
    return value is not None and value is not False and value not in ("", "false", [], {})


def text(value: object) -> object:
    """Text; the empty text means not set."""
    if isinstance(value, (bool, list, dict)):
        raise Refuse
    return str(value) or None


def names(value: object) -> object:
    """A list of names; text counts as its comma- or space-separated words."""
    if isinstance(value, str):
        return tuple(word for word in re.split(r"[,\s]+", value.strip("[] ")) if word)
    if isinstance(value, (list, tuple)):
        if any(isinstance(v, (dict, list)) or v is None for v in value):
            raise Refuse
        return tuple(v if isinstance(v, (str, int, float)) else str(v) for v in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (value,)
    raise Refuse


def trackers(value: object) -> object:
    """The trackers a run reports to; ``none`` is no tracker."""
    found = names(value)
    assert isinstance(found, tuple)
    return tuple(name for name in found if name not in ("none", "None"))


def first(value: object) -> object:
    """The only element of a list, or the value itself; several are joined."""
    if isinstance(value, (list, tuple)):
        return "+".join(str(v) for v in value) or None
    return text(value)


def length(value: object) -> object:
    """How many elements a list has."""
    if isinstance(value, (list, tuple, dict)):
        return len(value)
    raise Refuse


_CLASS = re.compile(r"(?:.*\.)?(\w+)\Z")


def optimizer(value: object) -> object:
    """An optimizer in Hugging Face's spelling; a Python path counts as its last part."""
    return _word("optimizer", value)


def scheduler(value: object) -> object:
    """A schedule in Hugging Face's spelling."""
    return _word("scheduler", value)


def attention(value: object) -> object:
    """An attention kernel of the vocabulary; ``auto`` says nothing."""
    return _strict("attention", value)


def dtype(value: object) -> object:
    """A type of weights: fp32, fp16, bf16, fp8 or auto."""
    return _strict("dtype", value)


def precision(value: object) -> object:
    """A precision of the vocabulary."""
    return _strict("precision", value)


def quantization(value: object) -> object:
    """A quantisation of the vocabulary."""
    return _strict("quantization", value)


def cadence(value: object) -> object:
    """When something happens: no, steps, epoch or best. YAML 1.1 reads a bare ``no`` as false."""
    return _strict("cadence", value)


def overlong(value: object) -> object:
    """What happens to rows that are too long."""
    return _strict("overlong", value)


def side(value: object) -> object:
    """Left or right, of what is cut."""
    return _strict("side", value)


def stage(value: object) -> object:
    """A stage of the vocabulary."""
    return _strict("stage", value)


def method(value: object) -> object:
    """A method of the vocabulary."""
    return _strict("method", value)


def arch(value: object) -> object:
    """An architecture of the vocabulary."""
    return _strict("arch", value)


@lru_cache(maxsize=1)
def words() -> dict[tuple[str, str], str]:
    """Meaning of each spelling in words.csv, by kind and spelling in small letters."""
    import csv

    raw = data_file("words.csv")
    lines = [line for line in raw.splitlines() if not line.startswith("#")]
    return {(r["kind"], r["spelling"]): r["meaning"] for r in csv.DictReader(lines)}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        raise Refuse
    return str(value).strip()


def _word(kind: str, value: object) -> object:
    spelled = _plain(value)
    if not spelled:
        return None
    match = _CLASS.match(spelled)
    last = (match[1] if match else spelled).lower()
    return words().get((kind, spelled.lower())) or words().get((kind, last)) or last


def _strict(kind: str, value: object) -> object:
    meaning = words().get((kind, _plain(value).lower().removeprefix("torch.")))
    if meaning is None or meaning == "?":
        raise Refuse
    return None if meaning == "none" and kind != "quantization" else meaning


CONVERSIONS: dict[str, Callable[[object], object]] = {
    f.__name__: f
    for f in (
        number,
        positive,
        truth,
        untruth,
        present,
        text,
        names,
        trackers,
        first,
        length,
        optimizer,
        scheduler,
        attention,
        dtype,
        precision,
        quantization,
        cadence,
        overlong,
        side,
        stage,
        method,
        arch,
    )
}
"""Conversions by the name that key maps use."""
