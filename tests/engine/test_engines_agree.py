"""Both engines conclude the same from random rulebooks and facts."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from engines import compare
from rulebooks import CALCULATORS, Dealer
from transxlab.engine.consult import consult
from transxlab.engine.memory import fingerprint
from transxlab.engine.saved import read_case, write_case

CHUNKS, SEEDS = 20, 110
FRESH = random.SystemRandom().randrange(10**6, 10**9)
"""A tenth of the seeds are new in every run; a failure names its own."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_engines_agree(chunk: int) -> None:
    fixed = range(chunk * SEEDS, (chunk + 1) * SEEDS)
    fresh = range(FRESH + chunk * SEEDS, FRESH + chunk * SEEDS + SEEDS // 10)
    firings, differences = 0, []
    for seed in (*fixed, *fresh):
        more, found = compare(seed)
        firings += more
        differences += found
    assert differences == []
    assert firings > 4 * SEEDS, "the random rulebooks hardly fire: they test nothing"


def test_random_rulebooks_reach_every_kind_of_conclusion() -> None:
    kinds: dict[str, int] = {}
    for seed in range(300):
        dealer = Dealer(seed)
        book, facts = dealer.book(12), dealer.facts()
        for design in (False, True):
            case = consult(facts, book, CALCULATORS, design=design, engine="reference")
            for row in fingerprint(case):
                kinds[row[0]] = kinds.get(row[0], 0) + 1
            kinds["silenced"] = kinds.get("silenced", 0) + sum(
                f.silenced is not None for f in case.findings
            )
            kinds["alarm"] = kinds.get("alarm", 0) + sum(
                f.rule.id in {d.rule.id for d in case.decisions} for f in case.findings
            )
            kinds["provisional"] = kinds.get("provisional", 0) + sum(
                bool(d.provisional) for d in case.decisions
            )
            kinds["chosen"] = kinds.get("chosen", 0) + sum(bool(f.chosen) for f in case.firings)
    for kind in (
        "firing",
        "waiting",
        "not judged",
        "slot",
        "finding",
        "decision",
        "conflict",
        "candidate",
        "silenced",
        "alarm",
        "provisional",
        "chosen",
    ):
        assert kinds.get(kind, 0) >= 5, f"only {kinds.get(kind, 0)} of {kind}"


def test_random_cases_survive_being_written_and_read() -> None:
    for seed in range(100):
        dealer = Dealer(seed)
        book, facts = dealer.book(12), dealer.facts()
        case = consult(facts, book, CALCULATORS, design=bool(seed % 2), engine="reference")
        content = write_case(case)
        again = read_case(content)
        assert fingerprint(again) == fingerprint(case)
        assert write_case(again) == content
