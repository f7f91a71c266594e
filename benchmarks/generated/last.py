"""Generators written after the detector was last changed: scored once, not looked at."""

from __future__ import annotations

from generated.words import (
    FIRST,
    HAN,
    INTRANSITIVE,
    KANA,
    MONTHS,
    NOUNS,
    THINGS,
    VERBS,
    Maker,
    Pick,
    Row,
    filled,
    listed,
    name,
    signs,
)

ADVERBS = listed("quickly slowly gladly rarely often never always secretly openly")
PLACES = listed("kitchen garden hallway office bedroom bathroom cellar attic")


def entailed(pick: Pick) -> Row:
    """Premise and hypothesis in one prompt, the answer a word."""
    a, b, c = pick.sample(NOUNS, 3)
    v, adverb = pick.choice(VERBS), pick.choice(ADVERBS)
    premise, hypothesis = pick.choice(
        (
            (f"Although the {a} {v} the {b}, the {c} left.", f"The {a} {v} the {b}."),
            (f"The {a} and the {b} {adverb} {v} the {c}.", f"The {b} {v} the {c}."),
            (f"The {a} behind the {b} {adverb} {v} the {c}.", f"The {b} {v} the {c}."),
            (f"Unless the {a} {v} the {b}, the {c} stays.", f"The {a} {v} the {b}."),
        )
    )
    return f"Premise: {premise}\nHypothesis: {hypothesis}\nLabel:", pick.choice(("yes", "no"))


def walks(pick: Pick) -> Row:
    """Stories of people who move between rooms, and a question."""
    moves, last = [], {}
    for _ in range(pick.randint(2, 5)):
        who, where = pick.choice(FIRST), pick.choice(PLACES)
        moves.append(f"{who} {pick.choice(('went', 'moved', 'travelled'))} to the {where}.")
        last[who] = where
    who = pick.choice(list(last))
    return f"{' '.join(moves)} Where is {who}?", last[who]


def expressions(pick: Pick) -> Row:
    """Nested sums and products."""

    def made(depth: int) -> str:
        if depth == 0 or pick.random() < 0.3:
            return str(pick.randint(1, 50))
        return f"({made(depth - 1)} {pick.choice('+-*')} {made(depth - 1)})"

    text = f"({made(3)} {pick.choice('+-*')} {made(2)})"
    return f"Evaluate {text}.", str(eval(text))


def clauses(pick: Pick) -> Row:
    """Sentences with clauses inside clauses."""

    def noun(depth: int) -> str:
        head = f"{pick.choice(('the', 'a', 'each'))} {pick.choice(NOUNS)}"
        if depth and pick.random() < 0.5:
            return f"{head} {pick.choice(('who', 'that'))} {pick.choice(VERBS)} {noun(depth - 1)}"
        return head

    return "", f"{noun(3)} {pick.choice(ADVERBS)} {pick.choice(VERBS)} {noun(2)} .".capitalize()


def calls(pick: Pick) -> Row:
    """Requests and the calls of functions that answer them."""
    place, who, n = name(pick), pick.choice(FIRST), pick.randint(2, 30)
    return pick.choice(
        (
            (f"What's the weather in {place}?", f'{{"name": "weather", "city": "{place}"}}'),
            (f"Set a timer for {n} minutes.", f'{{"name": "timer", "minutes": {n}}}'),
            (f"Call {who} on the phone.", f'{{"name": "call", "contact": "{who}"}}'),
        )
    )


LAST: dict[str, Maker] = {
    "entailment prompts": entailed,
    "rooms": walks,
    "nested sums": expressions,
    "nested clauses": clauses,
    "function calls": calls,
    "geography": filled(
        ("What is the population of {a}?", "{a} has about {m} thousand inhabitants."),
        ("Which country borders {a} in the north?", "{b} borders {a} in the north."),
        ("Is {a} larger than {b}?", "{a} is {n} times as large as {b}."),
    ),
    "films": filled(
        "{a} is a {y} film directed by {b} {c}.",
        "The film {a} stars {b} as a {noun}.",
        "{a} won the {c} prize for best {noun} in {y}.",
    ),
    "prices": filled(
        (
            "{who} pays {m} dollars for {n} {thing}. What do {n} more cost?",
            "They cost {m} dollars.",
        ),
        ("A box holds {n} {thing}. How many {thing} are in {m} boxes?", "There are {m} {thing}."),
    ),
    "reviews from slots": filled(
        "I bought these {thing} in {month} and they are great. Five stars for {a}!",
        "Terrible {thing}! {a} never answered and my money is gone since {month}.",
        "The {noun} at {a} was very friendly, the {thing} less so. {n} out of 100.",
    ),
    "thanks": filled(
        "Dear {noun} {a},\nthank you for coming to {b} in {month} {y}. We were glad that you "
        "{verb} our {other}.\nSincerely, {c}",
    ),
    "french": filled(
        "La capitale de {a} est {b}.", "{a} est né à {b} en {y}.", "{a} a écrit {b} avec {c}."
    ),
    "chinese biographies": lambda pick: (
        "",
        f"{signs(pick, HAN)}，{pick.randint(1900, 2000)}年生于{signs(pick, HAN)}省，"
        f"{pick.choice(('画家', '作家', '医生', '演员'))}。",
    ),
    "japanese weather": lambda pick: (
        "",
        f"{signs(pick, KANA, 3, 5)}の{pick.randint(1, 12)}月の天気は"
        f"{pick.choice(('晴れ', '雨', '雪', '曇り'))}で、気温は{pick.randint(1, 35)}度です。",
    ),
    "calendar": lambda pick: (
        "",
        f"{pick.choice(MONTHS)} {pick.randint(1, 28)}: {pick.choice(FIRST)} "
        f"{pick.choice(INTRANSITIVE)} with {pick.randint(2, 20)} {pick.choice(THINGS)}.",
    ),
}
"""Generators by name."""
