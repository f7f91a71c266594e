"""Compares the two engines on random rulebooks, and times a consultation of a large one.

    python benchmarks/engines.py 100000 [--jobs 2] [--seed 0]

Every rulebook is consulted on both engines, designing and auditing; the fingerprints of the cases
(firings with bindings and supports, what was not judged, derivations, decisions, candidates,
findings) must be equal. The exit status is 1 where one differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from rulebooks import CALCULATORS, Dealer
from transxlab.engine.consult import ENGINES, consult
from transxlab.engine.memory import fingerprint

SIZES = (8, 12, 12, 12, 12, 12, 12, 12, 12, 50)
"""Rules in a rulebook, by the last digit of its seed."""
CHUNK = 250


def compare(seed: int) -> tuple[int, list[str]]:
    """Firings of one random rulebook, and a line for every consultation that differs."""
    dealer = Dealer(seed)
    book, facts = dealer.book(SIZES[seed % 10]), dealer.facts()
    firings, differences = 0, []
    for design in (False, True):
        cases = [consult(facts, book, CALCULATORS, design=design, engine=e) for e in ENGINES]
        firings += len(cases[0].firings)
        if fingerprint(cases[0]) != fingerprint(cases[1]):
            differences.append(f"seed {seed}, design={design}: the engines differ")
    return firings, differences


def compared(seeds: range) -> tuple[int, list[str]]:
    """What a range of seeds came to."""
    firings, differences = 0, []
    for seed in seeds:
        more, found = compare(seed)
        firings += more
        differences += found
    return firings, differences


def stages(rules: int) -> Iterator[str]:
    """CPU time of one consultation of a large rulebook, the best of five, by engine and stage."""
    from transxlab.engine.consult import planned
    from transxlab.engine.inference import Inference, library
    from transxlab.engine.memory import Memory

    began = time.process_time()
    library()
    yield f"import experta: {1000 * (time.process_time() - began):.0f} ms"
    dealer = Dealer(1)
    book, facts = dealer.book(rules), dealer.facts()
    began = time.process_time()
    plan = planned(book, CALCULATORS, facts.vocabulary)
    yield f"order {rules} rules: {1000 * (time.process_time() - began):.1f} ms (once per process)"
    known = sum(1 for _ in facts)
    for engine in ENGINES:
        best, case = min(
            (_timed(lambda e=engine: consult(facts, book, CALCULATORS, design=False, engine=e)))
            for _ in range(5)
        )
        yield f"{engine}: {1000 * best:.1f} ms for {rules} rules, {known} facts, {case} firings"
    compiling = min(_timed(lambda: Inference(plan, Memory.over(facts, False)))[0] for _ in range(5))
    yield f"of which choosing and compiling rules that can still fire: {1000 * compiling:.1f} ms"


def _timed(run) -> tuple[float, int]:  # type: ignore[no-untyped-def]
    began = time.process_time()
    case = run()
    return time.process_time() - began, len(getattr(case, "firings", ()))


def main() -> int:
    """Run the comparison and print one line that begins with ``all``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rulebooks", nargs="?", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for line in stages(350):
        print(line)
    seeds = range(asked.seed, asked.seed + asked.rulebooks)
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    firings, differences = 0, 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        for more, found in pool.map(compared, chunks):
            firings += more
            differences += len(found)
            print(*found, sep="\n", end="\n" if found else "")
    print(f"all: {asked.rulebooks} rulebooks, {firings} firings, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
