"""``estimate --calibrate``: one's own logs beside the estimates, kept for later runs here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from transxlab.cli.failures import Unusable
from transxlab.engine.case import Case
from transxlab.facts.situation import Facts
from transxlab.facts.values import Interval

if TYPE_CHECKING:
    from transxlab.facts.estimated.calibration import Entry, Key
    from transxlab.facts.measured.log import Log

FILE = Path(".transxlab") / "calibration.yaml"
"""Where a folder's calibrations are kept."""
FACTORS = {"speed": "machine.speed_factor", "memory": "machine.memory_factor"}
"""Slot of each factor."""


def corrected(facts: Facts, case: Case, log: str | None) -> tuple[Facts | None, list[str]]:
    """The facts with the factors that hold for this run, and what to tell the user.

    None where no calibration holds for it. A new log is compared with the case, which must rest on
    no factor, and kept. Raises Unusable where the log or the file cannot be used.
    """
    from transxlab.facts.estimated import calibration

    entries, problems = calibration.read(FILE)
    if problems:
        raise Unusable(*problems)
    key = key_of(case)
    if log is not None:
        if key is None:
            raise Unusable("--calibrate: the model, the method and the GPU must be known: --gpu")
        entries.append(entry(case, key, Path(log)))
        keep(calibration.written(entries))
    if key is None:
        return None, []
    return put(facts, entries, key, log)


def put(
    facts: Facts, entries: list[Entry], key: Key, log: str | None
) -> tuple[Facts | None, list[str]]:
    """A copy of the facts with what the entries say of this kind of run."""
    from transxlab.facts.estimated import calibration
    from transxlab.facts.origin import Origin

    mine = [e for e in entries if e.key == key]
    changed, said = facts.copy(), []
    for what, slot in FACTORS.items():
        found = calibration.held(entries, key, what)
        if found is not None and facts.known(slot) is None:
            changed.set(slot, found, Origin("measured", where(mine)))
            said.append(f"{what} {found.expected:.2f} times the estimate")
    if not said:
        return None, []
    kept = f", kept in {FILE}" if log else ""
    kind = f"{key.gpus} x {key.gpu}, {key.stack} code, {key.method}"
    return changed, [f"{' and '.join(said)}, from {where(mine)} ({kind}){kept}"]


def where(entries: list[Entry]) -> str:
    """The logs in words, the latest with its date."""
    last = entries[-1]
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    return f"{last.source} ({last.date}){more}"


def key_of(case: Case) -> Key | None:
    """What a calibration of this run is kept under; None where the run is not known enough."""
    from transxlab.facts.calculator import NotKnown, Scope
    from transxlab.facts.estimated import calibration
    from transxlab.facts.estimated.calculators import CALCULATORS
    from transxlab.facts.estimated.reading import gpu_named, model_of
    from transxlab.facts.estimated.running import setup_of
    from transxlab.facts.estimated.setup import settled

    scope = Scope(case.facts, {}, CALCULATORS["run_time"].reads)
    try:
        setup = settled(setup_of(scope, model_of(scope)))[0]
        gpu = gpu_named(scope, "machine.train_gpu")
    except NotKnown:
        return None
    return None if gpu is None else calibration.key_of(setup, gpu.name)


def entry(case: Case, key: Key, log: Path) -> Entry:
    """A log against the estimates of the case."""
    import datetime

    from transxlab.facts.estimated.calibration import Entry
    from transxlab.facts.measured.log import LogError, read_log

    try:
        found = read_log(log)
    except LogError as problem:
        raise Unusable(f"--calibrate: {problem}") from None
    when = datetime.datetime.fromtimestamp(log.stat().st_mtime, tz=datetime.timezone.utc)
    made = Entry(
        key, None, memory_ratio(case, found), found.readings, log.name, when.date().isoformat()
    )
    made = replace(made, speed=speed_ratio(case, found))
    if made.speed is None and made.memory is None:
        raise Unusable(f"--calibrate: {log}: this run's own speed and memory are not estimated")
    return made


def speed_ratio(case: Case, log: Log) -> float | None:
    """Measured over estimated speed. Time per step first: it does not depend on what counts as a
    token; then rows, then tokens."""
    step, rate = (_expected(case, f"estimate.{n}") for n in ("step_seconds", "tokens_per_second"))
    batch, gpus = _number(case, "run.effective_batch"), _number(case, "machine.train_gpus") or 1
    times = _number(case, "config.gradient_accumulation_steps") or 1
    if step and log.seconds_per_step:
        return step / log.seconds_per_step
    if step and log.seconds_per_micro_batch:
        return step / times / log.seconds_per_micro_batch
    if step and batch and log.samples_per_second:
        return log.samples_per_second * step / batch
    if rate and log.tokens_per_second:
        return log.tokens_per_second / rate
    if rate and log.tokens_per_second_per_gpu:
        return log.tokens_per_second_per_gpu * gpus / rate
    return None


def memory_ratio(case: Case, log: Log) -> float | None:
    """Measured over estimated peak memory, each against the estimate of the same thing."""
    for measured, path in (
        (log.allocated_gib, "estimate.allocated_gib"),
        (log.reserved_gib, "estimate.reserved_gib"),
        (log.process_gib, "estimate.peak_gib"),
    ):
        told = _expected(case, path)
        if measured and told:
            return measured / told
    return None


def _expected(case: Case, path: str) -> float | None:
    known = case.facts.known(path)
    value = None if known is None else known.value
    return value.expected if isinstance(value, Interval) else None


def _number(case: Case, path: str) -> float | None:
    known = case.facts.known(path)
    value = None if known is None else known.value
    return float(value) if isinstance(value, (int, float)) else None


def keep(text: str) -> None:
    """Write the calibration file; Unusable where the folder does not allow it."""
    from transxlab.cli.writing import write

    try:
        write(FILE, text.encode())
    except OSError as problem:
        raise Unusable(f"{FILE}: cannot be written: {problem.strerror}") from None
