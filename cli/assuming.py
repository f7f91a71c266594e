"""Without a config: what the rules would set stands in for it, and is said."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.cli import consulting
from transxlab.engine.case import Case
from transxlab.engine.rulebook import Rulebook
from transxlab.facts.origin import Origin
from transxlab.facts.situation import Facts

TEMPLATES = ("config", "adapter", "model")
"""What a config would have said."""
SHOWN = (
    "config.stage",
    "config.method",
    "adapter.r",
    "config.max_seq_length",
    "config.per_device_train_batch_size",
    "config.gradient_accumulation_steps",
    "config.gradient_checkpointing",
    "config.optimizer",
    "config.precision",
    "config.num_train_epochs",
)
"""Slots that move an estimate most, in the order they are told."""


STAGES = {"encoder": "classification"}
"""Stage assumed where nobody names one, by the model's arch; ``sft`` for every other."""
NOBODY = Origin("concluded", "the usual stage for such a model")


@dataclass(frozen=True, slots=True)
class Assumed:
    """A slot that nobody gave, as the rules would set it."""

    slot: str
    """Its path."""
    value: object
    """The value that the estimate rests on."""
    by: str
    """The rule, or the candidate, that set it."""


def assumed(facts: Facts, rules: Rulebook, engine: str) -> tuple[Facts, tuple[Assumed, ...]]:
    """The facts with everything a design would set, and what that was.

    A model has to be named: which one to train is not for an estimate to assume.
    """
    from transxlab.facts.asked.candidates import add_candidates

    if facts.known("model.params") is None:
        return facts, ()
    designed = facts.copy()
    if facts.known("config.stage") is None:
        arch = facts.known("model.arch")
        stage = STAGES.get(str(arch.value) if arch else "", "sft")
        designed.set("config.stage", stage, NOBODY)
    add_candidates(designed)
    case = consulting.consult(designed, rules, design=True, engine=engine)
    filled, made = facts.copy(), []
    for template in TEMPLATES:
        if not applies(template, case):
            continue
        for slot, known in case.facts.one(template).slots.items():
            if slot not in facts.one(template).slots and known.origin.kind == "concluded":
                filled.one(template).slots[slot] = known
                made.append(Assumed(f"{template}.{slot}", known.value, str(known.origin)))
    return filled, tuple(sorted(made, key=_most_telling_first))


def applies(template: str, case: Case) -> bool:
    """Whether a run like this one has such a fact at all: no adapter where all weights train."""
    from transxlab.engine.expressions import conjunction, parse

    words = case.facts.vocabulary
    condition = words[template].applies
    if condition is None:
        return True
    singles = {t.name: case.facts.one(t.name) for t in words.templates.values() if not t.several}
    return conjunction((parse(condition, words),), singles) is not False


def _most_telling_first(one: Assumed) -> tuple[int, str]:
    place = SHOWN.index(one.slot) if one.slot in SHOWN else len(SHOWN)
    return place, one.slot


def told(made: tuple[Assumed, ...]) -> str:
    """The assumptions that move an estimate most, in one line; empty where there are none."""
    from transxlab.cli.render.words import value

    shown = [one for one in made if one.slot in SHOWN]
    return ", ".join(f"{one.slot.partition('.')[2]} {value(one.value)} ({one.by})" for one in shown)
