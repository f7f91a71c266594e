"""More generators of the development group: kinds with a structure of their own."""

from __future__ import annotations

from itertools import pairwise

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

COLOURS = listed("red blue green yellow orange purple white black")
GERMAN = listed(
    "Arzt Lehrer Bauer Maler Koch Richter Pilot Dichter Wirt Schneider Bergmann Fischer"
)


def blocks(pick: Pick) -> Row:
    """Towers of coloured blocks, described and rebuilt."""
    some = pick.sample(COLOURS, pick.randint(3, 6))
    facts = [f"the {a} block is on top of the {b} block" for a, b in pairwise(some)]
    facts += [f"the {some[0]} block is clear", f"the {some[-1]} block is on the table"]
    steps = [f"unstack the {a} block from the {b} block\nput down the {a} block" for a, b in
             pairwise(some)]  # fmt: skip
    goal = f"My goal is to have the {some[-1]} block on top of the {some[0]} block."
    return f"As initial conditions I have that, {', '.join(facts)}.\n{goal}", "\n".join(steps)


def dates(pick: Pick) -> Row:
    """Dates from one notation into another."""
    day, month, year = pick.randint(1, 28), pick.randrange(12), pick.randint(1900, 2030)
    return pick.choice(
        (
            (
                f"Write {MONTHS[month]} {day}, {year} in ISO 8601.",
                f"{year}-{month + 1:02}-{day:02}",
            ),
            (
                f"Convert {day:02}/{month + 1:02}/{year} to long form.",
                f"{day} {MONTHS[month]} {year}",
            ),
            (f"What day comes after {day} {MONTHS[month]}?", f"{day + 1} {MONTHS[month]}"),
        )
    )


def units(pick: Pick) -> Row:
    """Conversions between units."""
    value = round(pick.uniform(1, 500), pick.randint(0, 2))
    one, two, factor = pick.choice(
        (("miles", "kilometres", 1.609), ("kilograms", "pounds", 2.205), ("feet", "metres", 0.3048),
         ("litres", "gallons", 0.264), ("hours", "minutes", 60), ("inches", "centimetres", 2.54))
    )  # fmt: skip
    asked = pick.choice(
        (f"How many {two} are {value} {one}?", f"Convert {value} {one} to {two}.",
         f"{value} {one} in {two}", f"If something measures {value} {one}, what is that in {two}?")
    )  # fmt: skip
    return asked, f"{value} {one} equal {value * factor:.2f} {two}."


def utterances(pick: Pick) -> Row:
    """One request in many paraphrases: greeting, verb, object, place, politeness."""
    begin = pick.choice(("", "Hi, ", "Hello, ", "Hey there, ", "Good morning, ", "Excuse me, "))
    wish = pick.choice(
        (
            "I want to",
            "I'd like to",
            "can you help me",
            "please",
            "I need to",
            "could you",
            "help me",
        )
    )
    act = pick.choice(("book", "reserve", "order", "find", "get", "arrange", "cancel", "change"))
    what = pick.choice(("a flight", "a room", "a taxi", "tickets", "a table", "a rental car"))
    where = pick.choice((f"to {name(pick)}", f"in {name(pick)}", f"from {name(pick)}", "nearby"))
    when = pick.choice(("tomorrow", "on Friday", "next week", f"for {pick.randint(1, 28)} May", ""))
    return (
        "",
        f"{begin}{wish} {act} {what} {where} {when}{pick.choice(('', ', thanks', '?'))}".strip(),
    )


def talks(pick: Pick) -> Row:
    """Conversations of several turns, put together from fixed ones."""
    who, place, food = pick.choice(FIRST), name(pick), pick.choice(THINGS)
    turns = [
        pick.choice((f"{who}: Hi, how are you today?", f"{who}: Hello! Nice to see you.")),
        pick.choice(
            (f"Clerk: I am fine, thanks. Looking for {food}?", "Clerk: Welcome! What can I do?")
        ),
        f"{who}: I would like {pick.randint(2, 20)} {food} from {place}, please.",
        pick.choice(
            (f"Clerk: That makes {pick.randint(3, 90)} dollars.", "Clerk: Sorry, we have none.")
        ),
        pick.choice((f"{who}: Thank you, goodbye!", f"{who}: All right, see you.")),
    ]
    return "", "\n".join(turns[: pick.randint(3, 5)])


def brackets(pick: Pick) -> Row:
    """Sequences of brackets to be closed."""
    opened: list[str] = []
    text = []
    for _ in range(pick.randint(6, 30)):
        if opened and pick.random() < 0.45:
            text.append(opened.pop())
        else:
            one = pick.choice(("()", "[]", "{}", "<>"))
            text.append(one[0])
            opened.append(one[1])
    asked = "Complete the rest of the sequence, making sure that the brackets are closed properly. "
    return f"{asked}Input: {' '.join(text)}", " ".join(reversed(opened))


def order(pick: Pick) -> Row:
    """Deductions about the order of three to five things."""
    some = pick.sample(THINGS, pick.randint(3, 5))
    rules = [
        pick.choice(
            (f"The {a} are to the left of the {b}.", f"The {b} are to the right of the {a}.")
        )
        for a, b in pairwise(some)
    ]
    pick.shuffle(rules)
    head = f"On a shelf, there are {len(some)} sorts of things: {', '.join(sorted(some))}."
    return f"{head} {' '.join(rules)}", f"The {some[0]} are the leftmost."


def pairs(pick: Pick) -> Row:
    """Minimal pairs of grammar: many patterns over a large vocabulary."""
    noun, other = f"{pick.choice(NOUNS)}", f"{pick.choice(THINGS)}"
    verb, rest, who, whom = (pick.choice(g) for g in (VERBS, INTRANSITIVE, FIRST, FIRST))
    det = pick.choice(("this", "that", "every", "some", "the", "most", "no"))
    aux = pick.choice(("did", "can", "should", "will", "might"))
    good, bad = pick.choice(
        (
            (f"Who {aux} {who} see after {whom} {rest}?", f"Who {aux} {who} see {other} {rest}?"),
            (f"{who} {verb} {det} {noun}.", f"{who} {verb} {det} {noun}s."),
            (f"{whom} knew {det} {noun} that {rest}.", f"{whom} knew that {rest} {det} {noun}."),
            (f"There {aux} be {det} {noun} by {who}.", f"There {aux} be {who} by {det} {noun}."),
            (f"{who}'s {other} {aux} disturb {whom}.", f"{who}'s {other} {aux} disturb himself."),
            (f"What {who} {verb} was {det} {other}.", f"What {who} {verb} {det} {other} was."),
            (f"{who} hasn't {verb} {whom}.", f"{who} hasn't {whom} {verb} and {noun}s."),
        )
    )  # fmt: skip
    return good, bad


def titles(pick: Pick) -> Row:
    """Lists of titles inside one constant frame."""

    def title() -> str:
        form = pick.choice(
            ("{a}", "The {a}", "The {t} of {a}", "{a} and {b}", "{a} {n}", "A {t} for {a}")
        )
        both = {
            "a": name(pick),
            "b": name(pick),
            "t": pick.choice(NOUNS).capitalize(),
            "n": pick.randint(2, 4),
        }
        return form.format(**both)  # fmt: skip

    seen, options = [title() for _ in range(4)], [title() for _ in range(4)]
    listing = "\n".join(f"({letter}) {text}" for letter, text in zip("ABCD", options, strict=True))
    return f"Find a film similar to {', '.join(seen)}:\nOptions:\n{listing}", pick.choice(options)


def pronouns(pick: Pick) -> Row:
    """Two people and a pronoun."""
    a, b, c = *pick.sample(NOUNS, 2), pick.choice(("he", "she", "they"))
    return "", pick.choice(
        (
            f"The {a} told the {b} that {c} could pay with cash.",
            f"The {a} asked the {b} a question, but {c} didn't answer.",
            f"The {a} consulted with the {b} because {c} was responsible for the case.",
            f"The {a} helped the {b} when {c} had trouble with the {pick.choice(THINGS)}.",
        )
    )


def german(pick: Pick) -> Row:
    """German sentences from a few frames."""
    a, b, job = name(pick), name(pick), pick.choice(GERMAN)
    return "", pick.choice(
        (
            f"{a} ist die Hauptstadt von {b}.",
            f"Der {job} {a} wurde {pick.randint(1700, 2000)} in {b} geboren.",
            f"Wie weit ist es von {a} nach {b}? Etwa {pick.randint(20, 900)} Kilometer.",
        )
    )


def chinese(pick: Pick) -> Row:
    """Chinese instructions and answers from a few frames."""
    x, z, n = signs(pick, HAN), signs(pick, HAN), pick.randint(2, 90)
    return pick.choice(
        (
            (f"请把{n}公斤换算成斤。", f"{n}公斤等于{2 * n}斤。"),
            (f"小{x}有{n}个苹果，又买了{n + 3}个，一共有多少个？", f"一共有{2 * n + 3}个苹果。"),
            (f"{x}的省会是哪里？", f"{x}的省会是{z}。"),
            (f"用“{x}”造句。", f"我昨天在{z}看到了{x}。"),
        )
    )


def japanese(pick: Pick) -> Row:
    """Japanese questions and answers from a few frames."""
    k, x, n = signs(pick, KANA, 2, 5), signs(pick, HAN, 2, 2), pick.randint(2, 90)
    return pick.choice(
        (
            (f"{k}について教えてください。", f"{k}は{x}県にある町です。"),
            (f"{x}さんはりんごを{n}個持っています。全部でいくつですか。", f"全部で{n}個です。"),
            (f"{k}の{x}はいくらですか。", f"{k}の{x}は{n * 100}円です。"),
        )
    )


KINDS: dict[str, Maker] = {
    "blocks": blocks,
    "dates": dates,
    "units": units,
    "paraphrased requests": utterances,
    "dialogues": talks,
    "brackets": brackets,
    "orders": order,
    "minimal pairs": pairs,
    "titles": titles,
    "pronouns": pronouns,
    "german": german,
    "chinese questions": chinese,
    "japanese questions": japanese,
    "instructions with slots": filled(
        ("Write a poem about {a}.", "{a}, oh {a}, the {noun} of {b} sings of {thing}."),
        ("Tell me a joke about a {noun}.", "Why did the {noun} go to {a}? To see the {other}."),
        ("Summarise the life of {a}.", "{a} was a {noun} who lived in {b} until {y}."),
    ),
    "relations": filled(
        "The relation between {a} and {b} is that {a} {verb} the {noun} of {b}.",
        "When we compare {a} with {b}, we see that both {rest} in {y}.",
        "{a} can be understood as the {noun} of {b}, because it {verb} {thing}.",
    ),
}
"""Generators by name."""
