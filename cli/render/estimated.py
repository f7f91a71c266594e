"""An estimate as JSON: memory in bytes, time in seconds, what is not known as null."""

from __future__ import annotations

from typing import Any

from transxlab.cli.across import OnCard
from transxlab.cli.answers import Answers, basis, missing
from transxlab.cli.levers import Tried
from transxlab.engine.case import Case
from transxlab.facts.estimated.memory import Memory
from transxlab.facts.values import Interval

GIB = 2**30


def as_plain(found: Answers) -> dict[str, Any]:
    """The estimate as the output contract has it: memory in bytes, unknown as null."""
    from transxlab.cli.render.contract import VERSION

    case = found.case
    plain: dict[str, Any] = {
        "version": VERSION,
        "parameters": {
            "total": _value(case, "model.params"),
            "active": _value(case, "model.active_params"),
            "trainable": _value(case, "estimate.trainable_params"),
        },
        "memory": _memory(case, found.memory),
        "serving": {
            "memory": _interval(case, "estimate.serve_gib", GIB),
            "latency_seconds": _interval(case, "estimate.latency_seconds"),
            "first_token_seconds": _interval(case, "estimate.first_token_seconds"),
            "tokens_per_second": _interval(case, "estimate.answer_tokens_per_second"),
        },
        "steps": _value(case, "run.total_steps"),
        "tokens_per_second": _interval(case, "estimate.tokens_per_second"),
        "seconds": _interval(case, "estimate.hours", 3600),
        "usd": _interval(case, "estimate.usd"),
        "disk": _interval(case, "estimate.disk_gib", GIB),
        "largest": _largest(found),
        "assumed": [{"slot": one.slot, "value": one.value, "by": one.by} for one in found.assumed],
        "basis": [*basis(case), *(found.memory.basis if found.memory else ())],
        "needs": missing(case),
        "quick_test": found.quick_test,
    }
    if found.levers is not None:
        plain["levers"] = [_lever(one) for one in found.levers]
    if found.cards is not None:
        plain["across"] = [_card(one) for one in found.cards]
    return plain


def _memory(case: Case, memory: Memory | None) -> dict[str, Any]:
    return {
        "allocated": _interval(case, "estimate.allocated_gib", GIB),
        "reserved": _interval(case, "estimate.reserved_gib", GIB),
        "process": _ends(memory.process) if memory else None,
        "needed": _interval(case, "estimate.peak_gib", GIB),
        "static": _interval(case, "estimate.static_gib", GIB),
        "components": dict(memory.components) if memory else {},
        "peak_moment": _value(case, "estimate.peak_moment"),
    }


def _largest(found: Answers) -> dict[str, Any]:
    return {
        "micro_batch": _value(found.case, "estimate.max_micro_batch"),
        "seq_length": _value(found.case, "estimate.max_seq_length"),
        "rank": _value(found.case, "estimate.max_rank"),
        "cheapest_fit": _value(found.case, "estimate.cheapest_fit"),
        "cure": _lever(found.cure) if found.cure else None,
    }


def _lever(one: Tried) -> dict[str, Any]:
    return {
        "change": one.words,
        "set": one.slots,
        "cost": one.cost,
        "needed": _ends(one.peak_gib, GIB),
        "saved": one.saved_gib * GIB,
        "step_time_ratio": one.slower,
        "fits": one.fits,
        "adds": list(one.brings),
        "clears": list(one.clears),
    }


def _card(one: OnCard) -> dict[str, Any]:
    return {
        "gpu": one.gpu,
        "memory": None if one.memory_gib is None else one.memory_gib * GIB,
        "needed": _ends(one.peak_gib, GIB),
        "fits": one.fits,
        "largest_micro_batch": one.micro_batch,
        "tokens_per_second": _ends(one.tokens_per_second),
        "seconds": _ends(one.hours, 3600),
        "usd": _ends(one.usd),
    }


def _ends(held: Interval | None, factor: float = 1) -> dict[str, float] | None:
    if held is None:
        return None
    scaled = held.scaled(factor)
    return {"low": scaled.low, "expected": scaled.expected, "high": scaled.high}


def _value(case: Case, path: str) -> Any:
    known = case.facts.known(path)
    return None if known is None else known.value


def _interval(case: Case, path: str, factor: float = 1) -> dict[str, float] | None:
    held = _value(case, path)
    return _ends(held, factor) if isinstance(held, Interval) else None
