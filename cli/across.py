"""One run on several GPUs: what it needs, whether it fits, how long it takes, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transxlab.cli import consulting
from transxlab.cli.failures import Unusable
from transxlab.cli.levers import held
from transxlab.engine.rulebook import Rulebook
from transxlab.facts.situation import Facts
from transxlab.facts.values import Interval

PRICED = "priced"
"""Stands for every card of the catalogue that has a price."""


@dataclass(frozen=True, slots=True)
class OnCard:
    """The run on one kind of GPU."""

    gpu: str
    """Name of the GPU."""
    memory_gib: float | None
    """Memory of one GPU, in GiB."""
    peak_gib: Interval | None
    """Memory the run needs on one GPU, in GiB."""
    fits: str
    """``yes``, ``perhaps``, ``no``, or ``not known``."""
    micro_batch: int | None
    """Largest micro-batch that surely fits."""
    tokens_per_second: Interval | None
    """Training speed over all GPUs."""
    hours: Interval | None
    """Wall-clock time of the run."""
    usd: Interval | None
    """Cost of the run."""


def names(text: str) -> list[str]:
    """The GPUs a list names; ``priced`` means all that have a price, smallest first."""
    if text.strip().lower() != PRICED:
        return [name.strip() for name in text.split(",") if name.strip()]
    from transxlab.facts.catalogued.gpus import find_gpu
    from transxlab.facts.catalogued.prices import prices

    cards = {price.gpu for price in prices()}
    known = [card for card in map(find_gpu, cards) if card is not None]
    return [card.name for card in sorted(known, key=lambda c: (c.memory_gib or 0, c.name))]


def across(
    facts: Facts, gpus: Sequence[str], count: int | None, rules: Rulebook
) -> Iterator[OnCard]:
    """The run on each GPU; raises Unusable for names that are not in the catalogue."""
    from transxlab.facts.asked.beside import Beside, beside

    placed, problems = [], []
    for name in gpus:
        on = facts.copy()
        problems += [str(problem) for problem in beside(Beside(gpu=name, gpus=count), on)]
        placed.append((name, on))
    if problems:
        raise Unusable(*problems)
    for name, on in placed:
        yield _card(name, on, rules)


def _card(name: str, facts: Facts, rules: Rulebook) -> OnCard:
    case = consulting.consult(facts, rules, design=False, engine="reference")
    peak, room = held(case, "estimate.peak_gib"), _number(case.facts, "machine.train_vram_gib")
    batch = _number(case.facts, "estimate.max_micro_batch")
    return OnCard(
        gpu=name,
        memory_gib=room,
        peak_gib=peak,
        fits=fits(peak, room),
        micro_batch=None if batch is None else int(batch),
        tokens_per_second=held(case, "estimate.tokens_per_second"),
        hours=held(case, "estimate.hours"),
        usd=held(case, "estimate.usd"),
    )


def fits(peak: Interval | None, room: float | None) -> str:
    """Whether an interval is within a card: surely, perhaps, surely not."""
    if peak is None or room is None:
        return "not known"
    if peak.high <= room:
        return "yes"
    return "perhaps" if peak.low <= room else "no"


def _number(facts: Facts, path: str) -> float | None:
    known = facts.known(path)
    if known is None or isinstance(known.value, bool) or not isinstance(known.value, (int, float)):
        return None
    return float(known.value)
