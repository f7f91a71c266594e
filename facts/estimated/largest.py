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
    process: float
    """High end of the memory after the change, in bytes."""
    saved: float
    """Bytes it saves at the expected value."""


Estimate = Callable[[Setup], "Memory | Gap"]


def estimator(model: Anatomy, architecture: str | None, capability: float | None) -> Estimate:
    """The memory of a setup on one kind of card."""
    return lambda setup: memory(model, setup, architecture=architecture, capability=capability)


def fits(found: Memory | Gap, budget: float) -> bool:
    """Whether a run surely fits: the high end of what the process holds is within the budget."""
    return isinstance(found, Memory) and found.process.high <= budget


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
    best = 0
    for rank in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        if fits(estimate(with_rank(setup, rank)), budget):
            best = rank
    return best


def with_rank(setup: Setup, rank: int) -> Setup:
    """The setup with another rank."""
    adapters = replace(setup.adapters, rank=rank) if setup.adapters else None
    return replace(setup, adapters=adapters)


def levers(setup: Setup) -> list[tuple[str, dict[str, object], str, Setup]]:
    """Changes that save memory, cheapest in speed and quality first: words, slots, cost, setup."""
    base, _ = settled(setup)
    found: list[tuple[str, dict[str, object], str, Setup]] = []
    if base.checkpointing == "none":
        found.append(
            (
                "gradient checkpointing on",
                {"config.gradient_checkpointing": True},
                "about a third more time per step, same result",
                replace(setup, checkpointing="full"),
            )
        )
    if base.attention == "eager":
        found.append(
            (
                "SDPA or FlashAttention instead of eager attention",
                {"config.attention": "sdpa"},
                "none: the same mathematics, faster",
                replace(setup, attention="flash"),
            )
        )
    if base.loss in ("full", "full_shifted", "half"):
        found.append(
            (
                "a fused or chunked loss (Liger)",
                {"config.liger": True},
                "none in quality; the kernel must know the model",
                replace(setup, loss="fused"),
            )
        )
    batch, times = base.micro_batch or 1, base.accumulation or 1
    while batch > 1:
        batch = batch // 2
        more = times * (base.micro_batch or 1) // batch
        found.append(
            (
                f"micro-batch {batch} x {more} accumulation steps instead of "
                f"{base.micro_batch} x {times}",
                {
                    "config.per_device_train_batch_size": batch,
                    "config.gradient_accumulation_steps": more,
                },
                "slower where the GPU was not full, same result",
                replace(setup, micro_batch=batch, accumulation=more),
            )
        )
    if (
        base.method == "full"
        and (base.optimizer or "").startswith("adam")
        and "8bit" not in (base.optimizer or "")
    ):
        found.append(
            (
                "an 8-bit optimizer",
                {"config.optimizer": "adamw_bnb_8bit"},
                "small: optimizer state in 8 bits",
                replace(setup, optimizer="adamw_8bit"),
            )
        )
    if base.method in ("lora", "dora"):
        found.append(
            (
                "QLoRA (4-bit base) instead of LoRA",
                {"config.method": "qlora"},
                "slower by a half or more, and the base loses precision",
                replace(setup, method="qlora", weights="nf4"),
            )
        )
    return found


def shrunk(setup: Setup) -> list[tuple[str, dict[str, object], str, Setup]]:
    """Changes that also change what is learned: shorter sequences and lower ranks."""
    found: list[tuple[str, dict[str, object], str, Setup]] = []
    tokens = setup.tokens or 0
    ranks = [setup.adapters.rank] if setup.adapters else []
    while ranks and ranks[-1] > 8:
        ranks.append(ranks[-1] // 2)
    lengths = [tokens]
    while lengths[-1] > 512:
        lengths.append(lengths[-1] // 2)
    for length in lengths:
        for rank in ranks or [0]:
            if length == tokens and (not ranks or rank == ranks[0]):
                continue
            made = replace(setup, tokens=length)
            words, slots = [], {}
            if length != tokens:
                words.append(f"sequence length {length} instead of {tokens}")
                slots["config.max_seq_length"] = length
            if ranks and rank != ranks[0]:
                made = with_rank(made, rank)
                words.append(f"rank {rank} instead of {ranks[0]}")
                slots["adapter.r"] = rank
            found.append(
                (" and ".join(words), dict(slots), "longer rows are cut, adapters learn less", made)
            )
    return found


def cheapest(estimate: Estimate, setup: Setup, budget: float) -> Change | None:
    """The first change, or chain of changes, after which the run surely fits; None if none does.

    Levers are tried one by one, then all that cost no quality together, then shorter sequences and
    lower ranks, then everything with a 4-bit base. Each answer is re-estimated, never added up.
    """
    now = estimate(setup)
    if not isinstance(now, Memory):
        return None
    single = levers(setup)
    for words, slots, price, made in single:
        found = estimate(made)
        if isinstance(found, Memory) and fits(found, budget):
            return Change(
                words,
                slots,
                price,
                found.process.high,
                now.process.expected - found.process.expected,
            )
    chain, words_all, slots_all = setup, [], {}
    for _ in range(8):
        options = levers(chain)
        if not options:
            break
        words, slots, _, chain = options[0]
        words_all.append(words)
        slots_all.update(slots)
        found = estimate(chain)
        if isinstance(found, Memory) and fits(found, budget):
            return Change(
                ", ".join(words_all),
                dict(slots_all),
                "as the single changes together",
                found.process.high,
                now.process.expected - found.process.expected,
            )
    for start, before in ((setup, ""), (chain, ", ".join(words_all) + ", ")):
        for words, slots, price, made in shrunk(start):
            found = estimate(made)
            if isinstance(found, Memory) and fits(found, budget):
                taken = {} if start is setup else dict(slots_all)
                return Change(
                    before + words,
                    {**taken, **slots},
                    price,
                    found.process.high,
                    now.process.expected - found.process.expected,
                )
    return None
