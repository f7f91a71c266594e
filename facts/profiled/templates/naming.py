"""What the found templates look like: fixed words, slots, and how many rows each one made."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from transxlab.facts.profiled.templates.corpus import NUMBER, Corpus
from transxlab.facts.profiled.templates.skeleton import Skeletons, function_words

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts, Flags

FIXED_SHARE = 0.9
"""Share of a skeleton's rows a word must stand in to be shown as fixed."""

_GROUPS = 400
_PROBES = 40


def named(corpus: Corpus, found: Skeletons, rows: Flags, limit: int) -> list[tuple[str, int, int]]:
    """The most frequent templates among some rows: text with slots, rows, and one row of it.

    One template has many skeletons, because what fills a slot may hold frequent words too.
    Skeletons whose fixed words of content are the same are therefore counted together.
    """
    import numpy as np

    merged: dict[frozenset[str], tuple[str, int, int]] = {}
    for members in _groups(found, np.flatnonzero(rows & (found.level >= 0))):
        words = _common_words(corpus, members[:_PROBES])
        text = spelled(corpus, words, int(members[0]))
        content = frozenset(w for w in words if w[0].isalpha() and w not in function_words())
        shown, count, row = merged.get(content or frozenset((text,)), (text, 0, int(members[0])))
        merged[content or frozenset((text,))] = (shown, count + len(members), row)
    return sorted(merged.values(), key=lambda entry: (-entry[1], entry[0]))[:limit]


def _groups(found: Skeletons, at: Counts) -> list[Counts]:
    """The rows of each of the most frequent skeletons, most frequent first."""
    import numpy as np

    if not len(at):
        return []
    key = found.key[at] + found.level[at].astype(np.uint64)
    order = np.argsort(key, kind="stable")
    cuts = np.flatnonzero(np.diff(key[order])) + 1
    groups = np.split(at[order], cuts)
    return sorted(groups, key=lambda rows: (-len(rows), int(rows[0])))[:_GROUPS]


def _common_words(corpus: Corpus, rows: Counts) -> set[str]:
    """Words that nearly all of the rows hold; numbers apart, they are always slots."""
    seen: Counter[int] = Counter()
    place: dict[int, int] = {}
    for row in rows.tolist():
        begin, end = int(corpus.offsets[row]), int(corpus.offsets[row + 1])
        at = dict(zip(corpus.hash[begin:end].tolist(), range(begin, end), strict=True))
        seen.update(at.keys())
        place.update(at)
    often = (h for h, count in seen.items() if count >= FIXED_SHARE * len(rows) and h != NUMBER)
    return {corpus.word(place[value]) for value in often}


def spelled(corpus: Corpus, fixed: set[str], row: int) -> str:
    """One row as text, every run of words that are not fixed as ``{}``, numbers as ``<n>``."""
    parts: list[str] = []
    for index in range(int(corpus.offsets[row]), int(corpus.offsets[row + 1])):
        word = corpus.word(index)
        if word in fixed or word == "<n>":
            parts.append(word)
        elif not parts or parts[-1] != "{}":
            parts.append("{}")
    return " ".join(parts)
