"""Small data sets that the tests make for themselves."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "ki", "zo"]


def word(pick: random.Random, common: int | None = None) -> str:
    """A made-up word; with ``common``, one of so many, the first of them the most frequent."""
    if common is None:
        return "".join(pick.choice(SYLLABLES) for _ in range(pick.randint(2, 4)))
    rank = int(common ** pick.random())
    return "".join(random.Random(rank).choices(SYLLABLES, k=2 + rank % 3))


def natural(rows: int, seed: int = 0, words: tuple[int, int] = (15, 60)) -> list[str]:
    """Texts whose words follow Zipf's law and no template."""
    pick = random.Random(seed)
    return [" ".join(word(pick, 30_000) for _ in range(pick.randint(*words))) for _ in range(rows)]


def filled(templates: Sequence[str], rows: int, seed: int = 0) -> list[str]:
    """Rows made from templates with ``{a}``, ``{b}`` and ``{n}``."""
    pick = random.Random(seed)
    return [
        pick.choice(templates).format(a=word(pick), b=word(pick), n=pick.randint(1, 999))
        for _ in range(rows)
    ]


def write(path: Path, rows: Iterable[dict[str, object]]) -> Path:
    """Rows as JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path
