"""Parameters, memory, time and cost of a run."""

from __future__ import annotations

import sys
from typing import Any

import click
from transxlab.cli import consulting, options
from transxlab.cli.gather import gather
from transxlab.engine.case import Case
from transxlab.facts.values import Interval

GIB = 2**30


@click.command(name="estimate", help="Parameters, memory, time and cost of a run.")
@click.argument("config", required=False, metavar="[CONFIG]")
@click.option("--trainer", metavar="NAME", help="Trainer of CONFIG, where it is not plain.")
@click.option("--trainer-version", metavar="VERSION", help="Version of that trainer.")
@click.option("--model", metavar="NAME", help="The model, as a hub id or a catalogue name.")
@click.option("--method", metavar="NAME", help="Training method: full, lora, qlora ...")
@options.beside
@options.rulebook
@options.output_format("text", "json")
def command(config: str | None, model: str | None, method: str | None, **given: Any) -> None:
    """Estimate what is known, and say what is not."""
    named = [("model.name", model), ("config.method", method)]
    given["fact"] = (*given["fact"], *(f"{slot}={text}" for slot, text in named if text))
    gathered = gather(config, given, trainer=given["trainer"], version=given["trainer_version"])
    rules = consulting.rulebook(given["rulebook"])
    case = consulting.consult(gathered.facts, rules, design=False, engine=given["engine"])
    consulting.save(case)
    if given["form"] == "json":
        from transxlab.cli.render.contract import dumps

        sys.stdout.write(dumps(as_plain(case)))
        return
    for line in lines(case):
        click.echo(line)


def as_plain(case: Case) -> dict[str, Any]:
    """The estimate as the output contract has it: memory in bytes, unknown as null."""
    from transxlab.cli.render.contract import VERSION

    return {
        "version": VERSION,
        "parameters": {
            "total": _value(case, "model.params"),
            "active": _value(case, "model.active_params"),
            "trainable": _value(case, "estimate.trainable_params"),
        },
        "memory": {
            "allocated": _interval(case, "estimate.allocated_gib", GIB),
            "reserved": _interval(case, "estimate.reserved_gib", GIB),
            "process": _interval(case, "estimate.peak_gib", GIB),
            "components": {"static": _interval(case, "estimate.static_gib", GIB)},
            "peak_moment": _value(case, "estimate.peak_moment"),
        },
        "serving": {
            "memory": _interval(case, "estimate.serve_gib", GIB),
            "latency_seconds": _interval(case, "estimate.latency_seconds"),
        },
        "steps": _value(case, "run.total_steps"),
        "tokens_per_second": _interval(case, "estimate.tokens_per_second"),
        "seconds": _interval(case, "estimate.hours", 3600),
        "usd": _interval(case, "estimate.usd"),
        "disk": _interval(case, "estimate.disk_gib", GIB),
        "largest": {
            "micro_batch": _value(case, "estimate.max_micro_batch"),
            "seq_length": _value(case, "estimate.max_seq_length"),
            "rank": _value(case, "estimate.max_rank"),
            "cheapest_fit": _value(case, "estimate.cheapest_fit"),
        },
        "basis": basis(case),
        "needs": missing(case),
    }


def _value(case: Case, path: str) -> Any:
    known = case.facts.known(path)
    return None if known is None else known.value


def _interval(case: Case, path: str, factor: float = 1) -> dict[str, float] | None:
    held = _value(case, path)
    if not isinstance(held, Interval):
        return None
    scaled = held.scaled(factor)
    return {"low": scaled.low, "expected": scaled.expected, "high": scaled.high}


def basis(case: Case) -> list[str]:
    """The facts the estimates rest on, with where each came from."""
    found = {
        (fact.label(slot), str(fact.slots[slot].value), str(fact.slots[slot].origin))
        for firing in case.firings
        if any(path.startswith("estimate.") for path in _written(firing.rule.then))
        for fact, slot in firing.support
        if slot in fact.slots and fact.slots[slot].value is not None
    }
    return [f"{label} = {value} ({origin})" for label, value, origin in sorted(found)]


def _written(then: object) -> tuple[str, ...]:
    from transxlab.engine.rule import Derive
    from transxlab.facts.estimated.calculators import CALCULATORS

    if isinstance(then, Derive) and then.by is not None:
        return CALCULATORS[then.by].writes
    return ()


def missing(case: Case) -> list[str]:
    """What nobody knows and an estimate waits for."""
    needs = {
        need
        for item in case.waiting
        if any(path.startswith("estimate.") for path in _written(item.rule.then))
        for need in item.needs
    }
    return sorted(needs)


def lines(case: Case) -> list[str]:
    """The estimate in the terminal."""
    from transxlab.cli.documents.context import estimates, said
    from transxlab.cli.render import console

    rows = [
        (label, said(path, _value(case, path)))
        for label, path in (
            ("parameters", "model.params"),
            ("active parameters", "model.active_params"),
            ("steps", "run.total_steps"),
        )
        if _value(case, path) is not None
    ]
    rows += [(line.label, line.text) for line in estimates(case)]
    shown = [console.heading("Estimate"), "", *console.table(rows)]
    if needs := missing(case):
        shown += ["", *console.field("not known", ", ".join(needs))]
    return shown
