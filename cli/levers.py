"""Changes that lower the memory of a run, each estimated and audited again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transxlab.cli.render.contract import standing
from transxlab.engine.case import Case
from transxlab.facts.estimated.largest import Lever
from transxlab.facts.values import Interval, Value

AUDITED = ("error", "warning")
"""Severities of findings that a change is charged with."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One change, tried on the whole rulebook."""

    words: str
    """What to change, in words."""
    slots: dict[str, Value]
    """The same as values of slots."""
    cost: str
    """What it costs in speed or quality, in words."""
    peak_gib: Interval
    """Memory needed after the change, in GiB."""
    saved_gib: float
    """GiB it saves at the expected value."""
    slower: float | None
    """Time of a step after over before, at the expected value; None where speed is not known."""
    fits: bool | None
    """Whether the high end is within the card; None where the card is not known."""
    brings: tuple[str, ...]
    """Ids of errors and warnings it adds."""
    clears: tuple[str, ...]
    """Ids of errors and warnings it takes away."""


def tried(case: Case, most: int = 10) -> Iterator[Tried]:
    """The run's levers that save memory, each by a consultation of its own (about 20 ms)."""
    from transxlab.facts.estimated.levers import tries

    known = found_in(case)
    for lever in tries(case.facts)[:most]:
        one = _tried(case, lever, known)
        if one is not None and one.saved_gib > 0:
            yield one


def cure(case: Case) -> Tried | None:
    """The cheapest change that makes the run fit, tried; None where it fits or nothing does."""
    from transxlab.facts.estimated.levers import cheapest

    known = case.facts.known("estimate.cheapest_fit")
    if known is None or known.value is None:
        return None
    lever = cheapest(case.facts)
    return None if lever is None else _tried(case, lever, found_in(case))


def _tried(case: Case, lever: Lever, known: set[str]) -> Tried | None:
    from transxlab.engine.whatif import rerun

    slots: dict[str, Value] = {path: _plain(value) for path, value in lever.slots.items()}
    after = rerun(case, slots)
    before, peak = held(case, "estimate.peak_gib"), held(after, "estimate.peak_gib")
    if before is None or peak is None:
        return None
    now = found_in(after)
    return Tried(
        words=lever.words,
        slots=slots,
        cost=lever.cost,
        peak_gib=peak,
        saved_gib=before.expected - peak.expected,
        slower=_slower(case, after),
        fits=_fits(after, peak),
        brings=tuple(sorted(now - known)),
        clears=tuple(sorted(known - now)),
    )


def held(case: Case, path: str) -> Interval | None:
    """An estimate of the case; None where it is not known."""
    known = case.facts.known(path)
    return known.value if known is not None and isinstance(known.value, Interval) else None


def found_in(case: Case) -> set[str]:
    """Ids of the rules whose errors and warnings stand."""
    return {found.rule.id for found in standing(case) if found.severity in AUDITED}


def _plain(value: object) -> Value:
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    raise TypeError(f"a lever sets numbers, text or truth, not {value!r}")


def _slower(before: Case, after: Case) -> float | None:
    was, now = held(before, "estimate.step_seconds"), held(after, "estimate.step_seconds")
    if was is None or now is None or not was.expected:
        return None
    return now.expected / was.expected


def _fits(case: Case, peak: Interval) -> bool | None:
    room = case.facts.known("machine.train_vram_gib")
    if room is None or not isinstance(room.value, (int, float)):
        return None
    return peak.high <= room.value
