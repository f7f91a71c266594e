"""Generators of the held-out group: only scored, never looked at while the detector is changed."""

from __future__ import annotations

from generated.words import (
    FIRST,
    INTRANSITIVE,
    NOUNS,
    THINGS,
    VERBS,
    Maker,
    Pick,
    Row,
    filled,
    listed,
    name,
)


def hans(pick: Pick) -> Row:
    """Other patterns of the same kind: passives, adverbs, clauses, coordination."""
    a, b, c = pick.sample(NOUNS, 3)
    v, w, r = pick.choice(VERBS), pick.choice(VERBS), pick.choice(INTRANSITIVE)
    patterns = (
        (f"The {a} was {v} by the {b}.", f"The {a} {v} the {b}."),
        (f"Before the {a} {r}, the {b} {v} the {c}.", f"The {a} {r}."),
        (f"If the {a} {r}, the {b} {w} the {c}.", f"The {b} {w} the {c}."),
        (f"The {a} that {v} the {b} {r}.", f"The {b} {r}."),
        (f"Probably the {a} {w} the {b} or the {c} {r}.", f"The {c} {r}."),
    )
    return pick.choice(patterns)


def scan(pick: Pick) -> Row:
    """Commands to a robot, from a small grammar."""

    def step() -> str:
        act = pick.choice(("lift", "push", "turn", "drop", "scan", "paint"))
        turn = pick.choice(("", " twice", " thrice", " slowly", " backwards"))
        return (
            f"{act} {pick.choice(('red', 'blue', 'big', 'small'))} "
            f"{pick.choice(('box', 'ball', 'cone'))}{turn}"
        )

    parts = [step() for _ in range(pick.randint(1, 4))]
    return "", pick.choice((" and ", " after ", " then ")).join(parts)


def grammar(pick: Pick) -> Row:
    """COGS-like: proper names, ditransitives and clauses, embedded to depth three."""

    def clause(depth: int) -> str:
        who = pick.choice(
            (pick.choice(FIRST), f"{pick.choice(listed('A The'))} {pick.choice(NOUNS)}")
        )
        if depth and pick.random() < 0.35:
            return (
                f"{who} {pick.choice(listed('said hoped thought liked believed'))} that "
                f"{clause(depth - 1)}"
            )
        shape = pick.random()
        what = f"{pick.choice(('a', 'the'))} {pick.choice(THINGS)[:-1]}"
        if shape < 0.3:
            return f"{who} gave {pick.choice(FIRST)} {what}"
        if shape < 0.6:
            return f"{what} was {pick.choice(VERBS)} by {who}"
        where = pick.choice(listed("beside in on under"))
        return (
            f"{who} {pick.choice(VERBS)} {what} {where} the "
            f"{pick.choice(listed('house table garden car box tree'))}"
        )

    return "", f"{clause(3)} ."


def dialogue(pick: Pick) -> Row:
    """Slot-filling dialogue turns, as a booking bot's simulator writes them."""
    place, day, hour = (
        name(pick),
        pick.choice(listed("Monday Tuesday Friday Sunday")),
        pick.randint(1, 12),
    )
    asked = pick.choice(
        (
            f"Book a table at {place} for {pick.randint(2, 9)} on {day} at {hour}.",
            f"I need a taxi from {place} to {name(pick)} on {day}.",
            f"Find me a cheap hotel in {place} with parking.",
        )
    )
    told = pick.choice(
        (
            f"Your table at {place} is booked for {day} at {hour}. Reference number "
            f"{name(pick).upper()}{hour}.",
            f"A taxi will pick you up on {day} at {hour}. Contact number "
            f"{pick.randint(10**9, 10**10)}.",
            f"I found {pick.randint(2, 9)} hotels in {place}. Would you like me to book one?",
        )
    )
    return asked, told


def sums(pick: Pick) -> Row:
    a, b, c = (pick.randint(2, 60) for _ in range(3))
    form = pick.randrange(4)
    if form == 0:
        return f"Solve for y: {a}*y + {b} = {a * c + b}.", f"y = {c}"
    if form == 1:
        return f"What is the remainder when {a * b + 1} is divided by {b}?", str((a * b + 1) % b)
    if form == 2:
        return f"Let f(x) = {a}*x**2 - {b}*x. Give f({c}).", str(a * c * c - b * c)
    return f"Sort {a}, {b}, {c} in ascending order.", ", ".join(map(str, sorted((a, b, c))))


HELD: dict[str, Maker] = {
    "biographies": filled(
        "{a} {b} (born {y}) is a {noun} from {c}.",
        "{a} {b}, a former {noun} of {c}, died in {y}.",
        "In {y}, {a} {b} became the first {noun} to visit {c}.",
    ),
    "knowledge base questions": filled(
        ("In which country is {a} located?", "{a} is located in {b}."),
        ("Which river flows through {a}?", "The {b} flows through {a}."),
        ("Name the author of the novel {a}.", "The novel {a} was written by {b} {c}."),
        ("What is the official language of {a}?", "The official language of {a} is {b}."),
        ("When did {a} and {b} sign the treaty of {c}?", "They signed it in {y}."),
    ),
    "twelve relations": filled(
        *(
            f"{{a}} {relation} {{b}}."
            for relation in (
                "is the twin city of",
                "plays for",
                "was directed by",
                "shares a border with",
                "is a subsidiary of",
                "was named after",
                "is married to",
                "holds the record set by",
                "is the sequel to",
                "belongs to the genus",
                "is produced by",
                "works in the field of",
            )
        )
    ),
    "hans-like": hans,
    "arithmetic": sums,
    "story sums": filled(
        (
            "A {noun} sells {n} {thing} on Monday and {m} on Tuesday. How many "
            "{thing} were sold in all?",
            "{m} {thing} were sold.",
        ),
        (
            "There are {m} {thing} in {n} boxes. If {who} takes {n} away, how many are left?",
            "There are {m} left.",
        ),
        (
            "{who} is {n} years older than {whom}. In {n} years {who} will be {m}. "
            "How old is {whom}?",
            "{whom} is {n} years old.",
        ),
    ),
    "cogs-like grammar": grammar,
    "robot commands": scan,
    "form letters": filled(
        "Subject: Your appointment with {a}\n\nHello {who},\n\nthis is to "
        "confirm your appointment on {n} May "
        "{y} at our {b} branch. Please bring your card and arrive {n} minutes "
        "early. If you cannot come, call "
        "{m}.\n\nKind regards,\n{whom}, {a}",
        "Subject: Invoice {m}\n\nHello {who},\n\nplease find attached the "
        "invoice {m} for {n} {thing}. The amount "
        "is due within {n} days. Do not hesitate to contact {whom} with "
        "questions.\n\nBest wishes,\n{a}",
    ),
    "booking dialogues": dialogue,
    "chinese facts": filled(
        "{x}位于{z}的北部，人口约{m}万。",
        "你知道{x}的作者是谁吗？是{z}。",
        "在{y}年，{x}正式成为{z}的一部分。",
    ),
    "japanese facts": filled(
        "{k}の首都はどこですか。",
        "{k}は{y}年に生まれた{x}の作家です。",
        "{x}市は{k}から{n}キロ離れています。",
    ),
    "getters in java": filled(
        "public String get{a}() {{\n    return this.{v};\n}}",
        "public void set{a}(String {v}) {{\n    this.{v} = {v};\n}}",
    ),
    "sql": filled(
        (
            "How many {thing} does {who} have?",
            "SELECT COUNT(*) FROM {thing} WHERE owner = '{who}';",
        ),
        ("List all {thing} bought in {y}.", "SELECT * FROM {thing} WHERE year = {y};"),
    ),
    "weather reports": filled(
        "In {a} it will be {n} degrees and {rest} winds of {m} km/h are expected from {b}.",
        "Expect rain over {a} until {n} o'clock, then clear skies with a low of {n} near {b}.",
    ),
}
