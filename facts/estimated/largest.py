"""The largest batch, length and rank that fit, and the cheapest change that makes a run fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from transxlab.facts.estimated.anatomy import Anatomy, Gap
from transxlab.facts.estimated.memory import Memory, memory
from transxlab.facts.estimated.setup import Setup, settled

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a setup, and what it does."""

    words: str
    """What to change, in words: ``micro-batch 1 instead of 4``."""
    slots: dict[str, object]
    """The same as values of slots."""
    cost: str
    """What it costs in speed or quality, in words."""
    needed: float
    """High end of the memory needed after the change, in bytes."""
    saved: float
    """Bytes it saves at the expected value."""


@dataclass(frozen=True, slots=True)
class Lever:
    """A change that may be tried."""

    words: str
    """What to change, in words."""
    slots: dict[str, object]
    """The same as values of slots."""
    cost: str
    """What it costs in speed or quality, in words."""
    setup: Setup
    """The setup after the change."""


Estimate = Callable[[Setup], "Memory | Gap"]


def estimator(model: Anatomy, architecture: str | None, capability: float | None) -> Estimate:
    """The memory of a setup on one kind of card."""
    return lambda setup: memory(model, setup, architecture=architecture, capability=capability)


def fits(found: Memory | Gap, budget: float) -> bool:
    """Whether a run surely fits: the high end of what it needs is within the budget."""
    return isinstance(found, Memory) and found.needed.high <= budget


def largest(
    estimate: Estimate, change: Callable[[int], Setup], budget: float, top: int, step: int = 1
) -> int:
    """The largest multiple of ``step`` up to ``top`` whose setup surely fits; 0 where none does.

    Memory grows with batch, length and rank, so bisection by re-estimating finds it.
    """
    low, high = 0, max(top // step, 1)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(estimate(change(middle * step)), budget):
            low = middle
        else:
            high = middle - 1
    return low * step


def largest_micro_batch(estimate: Estimate, setup: Setup, budget: float) -> int:
    """Sequences per GPU that surely fit, up to 1024."""
    return largest(estimate, lambda n: replace(setup, micro_batch=n), budget, 1024)


def largest_length(estimate: Estimate, setup: Setup, budget: float, reach: int = 131072) -> int:
    """Tokens per sequence that surely fit, in steps of 64, up to the model's reach."""
    return largest(estimate, lambda n: replace(setup, tokens=n), budget, reach, 64)


def largest_rank(estimate: Estimate, setup: Setup, budget: float) -> int:
    """Rank that surely fits, in powers of two up to 512; 0 without adapters or where none does."""
    if setup.adapters is None:
        return 0
    power = largest(estimate, lambda n: with_rank(setup, 2 ** (n - 1)), budget, 10)
    return 2 ** (power - 1) if power else 0


def with_rank(setup: Setup, rank: int) -> Setup:
    """The setup with another rank."""
    adapters = replace(setup.adapters, rank=rank) if setup.adapters else None
    return replace(setup, adapters=adapters)


def levers(setup: Setup) -> list[Lever]:
    """Changes that save memory and leave what is learned alone, cheapest in speed first."""
    base, _ = settled(setup)
    found = [lever for applies, lever in switches(setup, base) if applies]
    batch, times = base.micro_batch or 1, base.accumulation or 1
    while batch > 1:
        batch = batch // 2
        more = times * (base.micro_batch or 1) // batch
        words = f"micro-batch {batch} x {more} accumulation steps"
        words += f" instead of {base.micro_batch} x {times}"
        slots: dict[str, object] = {
            "config.per_device_train_batch_size": batch,
            "config.gradient_accumulation_steps": more,
        }
        made = replace(setup, micro_batch=batch, accumulation=more)
        found.append(Lever(words, slots, "slower where the GPU was not full, same result", made))
    found += [lever for applies, lever in trades(setup, base) if applies]
    return found


def switches(setup: Setup, base: Setup) -> list[tuple[bool, Lever]]:
    """Switches that cost no quality, each with whether it is still to be thrown."""
    return [
        (
            base.checkpointing == "none",
            Lever(
                "gradient checkpointing on",
                {"config.gradient_checkpointing": True},
                "about a third more time per step, same result",
                replace(setup, checkpointing="full"),
            ),
        ),
        (
            base.attention == "eager",
            Lever(
                "SDPA or FlashAttention instead of eager attention",
                {"config.attention": "sdpa"},
                "none: the same mathematics, faster",
                replace(setup, attention="flash"),
            ),
        ),
        (
            base.loss in ("full", "full_shifted", "full_transposed", "half"),
            Lever(
                "a fused or chunked loss (Liger)",
                {"config.liger": True},
                "none in quality; the kernel must know the model",
                replace(setup, loss="fused"),
            ),
        ),
    ]


def trades(setup: Setup, base: Setup) -> list[tuple[bool, Lever]]:
    """Changes that cost some precision, each with whether it applies."""
    name = base.optimizer or ""
    return [
        (
            base.method == "full" and name.startswith("adam") and "8bit" not in name,
            Lever(
                "an 8-bit optimizer",
                {"config.optimizer": "adamw_bnb_8bit"},
                "small: optimizer state in 8 bits",
                replace(setup, optimizer="adamw_8bit"),
            ),
        ),
        (
            base.method in ("lora", "dora") and not base.quantized,
            Lever(
                "QLoRA (4-bit base) instead of LoRA",
                {"config.method": "qlora"},
                "slower by a half or more, and the base loses precision",
                replace(setup, method="qlora", weights="nf4"),
            ),
        ),
    ]


def shrunk(setup: Setup) -> list[Lever]:
    """Changes that also change what is learned: shorter sequences and lower ranks."""
    tokens, found = setup.tokens or 0, []
    ranks = [setup.adapters.rank] if setup.adapters else [0]
    while ranks[-1] > 8:
        ranks.append(ranks[-1] // 2)
    lengths = [tokens]
    while lengths[-1] > 512:
        lengths.append(lengths[-1] // 2)
    for length in lengths:
        for rank in ranks:
            words, slots = [], {}
            if length != tokens:
                words.append(f"sequence length {length} instead of {tokens}")
                slots["config.max_seq_length"] = length
            if rank != ranks[0]:
                words.append(f"rank {rank} instead of {ranks[0]}")
                slots["adapter.r"] = rank
            if words:
                made = with_rank(replace(setup, tokens=length), rank)
                costs = "longer rows are cut, adapters learn less"
                found.append(Lever(" and ".join(words), dict(slots), costs, made))
    return found


def chained(setup: Setup) -> list[Lever]:
    """The levers one on top of the other, each entry with all before it."""
    found: list[Lever] = []
    words: list[str] = []
    slots: dict[str, object] = {}
    for _ in range(8):
        options = levers(setup)
        if not options:
            break
        words.append(options[0].words)
        slots.update(options[0].slots)
        setup = options[0].setup
        found.append(Lever(", ".join(words), dict(slots), "as the single changes together", setup))
    return found


def cheapest(estimate: Estimate, setup: Setup, budget: float) -> Change | None:
    """The first change, or chain of changes, after which the run surely fits; None if none does.

    Levers are tried one by one, then one on top of the other, then shorter sequences and lower
    ranks, then these on top of all levers. Each answer is re-estimated, never added up.
    """
    now, chain = estimate(setup), chained(setup)
    if not isinstance(now, Memory):
        return None
    tries = [*levers(setup), *chain, *shrunk(setup)]
    if chain:
        last = chain[-1]
        tries += [
            Lever(
                f"{last.words}, {more.words}", {**last.slots, **more.slots}, more.cost, more.setup
            )
            for more in shrunk(last.setup)
        ]
    for lever in tries:
        found = estimate(lever.setup)
        if isinstance(found, Memory) and fits(found, budget):
            saved = now.needed.expected - found.needed.expected
            return Change(lever.words, lever.slots, lever.cost, found.needed.high, saved)
    return None
