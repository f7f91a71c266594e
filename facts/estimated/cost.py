"""What a run costs, and the disk its checkpoints fill."""

from __future__ import annotations

from transxlab.facts.catalogued.prices import Price, prices_of
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.parameters import total
from transxlab.facts.estimated.setup import Setup
from transxlab.facts.estimated.weights import trained
from transxlab.facts.values import Interval


def cost(hours: Interval, gpus: int, offers: tuple[Price, ...]) -> Interval:
    """US dollars of a run: the low end at the cheapest offer, the high end at the dearest one.

    The expected value takes the cheapest on-demand offer, since a spot machine may be taken away.
    """
    each = [price.usd_per_gpu_hour for price in offers]
    steady = [p.usd_per_gpu_hour for p in offers if p.kind == "on-demand"] or each
    return Interval(
        hours.low * gpus * min(each),
        hours.expected * gpus * min(steady),
        hours.high * gpus * max(each),
    )


def offers(gpu: str, provider: str | None = None) -> tuple[Price, ...]:
    """Dated prices of a GPU, cheapest first; empty where the catalogue has none."""
    return prices_of(gpu, provider)


def checkpoint_bytes(model: Anatomy, setup: Setup, *, only_model: bool) -> float | None:
    """Bytes of one checkpoint: weights in their type, and optimizer state unless left out.

    Adapter runs save the adapters alone. None where what trains is not known.
    """
    count = trained(model, setup)
    if not isinstance(count, int):
        return None
    if setup.adapter:
        return count * (4.0 if only_model else 12.0)
    width = 4.0 if setup.weights == "fp32" else 2.0
    return total(model) * width + (0.0 if only_model else count * 2 * width)
