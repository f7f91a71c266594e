"""What an hour of an accelerator costs, by provider and date."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from transxlab.facts.catalogued.gpus import find_gpu
from transxlab.facts.catalogued.table import rows

HERE = "transxlab.facts.catalogued"


@dataclass(frozen=True, slots=True)
class Price:
    """One offer."""

    gpu: str
    """Catalogue name of the accelerator."""
    provider: str
    """Who rents it out."""
    kind: str
    """``on-demand`` or ``spot`` (may be taken away)."""
    usd_per_gpu_hour: float
    """US dollars for one accelerator for one hour."""
    date: str
    """When the price was read, as year and month."""
    source: str
    """Where it was read."""


@lru_cache(maxsize=1)
def prices() -> tuple[Price, ...]:
    """Every price of the catalogue, in the order of the file."""
    return tuple(
        Price(
            r["gpu"], r["provider"], r["kind"], float(r["usd_per_gpu_hour"]), r["date"], r["source"]
        )
        for r in rows(HERE, "prices.csv")
    )


def prices_of(gpu: str, provider: str | None = None) -> tuple[Price, ...]:
    """The prices of an accelerator, of one provider or of all, the cheapest first."""
    card = find_gpu(gpu)
    name = card.name if card else gpu
    found = [p for p in prices() if p.gpu == name]
    if provider is not None:
        found = [p for p in found if p.provider.lower() == provider.lower()]
    return tuple(sorted(found, key=lambda p: p.usd_per_gpu_hour))
