"""What a config cannot say, given beside it on the command line or in the answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from transxlab.facts.asked import words
from transxlab.facts.catalogued.gpus import find_gpu, nearest_gpus
from transxlab.facts.estimated.anatomy import Gap
from transxlab.facts.estimated.describe import describe_config, describe_gpu
from transxlab.facts.origin import Origin, given
from transxlab.facts.situation import Facts
from transxlab.facts.values import Value
from transxlab.facts.vocabulary.template import Slot


@dataclass(frozen=True, slots=True)
class Problem:
    """Something given that could not be used."""

    message: str
    """One sentence: what, what was expected, the nearest name."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Everything that can be given beside a config."""

    gpu: str | None = None
    """Name of the training GPU."""
    vram_gib: float | None = None
    """Memory of a training GPU, in GiB; beats the catalogue's."""
    gpus: int | None = None
    """Number of training GPUs; none: one."""
    serve_gpu: str | None = None
    """Name of the GPU the finished model runs on."""
    local: bool = False
    """Whether the machine is the owner's."""
    model_config: str | None = None
    """Path of the model's ``config.json``."""
    rows: int | None = None
    """Training rows of the run."""
    task: str | None = None
    """The task in free words."""
    facts: tuple[str, ...] = ()
    """Any other fact, each ``SLOT=VALUE``."""


def beside(options: Beside, facts: Facts) -> list[Problem]:
    """Put everything given into the facts; returns what could not be used."""
    problems: list[Problem] = []
    if options.gpu is not None or options.vram_gib is not None:
        problems += training_gpus(facts, options)
    if options.serve_gpu is not None:
        problems += _serving_gpu(facts, options.serve_gpu)
    if options.local:
        facts.set("machine.is_local", True, given("--local"))
    if options.rows is not None:
        facts.set("run.rows", options.rows, given("--rows"))
    if options.task is not None:
        problems += task(facts, options.task, given("--task"))
    if options.model_config is not None:
        problems += _model_config(facts, options.model_config)
    for text in options.facts:
        problems += _fact(facts, text)
    return problems


def training_gpus(facts: Facts, options: Beside) -> list[Problem]:
    """One fact per training GPU; eight equal ones are eight facts."""
    name = options.gpu or f"GPU with {options.vram_gib:g} GiB"
    slots: dict[str, Value] = {"name": name}
    if options.gpu is not None:
        found = find_gpu(options.gpu)
        if found is None:
            return [_unknown("--gpu", options.gpu)]
        slots = describe_gpu(found)
    if options.vram_gib is not None:
        slots["memory_gib"] = options.vram_gib
    origin = given("--gpu" if options.gpu is not None else "--vram")
    for _ in range(options.gpus or 1):
        fact = facts.new("gpu", name)
        facts.put(fact, "role", "train", origin)
        for slot, value in slots.items():
            facts.put(fact, slot, value, origin)
    facts.mark_complete("gpu", "train")
    return []


def _serving_gpu(facts: Facts, name: str) -> list[Problem]:
    found = find_gpu(name)
    if found is None:
        return [_unknown("--serve-gpu", name)]
    fact = facts.new("gpu", f"{name} (serving)")
    facts.put(fact, "role", "serve", given("--serve-gpu"))
    for slot, value in describe_gpu(found).items():
        facts.put(fact, slot, value, given("--serve-gpu"))
    facts.mark_complete("gpu", "serve")
    return []


def _unknown(option: str, name: str) -> Problem:
    near = ", ".join(nearest_gpus(name)) or "none is like it; use --vram GIB"
    return Problem(f"{option}: no GPU {name!r} in the catalogue; nearest: {near}")


def task(facts: Facts, text: str, origin: Origin) -> list[Problem]:
    """The task in free words; slots that are known already stay."""
    slots = words.slots_of(text)
    if slots is None:
        return [Problem(f"{origin}: {words.misunderstood(text)}")]
    known = facts.one("task").slots
    for slot, value in slots.items():
        if slot == "kind" or slot not in known:
            facts.set(f"task.{slot}", value, origin)
    return []


def _model_config(facts: Facts, file: str) -> list[Problem]:
    try:
        config = json.loads(Path(file).read_bytes())
    except OSError as error:
        return [Problem(f"{file}: cannot be read ({error.strerror})")]
    except ValueError as error:
        return [Problem(f"{file}: is not JSON ({error})")]
    if not isinstance(config, dict) or "model_type" not in config:
        return [Problem(f"{file}: is no model's config.json: model_type is missing")]
    slots = describe_config(config)
    if isinstance(slots, Gap):
        return [Problem(f"{file}: {slots.reason}")]
    for slot, value in slots.items():
        facts.set(f"model.{slot}", value, given(file))
    return []


def _fact(facts: Facts, text: str) -> list[Problem]:
    path, equals, raw = text.partition("=")
    if not equals:
        return [Problem(f"--fact {text!r}: expected SLOT=VALUE, as in model.params=7e9")]
    try:
        owner, _, name = facts.vocabulary.parse(path.strip())
        slot = owner[name]
        facts.set(path.strip(), typed(raw.strip(), slot), given("--fact"))
        if owner.several and owner.role is None:
            facts.mark_complete(owner.name)
    except (KeyError, ValueError) as error:
        return [Problem(f"--fact {text!r}: {error.args[0]}")]
    return []


def typed(raw: str, slot: Slot) -> object:
    """The text of a value in the type its slot takes; ValueError where it is not of that type."""
    if raw.lower() == "none":
        return None
    if slot.type == "number":
        try:
            number = float(raw.replace(",", "").replace("_", ""))
        except ValueError:
            raise ValueError(f"{slot.path} takes a number, got {raw!r}") from None
        return int(number) if number == int(number) and "." not in raw else number
    if slot.type == "truth":
        if raw.lower() not in ("true", "false"):
            raise ValueError(f"{slot.path} takes true or false, got {raw!r}")
        return raw.lower() == "true"
    if slot.type == "list":
        return [item.strip() for item in raw.strip("[]").split(",") if item.strip()]
    if slot.type == "interval":
        try:
            return [float(part) for part in raw.strip("[]").split(",")]
        except ValueError:
            raise ValueError(f"{slot.path} takes low,high, got {raw!r}") from None
    return raw
