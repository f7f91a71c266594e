"""experta leaves no marks on the process, and its known traps are not ours."""

from __future__ import annotations

import collections
import gc
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from making import ask, book, rule, said
from transxlab.engine.consult import EngineMissing, consult
from transxlab.engine.examplefacts import facts_of
from transxlab.engine.memory import fingerprint
from transxlab.facts.vocabulary.template import builtin

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = rule("AAA001", "when: [split.rows < 50]\nthen: {finding: warning, about: split.rows}")
FACTS = {"split": [{"role": "train", "rows": 9}, {"role": "val", "rows": 4}]}


def test_importing_experta_leaves_nothing_behind() -> None:
    handlers = list(logging.getLogger().handlers)
    ask(FACTS, SMALL)
    assert not hasattr(collections, "Mapping")
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger("experta.watchers").level == logging.WARNING


def test_without_experta_one_sentence_names_the_other_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transxlab.engine.inference import library

    library.cache_clear()
    monkeypatch.setitem(sys.modules, "experta", None)
    try:
        with pytest.raises(EngineMissing, match="--engine reference"):
            consult(facts_of(FACTS, builtin()), book(SMALL), {}, design=False)
    finally:
        monkeypatch.undo()
        library.cache_clear()


def test_an_engine_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="experta, reference"):
        consult(facts_of({}, builtin()), book(), {}, design=False, engine="clips")


def test_the_reference_engine_imports_no_experta() -> None:
    code = (
        "import sys\n"
        "from transxlab.engine.consult import consult\n"
        "from transxlab.engine.rulebook import Rulebook\n"
        "from transxlab.facts.situation import Facts\n"
        "from transxlab.facts.vocabulary.template import builtin\n"
        "import transxlab.engine.saved, transxlab.engine.why\n"
        "consult(Facts(), Rulebook((), '', builtin()), {}, design=False, engine='reference')\n"
        "heavy = {'experta', 'networkx', 'numpy', 'yaml', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_true_and_one_point_oh_are_three_values() -> None:
    truth = rule("AAA002", "when: [config.packing == true]\nthen: {finding: advice}")
    one = rule("AAA003", "when: [config.seed == 1]\nthen: {finding: advice}")
    case = ask({"config": {"packing": True, "seed": 1.0}}, truth, one)
    assert [name for name, _, _ in said(case)] == ["AAA002", "AAA003"]


def test_equal_facts_are_different_facts() -> None:
    twins = {"split": [{"role": "train", "rows": 9}, {"role": "train", "rows": 9}]}
    assert len(said(ask(twins, SMALL))) == 2


def test_many_rules_on_one_fact_are_silenced_together() -> None:
    """experta may fire what it should cancel where many rules share a salience and a fact."""
    rules = [
        rule(
            f"ZZZ{number:03d}",
            'when: [split.role == "train"]\nunless: [config.packing == true]\n'
            "then: {finding: advice}",
        )
        for number in range(40)
    ]
    facts = {"split": [{"role": "train"}], "config": {"packing": True}}
    assert said(ask(facts, *rules)) == []


def test_consultations_in_threads_do_not_disturb_each_other() -> None:
    from transxlab.engine.consult import planned

    rulebook = book(SMALL, rule("AAA004", 'when: [split.role == "val"]\nthen: {finding: error}'))
    facts = facts_of(FACTS, builtin())
    planned(rulebook, {}, builtin())
    expected = fingerprint(consult(facts, rulebook, {}, design=False))
    wrong: list[object] = []

    def work() -> None:
        for _ in range(10):
            got = fingerprint(consult(facts, rulebook, {}, design=False))
            if got != expected:
                wrong.append(got)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_consulting_again_and_again_keeps_nothing() -> None:
    from transxlab.engine.inference import library

    rulebook, facts = book(SMALL), facts_of(FACTS, builtin())
    consult(facts, rulebook, {}, design=False)
    engine = library().Engine
    for _ in range(30):
        consult(facts, rulebook, {}, design=False)
    gc.collect()
    alive = [item for item in gc.get_objects() if isinstance(item, engine)]
    assert len(alive) <= 1
    assert all(not kind._instances for kind in library().interned)


def test_the_same_facts_give_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib\n"
        "from rulebooks import CALCULATORS, Dealer\n"
        "from transxlab.engine.consult import consult\n"
        "from transxlab.engine.saved import write_case\n"
        "d = Dealer(5)\n"
        "b, f = d.book(60), d.facts()\n"
        "for design in (False, True):\n"
        "    case = consult(f, b, CALCULATORS, design=design)\n"
        "    print(hashlib.sha256(write_case(case)).hexdigest())\n"
    )
    seen = set()
    for seed in ("0", "1", "2"):
        path = os.pathsep.join([str(BENCHMARKS), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_compiled_rules_serve_the_next_consultation() -> None:
    derived = rule("AAA003", "when: [split.rows > 5]\nthen: {derive: {config.max_steps: '7'}}")
    reader = rule("AAA004", "when: [config.max_steps > 3]\nthen: {finding: advice}")
    other = rule("AAA005", "when: [config.seed == 1]\nthen: {finding: error}")
    both = rule("AAA006", "when: [split.rows < config.max_steps]\nthen: {finding: warning}")
    shared = [
        rule(f"AAA01{n}", f"when: [split.rows > 5, {more}]\nthen: {{finding: advice}}")
        for n, more in enumerate(("config.seed == 1", "config.max_steps == 100"))
    ]
    rulebook = book(SMALL, derived, reader, other, both, *shared)
    runs = [
        {"config": {"seed": 1}},
        FACTS,
        {"config": {"max_steps": 100}, **FACTS},
        {"config": {"max_steps": 2, "seed": 1}, "split": []},
        {"split": [{"role": "train", "rows": 6}, {"role": "val", "rows": 6}]},
        {},
    ]
    for facts in (*runs, *reversed(runs)):
        given = facts_of(facts, builtin())
        cases = [
            consult(given, rulebook, {}, design=False, engine=engine)
            for engine in ("experta", "reference")
        ]
        assert fingerprint(cases[0]) == fingerprint(cases[1])
