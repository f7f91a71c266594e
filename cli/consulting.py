"""From facts to a case: the rulebook that applies here, the engine, and the saved case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transxlab.cli.failures import Unusable
from transxlab.engine.case import Case
from transxlab.engine.rulebook import Rulebook
from transxlab.facts.situation import Facts

LAST_CASE = Path(".transxlab") / "cache" / "last.json"


def rulebook(
    extra: Sequence[str] = (), *, examples: bool = False, deriving: bool = False
) -> Rulebook:
    """The built-in rules with every rulebook that applies in this folder.

    The compiled cache leaves out examples; ``examples`` reads the files. ``deriving``: only the
    rules that derive a value.
    Raises Unusable with every mistake of every rule file.
    """
    from transxlab.engine.discovery import discover
    from transxlab.engine.rulebook import RulebookError, load
    from transxlab.facts.estimated.calculators import CALCULATORS
    from transxlab.facts.vocabulary.lab import vocabulary_for

    folders = [Path(folder) for folder in extra]
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise Unusable(*(f"{folder}: no such folder of rules" for folder in missing))
    try:
        return load(
            discover(Path.cwd(), folders),
            vocabulary_for(Path.cwd()),
            CALCULATORS,
            examples=examples,
            deriving=deriving,
        )
    except RulebookError as error:
        raise Unusable(*error.messages) from None


def consult(facts: Facts, rules: Rulebook, *, design: bool, engine: str) -> Case:
    """Run the rulebook over the facts; raises Unusable where the engine is not installed."""
    from transxlab.engine.consult import EngineMissing
    from transxlab.engine.consult import consult as run
    from transxlab.facts.estimated.calculators import CALCULATORS

    try:
        case = run(facts, rules, CALCULATORS, design=design, engine=engine)
        planned = None if design else _planned(case)
        if planned is None:
            return case
        return run(planned, rules, CALCULATORS, design=design, engine=engine)
    except EngineMissing as error:
        raise Unusable(str(error)) from None


NOT_PLANNED = ("replay_share", "consent")
"""Slots of the strategy that say what somebody does: a plan that nobody has taken up answers no
question about that. The others are what rows are held against."""


def _planned(case: Case) -> Facts | None:
    """The facts with what the rulebook wants of the rows, where there are rows and nobody said it.

    An audit fills nothing in; without this, rows could only be held against a plan of the user's.
    """
    from transxlab.facts.origin import Origin

    if not case.given.all("split"):
        return None
    held = case.given.one("strategy").slots
    wanted = [
        (made, made.label.rpartition(".")[2])
        for made in case.decisions
        if made.label.startswith("strategy.") and made.value is not None
    ]
    wanted = [(made, slot) for made, slot in wanted if slot not in NOT_PLANNED and slot not in held]
    if not wanted:
        return None
    facts = case.given.copy()
    for made, slot in wanted:
        origin = Origin("concluded", f"the plan of {made.rule.id}")
        facts.put(facts.one("strategy"), slot, made.value, origin)
    return facts


def save(case: Case) -> None:
    """Keep the case for ``explain``; a folder that cannot be written is no reason to fail."""
    from transxlab.cli.writing import write
    from transxlab.engine.saved import write_case

    content = write_case(case)
    try:
        write(LAST_CASE, content)
        ignore = LAST_CASE.parent / ".gitignore"
        if not ignore.exists():
            write(ignore, b"*\n")
    except OSError:
        return
