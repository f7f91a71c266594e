"""``estimate --simulate``: the memory of two simulated steps beside the analytic figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transxlab.cli.failures import Unusable
from transxlab.cli.render import console
from transxlab.cli.render.words import number
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.memory import Memory
from transxlab.facts.situation import Facts

if TYPE_CHECKING:
    from transxlab.facts.measured.simulated import Simulated

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the simulation of a run found, or why there is none."""

    found: Simulated | None
    """Its memory; None where it could not be run."""
    why: str
    """Why it could not; empty where it could."""


def simulation(facts: Facts, model_config: str | None) -> Simulation:
    """Simulate the run that the facts describe; Unusable where the extra is not installed."""
    from transxlab.cli.render.progress import counter
    from transxlab.facts.calculator import NotKnown, Scope
    from transxlab.facts.estimated.calculators import CALCULATORS
    from transxlab.facts.estimated.reading import gpu_named, text
    from transxlab.facts.estimated.running import setup_of
    from transxlab.facts.measured.simulated import PHASES, STEPS, simulate
    from transxlab.facts.measured.torched import CannotSimulate, missing, package

    if missing():
        try:
            package("torch")
        except CannotSimulate as problem:
            raise Unusable(f"--simulate: {problem}") from None
    scope = Scope(facts, {}, CALCULATORS["run_memory"].reads)
    try:
        setup = setup_of(scope, _anatomy(scope))
        gpu = gpu_named(scope, "machine.train_gpu")
        with counter("simulating", STEPS * PHASES) as draw:
            found = simulate(
                described(scope, model_config),
                setup,
                stage=text(scope, "config.stage"),
                hopper=bool(gpu and gpu.architecture == "hopper"),
                progress=lambda done, _: draw(done),
            )
    except NotKnown as unknown:
        return Simulation(None, f"{', '.join(unknown.needs)} is not known")
    except CannotSimulate as problem:
        return Simulation(None, str(problem))
    return Simulation(found, "")


def _anatomy(scope: Any) -> Anatomy:
    """The run's model; an empty one where only its class knows it, which the simulation runs."""
    from transxlab.facts.calculator import NotKnown
    from transxlab.facts.estimated.reading import model_of

    try:
        return model_of(scope)
    except NotKnown:
        return Anatomy("", 0, (), ())


def described(scope: Any, model_config: str | None) -> Mapping[str, Any]:
    """The model's config: the file that was given, the catalogue's, or what the slots say."""
    from transxlab.facts.catalogued.configs import load
    from transxlab.facts.catalogued.models import find_model
    from transxlab.facts.estimated.anatomy import Gap
    from transxlab.facts.estimated.reading import config_of, text
    from transxlab.facts.estimated.scratch import HALVES, config_of_spec

    if model_config is not None:
        given = load(model_config)
        built = config_of_spec(given) if given["model_type"] in HALVES else given
        return given if isinstance(built, Gap) else built
    name, kind = text(scope, "model.name"), text(scope, "model.model_type")
    card = find_model(name) if name else None
    if card is not None:
        return card.config()
    return config_of(scope, kind or "")


def gap(found: Simulated, memory: Memory | None) -> float | None:
    """By how much the analytic figure lies above the simulated one, as a share of it."""
    return None if memory is None else memory.allocated.expected / found.allocated - 1


def lines(done: Simulation, memory: Memory | None) -> Iterator[str]:
    """The simulation in the terminal, under the analytic estimate."""
    found = done.found
    if found is None:
        yield from console.field("simulated", f"not possible: {done.why}")
        return
    text = f"torch allocates {_gib(found.allocated)}, reserves {_gib(found.reserved)} GiB"
    apart = gap(found, memory)
    if apart is not None:
        side = "above" if apart >= 0 else "below"
        text += f"; the analytic figure lies {abs(apart):.1%} {side}"
    yield from console.field("simulated", text)
    parts = sorted(found.components.items(), key=lambda part: -part[1])
    said = ", ".join(f"{name} {_gib(size)}" for name, size in parts if size >= GIB / 100)
    yield from console.field("", f"{said} GiB; worst moment: {found.moment}")


def _gib(size: int) -> str:
    return number(float(f"{size / GIB:.4g}"))


def as_plain(done: Simulation, memory: Memory | None) -> dict[str, Any]:
    """The simulation as the output contract has it: memory in bytes."""
    found = done.found
    if found is None:
        return {"allocated": None, "why": done.why}
    return {
        "allocated": found.allocated,
        "reserved": found.reserved,
        "peak_moment": found.moment,
        "components": found.components,
        "static": found.static,
        "parameters": {"total": found.total, "trainable": found.trained},
        "analytic_gap": gap(found, memory),
        "basis": list(found.basis),
    }
