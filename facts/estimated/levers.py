"""What the memory of a run consists of, and the changes that would lower it, from its facts."""

from __future__ import annotations

from dataclasses import replace

from transxlab.facts.calculator import NotKnown, Scope
from transxlab.facts.estimated import largest
from transxlab.facts.estimated.budgets import memory_factor
from transxlab.facts.estimated.calculators import CALCULATORS, peak_of
from transxlab.facts.estimated.largest import Lever
from transxlab.facts.estimated.memory import GIB, Memory
from transxlab.facts.estimated.reading import gpu_named, model_of
from transxlab.facts.estimated.running import setup_of
from transxlab.facts.situation import Facts


def breakdown(facts: Facts) -> Memory | None:
    """The memory of the run with its components in bytes; None where something is not known."""
    scope = Scope(facts, {}, CALCULATORS["run_memory"].reads)
    try:
        model = model_of(scope)
        return peak_of(scope, model, setup_of(scope, model))
    except NotKnown:
        return None


def tries(facts: Facts) -> list[Lever]:
    """Changes of the run's knobs that may lower its memory, cheapest in speed first.

    Single changes, then all of them together. Nothing is promised: each is to be tried.
    """
    scope = Scope(facts, {}, CALCULATORS["run_memory"].reads)
    try:
        model = model_of(scope)
        setup = setup_of(scope, model)
    except NotKnown:
        return []
    single = largest.levers(setup)
    shorter = [lever for lever in largest.shrunk(setup) if len(lever.slots) == 1]
    chain = largest.chained(setup)
    together = [replace(last, words=TOGETHER) for last in chain[-1:] if len(chain) > 1]
    return [*single, *shorter, *together]


TOGETHER = "all that keep length and rank, together"


def cheapest(facts: Facts) -> Lever | None:
    """The change the run's ``estimate.cheapest_fit`` names, with the values it sets."""
    reads = CALCULATORS["largest_fit"].reads
    scope = Scope(facts, {}, reads)
    try:
        model = model_of(scope)
        setup = setup_of(scope, model)
        budget = scope.number("machine.train_vram_gib") * GIB / memory_factor(scope)
        gpu, capability = gpu_named(scope, "machine.train_gpu"), scope.get(CAPABILITY)
    except NotKnown:
        return None
    kind = float(capability) if isinstance(capability, (int, float)) else None
    estimate = largest.estimator(model, gpu.architecture if gpu else None, kind)
    change = largest.cheapest(estimate, setup, budget)
    return None if change is None else Lever(change.words, change.slots, change.cost, setup)


CAPABILITY = "machine.train_capability"
