"""How rows share sequences, and how much of a batch is padding: from lengths alone."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

MOST_LENGTHS = 20_000
"""Lengths that are packed at most; of more, as many at equal distances in order of length."""


def bins(lengths: Sequence[int], limit: int) -> list[list[int]]:
    """Which rows share a sequence, by their number; best fit, longest first.

    TRL (bfd) and LLaMA-Factory (greedy knapsack) pack so over all rows; axolotl packs first-fit
    within groups of rows. Rows longer than the limit stand for as much of them as fits.
    """
    made: list[list[int]] = []
    # Free tokens and number of each sequence that has room left, in order.
    room: list[tuple[int, int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        length = min(lengths[row], limit)
        at = bisect_left(room, (length, -1))
        if at == len(room):
            made.append([row])
            free, number = limit - length, len(made) - 1
        else:
            free, number = room.pop(at)
            made[number].append(row)
            free -= length
        if free:
            insort(room, (free, number))
    return made


def efficiency(counted: Iterable[tuple[int, int]], limit: int) -> float | None:
    """Share of packed sequences that holds tokens; from (length, rows), None for no tokens."""
    lengths = _spread(counted)
    lengths = [min(length, limit) for length in lengths if length]
    if not lengths:
        return None
    return sum(lengths) / (len(bins(lengths, limit)) * limit)


def _spread(counted: Iterable[tuple[int, int]]) -> list[int]:
    ordered = sorted(counted)
    total = sum(rows for _, rows in ordered)
    step = max(1.0, total / MOST_LENGTHS)
    picked, at, wanted = [], 0, step / 2
    for length, rows in ordered:
        at += rows
        while wanted < at:
            picked.append(length)
            wanted += step
    return picked


def padding(counted: Iterable[tuple[int, int]], batch: int) -> float | None:
    """Expected share of padding where ``batch`` random rows are padded to the longest of them.

    From (length, rows); None for no tokens. The expected longest of b rows is the sum over lengths
    of the chance that not all of them are shorter.
    """
    ordered = sorted((length, rows) for length, rows in counted if length)
    total = sum(rows for _, rows in ordered)
    if not total:
        return None
    mean = sum(length * rows for length, rows in ordered) / total
    longest, before, below = 0.0, 0, 0
    for length, rows in ordered:
        longest += (length - before) * (1 - (below / total) ** batch)
        before, below = length, below + rows
    return 1 - mean / longest
