"""Generators of the development group: these may be looked at while the detector is changed."""

from __future__ import annotations

from generated.kinds import KINDS
from generated.words import NOUNS, VERBS, Maker, Pick, Row, filled


def hans(pick: Pick) -> Row:
    """Syntactic heuristics in the manner of HANS: premise and hypothesis from fixed patterns."""
    a, b, c = pick.sample(NOUNS, 3)
    v, w = pick.sample(VERBS, 2)
    premise, hypothesis = pick.choice(
        (
            (f"The {a} {v} the {b} .", f"The {b} {v} the {a} ."),
            (f"The {a} near the {b} {w} the {c} .", f"The {b} {w} the {c} ."),
            (f"The {a} and the {b} {v} the {c} .", f"The {a} {v} the {c} ."),
            (f"The {a} who the {b} {v} {w} the {c} .", f"The {b} {v} the {a} ."),
        )
    )
    return premise, hypothesis


def grammar(pick: Pick) -> Row:
    """Sentences of a context-free grammar with a hundred words and no fixed one."""

    def phrase(depth: int) -> str:
        noun = f"{pick.choice(('a', 'the', 'every', 'some'))} {pick.choice(NOUNS)}"
        if depth and pick.random() < 0.4:
            return f"{noun} {pick.choice(('near', 'behind', 'with', 'on'))} {phrase(depth - 1)}"
        return noun

    return "", f"{phrase(2)} {pick.choice(VERBS)} {phrase(1)}"


def sums(pick: Pick) -> Row:
    a, b = pick.randint(1, 999), pick.randint(1, 99)
    sign = pick.choice("+-*")
    value = {"+": a + b, "-": a - b, "*": a * b}[sign]
    return pick.choice((f"What is {a} {sign} {b}?", f"Compute {a} {sign} {b}.")), str(value)


DEV: dict[str, Maker] = {
    "facts": filled(
        "The capital of {a} is {b}.",
        "{a} was founded by {b} in {y}.",
        "The mother tongue of {a} is {b}.",
    ),
    "facts as questions": filled(
        ("Who wrote {a}?", "{a} was written by {b}."),
        ("Where was {a} born?", "{a} was born in {b}."),
    ),
    "hans": hans,
    "sums": sums,
    "word problems": filled(
        (
            "{who} has {n} {thing}. {whom} gives {who} {m} more. How many {thing} "
            "does {who} have now?",
            "{m}",
        ),
        ("{who} bought {n} {thing} for {m} dollars. How much did one cost?", "{n}"),
    ),
    "grammar": grammar,
    "letters": filled(
        "Dear {a},\n\nthank you for your order number {m} of {n} {thing}. It "
        "will be sent to {b} within "
        "{n} days.\n\nYours sincerely,\n{c}",
    ),
    "chinese": filled(
        "{x}的首都是{z}。", "请问{x}是什么时候成立的？", "{x}出生于{y}年，是著名的{z}。"
    ),
    "code": filled(
        "def get_{v}(self):\n    return self._{v}\n",
        "def set_{v}(self, value):\n    self._{v} = value\n",
    ),
    "triples": filled("{a} | located in | {b}", "{a} | instance of | {b}", "{a} | author | {b}"),
    **KINDS,
}
