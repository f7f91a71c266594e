"""How fast a run went and what memory it held, read from its trainer's log or a quick test."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from transxlab.facts.catalogued.table import rows

NUMBER = r"([0-9][0-9_,]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?)"
BAR = re.compile(r"\b(\d+)/(\d+) \[[^\]]*?([0-9.]+)\s?(s/it|it/s)")
"""A progress bar of tqdm: the position, and its own running average."""
LIMIT_BYTES = 256 * 2**20
"""Largest log that is read."""


class LogError(Exception):
    """One sentence: which file, and what was expected of it."""


@dataclass(frozen=True, slots=True)
class Log:
    """What a log says; None where it says nothing."""

    seconds_per_step: float | None = None
    """Seconds of one optimizer step."""
    seconds_per_micro_batch: float | None = None
    """Seconds of one forward and backward pass."""
    samples_per_second: float | None = None
    """Rows per second over all GPUs."""
    tokens_per_second: float | None = None
    """Tokens per second over all GPUs."""
    tokens_per_second_per_gpu: float | None = None
    """Tokens per second of one GPU."""
    allocated_gib: float | None = None
    """Peak of live tensors."""
    reserved_gib: float | None = None
    """Peak of the allocator's pool."""
    process_gib: float | None = None
    """What nvidia-smi showed."""
    readings: int = 0
    """Readings of speed the figures rest on."""

    @property
    def has_speed(self) -> bool:
        """Whether it says how fast the run went."""
        return self.readings > 0


@lru_cache(maxsize=1)
def keys() -> dict[str, tuple[str, float]]:
    """What each key of a log means, and the factor to our unit."""
    found = rows("transxlab.facts.measured", "logkeys.csv")
    return {row["key"].lower(): (row["what"], float(row["factor"])) for row in found}


@lru_cache(maxsize=1)
def pattern() -> re.Pattern[str]:
    """Finds ``key: number`` in JSON, Python dicts and plain lines alike."""
    names = "|".join(re.escape(name) for name in sorted(keys(), key=len, reverse=True))
    return re.compile(rf"(?<![\w/.])({names})[\"']?\s*[:=]\s*[\"']?{NUMBER}", re.IGNORECASE)


def read_log(file: Path) -> Log:
    """A log's speed and memory; raises LogError where there is none.

    Reads ``trainer_state.json``, the output of Trainer, TRL, axolotl, ms-swift, torchtune, litgpt
    and torchtitan, progress bars, JSON lines, CSV, and the quick test's JSON. The median of the
    readings without the first one, which holds the warm-up; the largest figure of memory.
    """
    try:
        if file.stat().st_size > LIMIT_BYTES:
            raise LogError(f"{file}: larger than {LIMIT_BYTES // 2**20} MiB; give its last part")
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        raise LogError(f"{file}: cannot be read: {problem.strerror}") from None
    found = columns(text) if file.suffix.lower() in (".csv", ".tsv") else pairs(text)
    log = summed(found)
    if not log.has_speed and not (log.allocated_gib or log.reserved_gib or log.process_gib):
        raise LogError(
            f"{file}: no speed and no peak memory in it; expected lines such as "
            "train_steps_per_second, tokens_per_second, 2.5s/it or peak_memory_alloc"
        )
    return log


Readings = dict[str, list[float]]


def pairs(text: str) -> Readings:
    """Every known key with its numbers, in order, and the averages of progress bars."""
    found: Readings = {}
    for match in pattern().finditer(text):
        what, factor = keys()[match[1].lower()]
        _add(found, what, match[2], factor)
    bars = [m for m in BAR.finditer(text) if int(m[1]) > 0]
    longest = max((int(m[2]) for m in bars), default=0)
    for match in bars:
        # The longest bar is the training; shorter ones load files or evaluate.
        if int(match[2]) == longest:
            _add(found, f"bar {match[4]}", match[3], 1.0)
    return found


def columns(text: str) -> Readings:
    """The known columns of a table."""
    lines = text.splitlines()
    mark = "\t" if lines and lines[0].count("\t") > lines[0].count(",") else ","
    found: Readings = {}
    for row in csv.DictReader(lines, delimiter=mark):
        for name, cell in row.items():
            known = keys().get((name or "").strip().lower())
            if known is not None and isinstance(cell, str):
                _add(found, known[0], cell.strip(), known[1])
    return found


def _add(found: Readings, what: str, text: str, factor: float) -> None:
    try:
        number = float(text.replace(",", "").replace("_", "").rstrip(".")) * factor
    except ValueError:
        return
    if 0 < number < float("inf"):
        found.setdefault(what, []).append(number)


SPEEDS = (
    "seconds_per_step",
    "seconds_per_micro_batch",
    "samples_per_second",
    "tokens_per_second",
    "tokens_per_second_per_gpu",
)


def summed(found: Mapping[str, list[float]]) -> Log:
    """One figure for each thing a log says."""
    speed = {name: settled(found[name]) for name in SPEEDS if name in found}
    if "seconds_per_step" not in speed:
        speed |= per_step(found)
    largest = {
        name: max(found[name])
        for name in ("allocated_gib", "reserved_gib", "process_gib")
        if name in found
    }
    sources = (*SPEEDS, "steps_per_second", "bar s/it", "bar it/s")
    most = max((len(found[name]) for name in sources if name in found), default=0)
    return Log(**speed, **largest, readings=most if speed else 0)


def per_step(found: Mapping[str, list[float]]) -> dict[str, float]:
    """Seconds per step from steps per second or a progress bar; bars average by themselves."""
    if "steps_per_second" in found:
        return {"seconds_per_step": 1 / settled(found["steps_per_second"])}
    bars = found.get("bar s/it", []) + [1 / rate for rate in found.get("bar it/s", [])]
    return {"seconds_per_step": settled(bars[len(bars) // 2 :])} if bars else {}


def settled(readings: Iterable[float]) -> float:
    """The median of the readings, without the first where there are more than two."""
    kept = list(readings)
    kept = sorted(kept[1:] if len(kept) > 2 else kept)
    middle = len(kept) // 2
    return kept[middle] if len(kept) % 2 else (kept[middle - 1] + kept[middle]) / 2
