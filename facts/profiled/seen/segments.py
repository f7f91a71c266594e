"""A view as text again: stretches of trained and untrained tokens, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from transxlab.facts.profiled.seen.codec import Codec


@dataclass(frozen=True, slots=True)
class Segment:
    """Some tokens one after the other that are all trained, or none of them."""

    text: str
    """The tokens as text, special ones by name."""
    trained: bool
    """Whether they count in the loss."""
    tokens: int
    """How many they are."""
    stop: bool = False
    """Whether this is one token that ends an answer."""


def segments(ids: Sequence[int], trained: Sequence[bool], codec: Codec) -> list[Segment]:
    """The stretches of a row; every token that ends an answer is one of its own."""
    kinds = [
        (bit, index if token in codec.stops else -1)
        for index, (token, bit) in enumerate(zip(ids, trained, strict=True))
    ]
    made: list[Segment] = []
    at, before = 0, ""
    for (bit, stop), held in groupby(kinds):
        size = len(list(held))
        after = codec.tokenizer.decode(list(ids[: at + size]))
        # What tokens look like depends on those before them: a leading space, half a letter.
        whole = after.startswith(before) and "\ufffd" not in before[-1:]
        piece = codec.tokenizer.decode(list(ids[at : at + size]))
        made.append(Segment(after[len(before) :] if whole else piece, bit, size, stop >= 0))
        at, before = at + size, after
    return made
