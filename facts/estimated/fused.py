"""LoRA on experts whose matrices lie in one tensor, as PEFT 0.21 places it under transformers 5.

There a config that names ``gate_proj``, ``up_proj`` and ``down_proj`` means the experts' tensors
and nothing else: dense layers and shared experts of the same names get no adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Gap, Part


@dataclass(frozen=True, slots=True)
class Names:
    """What the modules of an expert were called before they were fused."""

    router: str
    """The matrix that chooses experts."""
    gate: str
    """The first up projection."""
    up: str
    """The second; fused with the first."""
    down: str
    """The projection back."""

    def all(self) -> frozenset[str]:
        """Every name that means experts or their router."""
        return frozenset((self.router, self.gate, self.up, self.down))


@lru_cache(maxsize=1)
def _families() -> dict[str, Names]:
    table = rows("transxlab.facts.estimated", "fused.csv")
    return {r["model_type"]: Names(r["router"], r["gate"], r["up"], r["down"]) for r in table}


def fused(model: Anatomy) -> Names | None:
    """The names that mean fused experts in this model; None where names mean what they say."""
    if not any(part.kind == "experts" for part in model.parts):
        return None
    return _families().get(model.model_type)


def experts_lora(model: Anatomy, targets: frozenset[str], rank: int) -> int | Gap:
    """Parameters of the adapters on experts and router that the targets mean.

    The fused gate and up projection of each of E experts gets twice the rank: E 2r (h + 2f); the
    down projection E r (f + h); the router r (h + E).
    """
    names = fused(model)
    if names is None:
        return 0
    hit = {name for name in names.all() for t in targets if t == name or t.endswith(f".{name}")}
    if len(hit & {names.gate, names.up}) == 1:
        reason = f"PEFT adapts {names.gate} and {names.up} of experts together or not at all"
        return Gap(reason, ("adapter.target_modules",))
    router = _one(model, "router")
    gate, down = _one(model, "experts", "gate_proj"), _one(model, "experts", "down_proj")
    count = 0
    if names.gate in hit:
        count += gate.copies * 2 * rank * (gate.inputs + 2 * gate.outputs)
    if names.down in hit:
        count += down.copies * rank * (down.inputs + down.outputs)
    if names.router in hit:
        count += router.copies * rank * (router.inputs + router.outputs)
    return count


def _one(model: Anatomy, kind: str, last: str = "") -> Part:
    return next(p for p in model.parts if p.kind == kind and p.path.endswith(last))
