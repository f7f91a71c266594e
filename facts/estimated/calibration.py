"""What one's own runs say about the estimates: factors kept by GPU, code and kind of method."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.setup import Setup
from transxlab.facts.estimated.time import kind_of_run, stack_of
from transxlab.facts.values import Interval


@dataclass(frozen=True, slots=True)
class Key:
    """What a calibration holds for."""

    gpu: str
    """Name of the GPU."""
    gpus: int
    """How many GPUs ran."""
    stack: str
    """Kind of training code: ``eager``, ``tune`` or ``fused``."""
    method: str
    """Kind of run: ``finetune``, ``quantized`` or ``pretrain``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One measured run against its estimate."""

    key: Key
    """What it holds for."""
    speed: float | None
    """Measured over estimated speed; None where the log has no speed."""
    memory: float | None
    """Measured over estimated peak memory; None where the log has none."""
    steps: int
    """Readings the log had."""
    source: str
    """The log."""
    date: str
    """When it was written, as year-month-day."""


def key_of(setup: Setup, gpu: str) -> Key:
    """What a run's calibration is kept under."""
    return Key(gpu, setup.gpus, stack_of(setup), kind_of_run(setup))


@dataclass(frozen=True, slots=True)
class Belief:
    """How much one's own runs say, by the measured errors of estimates."""

    between: float
    """Deviation between machines, as a logarithm."""
    within: float
    """Deviation between runs of one machine, as a logarithm."""
    low: float
    """Factor that measured runs stay above after a run of their machine is known."""
    high: float
    """Factor they stay below."""


@lru_cache(maxsize=1)
def beliefs() -> dict[tuple[str, str], Belief]:
    """Measured deviations by what is calibrated (``speed``, ``memory``) and kind of method."""
    table = rows("transxlab.facts.estimated", "calibrated.csv")
    return {
        (r["what"], r["method"]): Belief(
            *(float(r[name]) for name in ("between", "within", "low", "high"))
        )
        for r in table
    }


def belief(what: str, method: str) -> Belief:
    """The deviations of a kind of method; those of all methods where it has none of its own."""
    table = beliefs()
    return table.get((what, method)) or table[what, ""]


def factor(ratios: Sequence[float], known: Belief) -> float:
    """The factor to expect of a machine from measured over estimated of its runs.

    The geometric mean, drawn to 1 as far as the scatter of single runs can explain it: a small
    deviation of one run proves little (empirical Bayes). What exceeds that scatter twice is no
    machine of the usual kind and speaks for itself.
    """
    mean = sum(math.log(ratio) for ratio in ratios) / len(ratios)
    between = max(known.between, abs(mean) - 2 * known.within) ** 2
    return math.exp(mean * between / (between + known.within**2 / len(ratios)))


def held(entries: Iterable[Entry], key: Key, what: str) -> Interval | None:
    """The factor of ``speed`` or ``memory`` for a run, with its scatter; None without a log."""
    ratios = [getattr(e, what) for e in entries if e.key == key and getattr(e, what)]
    if not ratios:
        return None
    known = belief(what, key.method)
    found = factor(ratios, known)
    return Interval(found * known.low, found, found * known.high)


def plain(entry: Entry) -> dict[str, Any]:
    """An entry as YAML holds it."""
    key = entry.key
    named = {"gpu": key.gpu, "gpus": key.gpus, "stack": key.stack, "method": key.method}
    numbers = {"speed": entry.speed, "memory": entry.memory}
    told = {name: round(value, 4) for name, value in numbers.items() if value is not None}
    return {**named, **told, "steps": entry.steps, "source": entry.source, "date": entry.date}


def parsed(row: Mapping[str, Any]) -> Entry | None:
    """An entry from YAML; None where it is not one."""
    try:
        key = Key(str(row["gpu"]), int(row["gpus"]), str(row["stack"]), str(row["method"]))
        speed, memory = (float(row[n]) if row.get(n) else None for n in ("speed", "memory"))
        steps = int(row.get("steps", 1))
    except (KeyError, TypeError, ValueError):
        return None
    if any(number is not None and not 0 < number < math.inf for number in (speed, memory)):
        return None
    return Entry(key, speed, memory, steps, str(row.get("source")), str(row.get("date")))


def read(file: Path) -> tuple[list[Entry], list[str]]:
    """The entries of a calibration file, and a sentence for each part that is none."""
    if not file.is_file():
        return [], []
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as problem:
        return [], [f"{file}: cannot be read as YAML: {str(problem).splitlines()[0]}"]
    listed = data.get("calibrations") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        return [], [f"{file}: expected a list under 'calibrations'"]
    found = [parsed(row) if isinstance(row, Mapping) else None for row in listed]
    bad = [n for n, entry in enumerate(found, 1) if entry is None]
    said = [f"{file}: calibration {n} needs gpu, gpus, stack, method and a factor" for n in bad]
    return [entry for entry in found if entry is not None], said


def written(entries: Sequence[Entry]) -> str:
    """The text of a calibration file; a log that is read again replaces its entry."""
    import yaml

    latest = {(entry.key, entry.source): entry for entry in entries}
    told = [plain(entry) for entry in latest.values()]
    return str(yaml.safe_dump({"calibrations": told}, sort_keys=False, allow_unicode=True))
