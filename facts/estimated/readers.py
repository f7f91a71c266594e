"""Which matrices of a layer read the same input, and how many of them carry adapters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Part, Stack
from transxlab.facts.estimated.fused import fused
from transxlab.facts.estimated.parameters import Adapters, adapted, meant


@dataclass(frozen=True, slots=True)
class Readers:
    """How many linear layers read each input of a layer."""

    queries: int
    """Those that read the input of attention: queries, keys and values, fused ones as one."""
    out: int
    """Output projections."""
    up: int
    """Those that read the input of the feed-forward part: gate and up."""
    down: int
    """Down projections."""


def readers(
    model: Anatomy, stack: Stack, adapters: Adapters | None, *, fused: bool = False
) -> Readers:
    """How many adapters read each input of a layer; ``fused`` ones of q, k and v share one.

    Adapters of attention to the encoder are ``crossing``'s.
    """
    roles = [role(part) for part in wrapped(model, stack, adapters)]
    queries, up = roles.count("queries"), roles.count("up")
    return Readers(
        queries=min(queries, 1) if fused else queries,
        out=roles.count("out"),
        up=(2 if stack.gated and up else up) if fused else up,
        down=roles.count("down"),
    )


def crossing(model: Anatomy, stack: Stack, adapters: Adapters | None) -> int:
    """How many matrices of a layer's attention to the encoder carry adapters, 0 to 4."""
    return sum(1 for p in wrapped(model, stack, adapters) if role(p) == "cross")


def on_experts(model: Anatomy, adapters: Adapters | None) -> bool:
    """Whether adapters are put on fused experts."""
    names = fused(model)
    if names is None or adapters is None:
        return False
    asked = meant(model, adapters)
    held = asked if isinstance(asked, frozenset) else frozenset()
    return bool({names.gate, names.up, names.down} & {n.rpartition(".")[2] for n in held})


def linears(model: Anatomy, stack: Stack) -> Readers:
    """How many matrices read each input of a layer, adapted or not."""
    roles = [role(p) for p in model.parts if p.kind == "linear" and _inside(p, stack)]
    ups = roles.count("up") or (2 if stack.gated else 1)  # experts are no linear parts
    return Readers(roles.count("queries"), roles.count("out"), ups, roles.count("down") or 1)


def wrapped(model: Anatomy, stack: Stack, adapters: Adapters | None) -> tuple[Part, ...]:
    """The matrices of a stack's layers that carry an adapter."""
    parts = adapted(model, adapters) if adapters else ()
    return tuple(p for p in parts if _inside(p, stack)) if isinstance(parts, tuple) else ()


def _inside(part: Part, stack: Stack) -> bool:
    """Whether a matrix lies in the layers of this stack."""
    if ".N." not in part.path:
        return False
    if part.path.startswith("encoder."):
        return stack.side == "encoder"
    if part.path.startswith("decoder."):
        return stack.side == "decoder"
    return True


@lru_cache(maxsize=1)
def _names() -> dict[str, frozenset[str]]:
    table = rows("transxlab.facts.estimated", "roles.csv")
    return {r["role"]: frozenset(r["names"].split()) for r in table}


def role(part: Part) -> str:
    """What a matrix of a layer is for: ``queries``, ``out``, ``cross``, ``up`` or ``down``.

    A matrix of the feed-forward part is told by its shape: the way down is the narrowing one.
    """
    words, names = part.path.split("."), _names()
    if names["cross"].intersection(words):
        return "cross"
    plain = words[-2:] == ["output", "dense"] and "attention" not in words
    if plain or names["feedforward"].intersection(words):
        return "down" if part.inputs > part.outputs else "up"
    return "out" if words[-1] in names["out"] else "queries"
