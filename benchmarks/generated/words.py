"""Words, made-up names, and forms with slots: what the generators share."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeAlias

Row: TypeAlias = tuple[str, str]
Pick: TypeAlias = random.Random
Maker: TypeAlias = Callable[[random.Random], Row]


def listed(words: str) -> list[str]:
    """Words that are written with white space between them."""
    return words.split()


ONSETS = listed("b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sh st t tr v w z")
VOWELS = listed("a e i o u ai ea ou ia")
CODAS = ["", "", "l", "n", "r", "s", "t", "nd", "rk", "x"]
NOUNS = listed(
    """doctor lawyer banker student author singer judge senator actor tourist manager artist
professor secretary scientist athlete president presenter teacher nurse sailor farmer pilot baker
clerk guard painter poet dancer miner"""
)
VERBS = listed(
    """saw helped thanked introduced advised avoided believed called mentioned encouraged
recommended supported admired followed blamed paid praised ignored"""
)
INTRANSITIVE = listed("slept ran danced arrived waited resigned smiled laughed shouted performed")
THINGS = listed(
    """apples pencils marbles coins stickers cookies books cards oranges shells tickets stamps
buttons balloons cakes bottles"""
)
FIRST = listed(
    """Anna Ben Carla David Emma Felix Grace Hugo Iris Jonas Kira Liam Mia Noah Olga Paul Rosa
Sam Tina Umar Vera Will Yara Zoe"""
)
MONTHS = listed(
    """January February March April May June July August September October November
December"""
)
HAN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂海山林东北南河江湖春夏秋冬金木水火土"
KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモラリルレロ"


def name(pick: Pick) -> str:
    """A made-up proper name."""
    syllables = pick.choice((2, 2, 3))
    made = (
        pick.choice(ONSETS) + pick.choice(VOWELS) + pick.choice(CODAS) for _ in range(syllables)
    )
    return "".join(made).capitalize()


def signs(pick: Pick, alphabet: str, least: int = 2, most: int = 3) -> str:
    """A made-up Chinese or Japanese word."""
    return "".join(pick.choice(alphabet) for _ in range(pick.randint(least, most)))


def filled(*forms: str | Row) -> Maker:
    """A generator that fills one of some forms: names, numbers, things, nouns, Chinese words."""

    def made(pick: Pick) -> Row:
        form = pick.choice(forms)
        values: dict[str, object] = {
            **{"a": name(pick), "b": name(pick), "c": name(pick)},
            **{
                "n": pick.randint(2, 99),
                "m": pick.randint(100, 999),
                "y": pick.randint(1500, 2020),
            },
            **{"thing": pick.choice(THINGS), "who": pick.choice(FIRST), "whom": pick.choice(FIRST)},
            **{"noun": pick.choice(NOUNS), "other": pick.choice(NOUNS), "verb": pick.choice(VERBS)},
            **{"rest": pick.choice(INTRANSITIVE), "month": pick.choice(MONTHS)},
            **{"x": signs(pick, HAN), "z": signs(pick, HAN), "k": signs(pick, KANA, 3, 5)},
            "v": pick.choice("pqrstuvw") + name(pick).lower(),
        }
        if isinstance(form, str):
            return "", form.format(**values)
        return form[0].format(**values), form[1].format(**values)

    return made
