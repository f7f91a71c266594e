"""Near duplicates: recall, precision and speed against exact Jaccard, beside datasketch and rensa.

python benchmarks/near.py [--rows 50000]

Rows are made from words by Zipf's law; some are edited copies of others, from one word changed to
half of them. A copy is true where the runs of five tokens of the two have a Jaccard index of 0.8.
Peers are given the same runs; those that are not installed are left out and said to be.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from importlib import import_module

JACCARD = 0.8
RUN_TOKENS = 5
COPIES = 0.3
PERMUTATIONS = 128

Found = dict[int, int]
"""Rows that were called nearly equal to an earlier one, and which."""


def made(rows: int, seed: int = 0) -> tuple[list[list[str]], dict[int, int]]:
    """Rows of words, and for each edited copy the row it was made from."""
    pick = random.Random(seed)
    words = [f"w{rank}" for rank in range(30_000)]
    texts: list[list[str]] = []
    source: dict[int, int] = {}
    for index in range(rows):
        if texts and pick.random() < COPIES:
            source[index] = pick.randrange(len(texts))
            texts.append(edited(texts[source[index]], words, pick))
        else:
            length = pick.randint(30, 200)
            texts.append([words[int(30_000 ** pick.random()) - 1] for _ in range(length)])
    return texts, source


def edited(row: Sequence[str], words: Sequence[str], pick: random.Random) -> list[str]:
    """A copy with some words changed; most copies have few changes."""
    copy = list(row)
    for _ in range(max(1, int(len(row) * 0.12 * pick.random() ** 2))):
        copy[pick.randrange(len(copy))] = pick.choice(words)
    return copy


def runs(row: Sequence[str]) -> set[str]:
    """The runs of five words."""
    return {" ".join(row[at : at + RUN_TOKENS]) for at in range(len(row) - RUN_TOKENS + 1)}


def jaccard(one: set[str], two: set[str]) -> float:
    """Shared runs over all runs."""
    return len(one & two) / max(len(one | two), 1)


def ours(texts: Sequence[Sequence[str]]) -> Found:
    """The profiler's own search."""
    from transxlab.facts.profiled.block import Block
    from transxlab.facts.profiled.formats import Example
    from transxlab.facts.profiled.measures.near import Near

    near, block = Near(), Block(0)
    for index, row in enumerate(texts):
        block.add(index, Example("text", "", " ".join(row)))
        if block.full:
            near.update(block)
            block = Block(0)
    near.update(block)
    return dict(near.repeats())


def datasketch(texts: Sequence[Sequence[str]]) -> Found:
    """MinHash of 128 permutations and its LSH at 0.8, checked by the estimate."""
    sketches = import_module("datasketch")
    lsh = sketches.MinHashLSH(threshold=JACCARD, num_perm=PERMUTATIONS)
    held, found = [], {}
    for index, row in enumerate(texts):
        sketch = sketches.MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([run.encode() for run in runs(row)])
        near = [other for other in lsh.query(sketch) if held[other].jaccard(sketch) >= JACCARD]
        if near:
            found[index] = min(near)
        held.append(sketch)
        lsh.insert(index, sketch)
    return found


def rensa(texts: Sequence[Sequence[str]]) -> Found:
    """RMinHash of 128 permutations and its LSH, checked by the estimate."""
    module = import_module("rensa")
    lsh = module.RMinHashLSH(threshold=JACCARD, num_perm=PERMUTATIONS, num_bands=16)
    held, found = [], {}
    for index, row in enumerate(texts):
        sketch = module.RMinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update(list(runs(row)))
        near = [other for other in lsh.query(sketch) if held[other].jaccard(sketch) >= JACCARD]
        if near:
            found[index] = min(near)
        held.append(sketch)
        lsh.insert(index, sketch)
    return found


def scored(
    name: str, search: Callable[[Sequence[Sequence[str]]], Found], rows: int
) -> tuple[float, float] | None:
    """Print one line; recall and precision, None where the package is missing."""
    texts, source = made(rows)
    begin = time.perf_counter()
    try:
        found = search(texts)
    except ImportError as error:
        print(f"{name:24} left out: {error}")
        return None
    seconds = time.perf_counter() - begin
    sets = [runs(row) for row in texts]
    true = {row for row, other in source.items() if jaccard(sets[row], sets[other]) >= JACCARD}
    right = sum(jaccard(sets[row], sets[other]) >= JACCARD for row, other in found.items())
    recall, precision = len(true & set(found)) / len(true), right / max(len(found), 1)
    print(
        f"{name:24} {rows / seconds:9,.0f} rows/s  recall {recall:.3f}  precision {precision:.3f}"
    )
    return recall, precision


def main() -> None:
    """Print a line for each tool, and ours again."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--rows", type=int, default=50_000)
    rows = options.parse_args().rows
    from transxlab.facts.profiled import compiled

    plain = scored("ours, numpy alone", ours, rows)
    compiled.switch(True)
    ours(made(100)[0])
    scored("ours, compiled", ours, rows)
    scored("datasketch", datasketch, rows)
    scored("rensa", rensa, rows)
    assert plain is not None
    print(
        f"all: {rows:,} rows  recall {plain[0]:.3f}  precision {plain[1]:.3f} at Jaccard {JACCARD}"
    )


if __name__ == "__main__":
    main()
