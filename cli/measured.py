"""Data profiled for a command: one role that holds nothing does not silence the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from transxlab.cli.failures import Unusable
from transxlab.facts.situation import Facts

if TYPE_CHECKING:
    from transxlab.facts.profiled.results import DataProfile

Files = Mapping[str, list[str]]
Measure = Callable[[Files], "DataProfile"]


def profiled(files: Files, measure: Measure, facts: Facts) -> tuple[DataProfile, list[str]]:
    """What was measured, and a sentence per held-out file of which nothing could be used.

    A held-out role without a usable row becomes a split of no rows. Raises Unusable where train,
    or the only role that was given, has none.
    """
    from transxlab.facts.origin import given
    from transxlab.facts.profiled.profile import ReadError

    try:
        found, empty = measure(files), list[str]()
    except ReadError as error:
        if "train" not in files or len(files) == 1:
            raise Unusable(str(error)) from None
        found, empty = _without_held_out(files, measure, facts, str(error))
    if "val" in files and "has_data" not in facts.one("evaluation").slots:
        facts.set("evaluation.has_data", True, given("--val"))
    return found, empty


def _without_held_out(
    files: Files, measure: Measure, facts: Facts, why: str
) -> tuple[DataProfile, list[str]]:
    from transxlab.facts.origin import Origin
    from transxlab.facts.profiled.profile import ReadError
    from transxlab.facts.vocabulary.split import Split

    usable = {"train": files["train"]}
    for role in (role for role in files if role != "train"):
        try:
            measure({role: files[role]})
        except ReadError:
            path = files[role][0]
            empty = Split(role=role, path=path, rows=0, sampled_rows=0)
            facts.add(empty, Origin("profiled", f"profiled: {path}, 0 rows"))
        else:
            usable[role] = files[role]
    try:
        return measure(usable), why.splitlines()
    except ReadError:
        raise Unusable(why) from None
