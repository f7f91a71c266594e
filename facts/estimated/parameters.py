"""How many parameters a model has, how many one token uses, and how many train. Exact counts."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Gap, Part
from transxlab.facts.estimated.fused import experts_lora, fused

HEADS = ("lm_head", "score", "classifier")
"""Output layers: ``all-linear`` leaves them out."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """Low-rank adapters, in the terms of PEFT."""

    rank: int
    """Rank of every adapter."""
    targets: tuple[str, ...] = ()
    """Modules that get one, by the end of their path; empty: the family's default in PEFT."""
    all_linear: bool = False
    """Whether every linear layer but the head gets one."""
    excluded: tuple[str, ...] = ()
    """Modules that get none although they match."""
    saved: tuple[str, ...] = ()
    """Modules that are copied and trained whole (``modules_to_save``)."""
    dora: bool = False
    """Whether each adapted matrix also trains a magnitude per output (DoRA)."""
    bias: str = "none"
    """Which biases train: ``none``, ``all`` or ``lora_only``."""
    dropout: float = 0.0
    """Dropout on the input of the adapters, 0 to 1."""
    layers: int | None = None
    """Number of layers that get adapters; None: all."""


def total(model: Anatomy) -> int:
    """All parameters, tied weights once."""
    return sum(part.total for part in model.parts)


def active(model: Anatomy) -> int:
    """Parameters one token passes through; below the total only with experts."""
    return sum(part.used for part in model.parts)


@lru_cache(maxsize=1)
def default_targets() -> dict[str, tuple[str, ...]]:
    """Modules that PEFT adapts when none are named, by ``model_type``."""
    found = rows("transxlab.facts.estimated", "targets.csv")
    return {row["model_type"]: tuple(row["modules"].split()) for row in found}


def named(part: Part, names: tuple[str, ...]) -> bool:
    """Whether a module's path ends in one of the names; ``*`` stands for anything."""
    path = part.path
    return any(
        path == n or path.endswith("." + n) or fnmatch.fnmatch(path, n) or patterned(path, n)
        for n in names
    )


REGEX = re.compile(r"[\\()\[\]|^$+]|\.\*")
"""What shows that a target is a pattern: PEFT matches one text with ``re.fullmatch``."""
NESTED = re.compile(r"[+*}]\)*[+*{]")
"""Repetitions of repetitions, which can take longer than anybody waits: they are not tried."""
STEMS = ("", "model.", "language_model.model.", "model.language_model.", "transformer.")
"""What stands before ``layers`` in the classes of transformers; here paths begin with it."""


def patterned(path: str, target: str) -> bool:
    """Whether a target that is a pattern means a module, its first layer standing for all."""
    if len(target) > LONGEST or NESTED.search(target) or not REGEX.search(target):
        return False
    try:
        pattern = re.compile(target)
    except re.error:
        return False
    first = path.replace(".N.", ".0.")
    return any(pattern.fullmatch(stem + first) for stem in STEMS)


LONGEST = 400
"""Characters of the longest pattern that is tried."""


def meant(model: Anatomy, adapters: Adapters) -> frozenset[str] | Gap:
    """The modules that adapters are put on, by name; a Gap where PEFT would not know any."""
    names = adapters.targets
    if adapters.all_linear or names == ("all-linear",):
        linear = {p.path.rpartition(".")[2] for p in model.parts if _any_linear(p)}
        experts = fused(model)
        return frozenset(linear | (experts.all() if experts else frozenset()))
    names = names or default_targets().get(model.model_type, ())
    if names:
        return frozenset(names)
    reason = f"PEFT has no default target modules for {model.model_type}"
    return Gap(reason, ("adapter.target_modules",))


def _any_linear(part: Part) -> bool:
    return part.kind == "linear" and part.path not in HEADS


def adapted(model: Anatomy, adapters: Adapters) -> tuple[Part, ...] | Gap:
    """The matrices but for experts that get an adapter; a Gap where the names do not settle it."""
    names = meant(model, adapters)
    if isinstance(names, Gap):
        return names
    everything = adapters.all_linear or adapters.targets == ("all-linear",)
    experts = fused(model)
    if experts is not None:
        names = frozenset(n for n in names if n.rpartition(".")[2] not in experts.all())
    chosen = []
    for part in model.parts:
        if named(part, adapters.excluded) or part.kind in ("norm", "vector", "router"):
            continue
        if everything and not _any_linear(part):
            continue
        if named(part, tuple(names)):
            chosen.append(part)
    if any(part.kind == "experts" for part in chosen):
        reason = "whether adapters can wrap experts depends on the version of transformers"
        return Gap(reason, ("estimate.trainable_params",))
    if not chosen and experts is None:
        near = sorted({p.path.rpartition(".")[2] for p in model.parts if p.kind == "linear"})
        return Gap(
            f"no module is named {', '.join(sorted(names))}; this model has {', '.join(near)}",
            ("adapter.target_modules",),
        )
    return tuple(chosen)


def share_of_layers(model: Anatomy, part: Part, layers: int | None) -> int:
    """How many copies of a part lie in the layers that are meant."""
    if layers is None or ".N." not in part.path:
        return part.copies
    return part.copies * min(layers, model.layers) // model.layers


def adapter_size(part: Part, rank: int, *, dora: bool) -> int:
    """Parameters one adapter adds to one matrix: r (in + out) (Hu 2021), and DoRA's magnitudes."""
    return rank * (part.inputs + part.outputs) + (part.outputs if dora else 0)


def lora(model: Anatomy, adapters: Adapters) -> int | Gap:
    """Parameters that adapters train, whole saved modules and biases included."""
    parts = adapted(model, adapters)
    if isinstance(parts, Gap):
        return parts
    count = 0
    for part in parts:
        copies = share_of_layers(model, part, adapters.layers)
        count += copies * adapter_size(part, adapters.rank, dora=adapters.dora)
        count += copies * part.bias if adapters.bias == "lora_only" else 0
    inside = _experts(model, adapters)
    if isinstance(inside, Gap):
        return inside
    count += inside
    if adapters.bias == "all":
        count += sum(p.bias * p.copies for p in model.parts if p.kind == "linear")
    return count + saved_whole(model, adapters)


def _experts(model: Anatomy, adapters: Adapters) -> int | Gap:
    names = meant(model, adapters)
    if isinstance(names, Gap) or fused(model) is None:
        return 0
    count = experts_lora(model, names, adapters.rank)
    if count and adapters.dora:
        return Gap("PEFT has no DoRA for fused experts", ("config.method",))
    return count


def saved_whole(model: Anatomy, adapters: Adapters) -> int:
    """Parameters of the modules trained whole beside the adapters; tied ones are copied each."""
    heads = () if model.head else ("score", "classifier", "classification_head.dense")
    names = (*adapters.saved, *heads)
    return sum(p.size * p.copies for p in model.parts if named(p, names))


LAYERS = re.compile(r"layers?\.(\d+)(?:-(\d+))?")


def frozen(model: Anatomy, parts: tuple[str, ...], top_layers: int | None = None) -> int | Gap:
    """Parameters that train when parts are frozen or only the top layers train.

    ``parts`` names what is frozen: ``embeddings``, ``head``, ``layers.0-11`` or the end of a
    module's path. ``top_layers`` trains the last layers of the stack and nothing else.
    """
    inside = sum(p.total for p in model.parts if ".N." in p.path)
    if top_layers is not None:
        return inside * min(top_layers, model.layers) // model.layers
    held: set[str] = set()
    some_layers = 0
    for name in parts:
        span = LAYERS.fullmatch(name)
        if span:
            some_layers += int(span[2] or span[1]) - int(span[1]) + 1
            continue
        hit = {p.path for p in model.parts if _is_part(p, name)}
        if not hit:
            return Gap(f"no part of the model is named {name}", ("config.frozen_parts",))
        held |= hit
    left = sum(p.total for p in model.parts if p.path not in held)
    return left - inside * min(some_layers, model.layers) // model.layers


def _is_part(part: Part, name: str) -> bool:
    if name in ("embeddings", "embedding", "embed"):
        return part.kind == "embedding"
    if name in ("head", "lm_head"):
        return part.path in HEADS
    return named(part, (name,)) or part.path.split(".")[0] == name
