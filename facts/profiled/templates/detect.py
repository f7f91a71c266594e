"""Templates in one field of a sample: wrapper off, then skeletons and closed grammars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transxlab.facts.profiled.templates import grammar, naming, skeleton, wrapper
from transxlab.facts.profiled.templates.corpus import corpus, fitting

NAMED = 20
"""Templates that are named."""

LEAST_ROWS = 20
"""Fewer texts are too few to say anything about."""


LEAST_FRAME_WORDS = 3
"""Fewest constant words around a row's own text that can be the fixed part of a template."""

SHOWN_FRAME_CHARS = 120
"""Longest frame that is shown with a template."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in the texts of one field."""

    rows: int
    """Texts judged: the first ones that fit the budget."""
    templated: tuple[bool, ...]
    """For each of them, whether it is made from a template or by a closed grammar."""
    own_chars: tuple[int, ...]
    """Characters of each without the wrapper."""
    wrapped: tuple[bool, ...]
    """For each of them, whether it carries the wrapper."""
    wrapper: tuple[str, str]
    """Constant beginning and end; empty where there is none."""
    templates: tuple[tuple[str, int, int], ...]
    """Templates with slots as ``{}``, their number of texts, and the index of one of them."""
    by_grammar: int
    """Texts called templated because they are predictable, with no skeleton to show."""

    @property
    def share(self) -> float:
        """Share of texts made from templates."""
        return sum(self.templated) / self.rows if self.rows else 0.0

    @property
    def wrapper_share(self) -> float:
        """Share of texts that carry the wrapper."""
        return sum(self.wrapped) / self.rows if self.rows else 0.0


def detect(texts: Sequence[str]) -> Found:
    """Judge the texts of one field; fewer than 20 different ones are too few to say anything about.

    Equal texts are judged once: a prompt that is asked again is no template.
    """
    import numpy as np

    texts = texts[: fitting(texts)]
    places: dict[str, int] = {}
    which = [places.setdefault(text, len(places)) for text in texts]
    different = list(places)
    if len(different) < LEAST_ROWS:
        nothing = (False,) * len(texts)
        return Found(len(texts), nothing, tuple(map(len, texts)), nothing, ("", ""), (), 0)
    bare = wrapper.strip(different)
    data = corpus(bare.inner)
    # A constant of a word or two around other text is a label's or a list's, not a frame.
    framed = len(f"{bare.prefix} {bare.suffix}".split()) >= LEAST_FRAME_WORDS
    skeletons = skeleton.find(data, np.array(bare.carried) if framed else None)
    predictable = grammar.closed(data) & ~skeletons.flagged
    templated = skeletons.flagged | predictable
    first = np.unique(which, return_index=True)[1]
    return Found(
        rows=len(texts),
        templated=tuple(templated[which].tolist()),
        own_chars=tuple(len(bare.inner[i]) for i in which),
        wrapped=tuple(bare.carried[i] for i in which),
        wrapper=(bare.prefix, bare.suffix),
        templates=tuple(
            (_within(bare, text), count, int(first[row]))
            for text, count, row in naming.named(data, skeletons, templated, NAMED)
        ),
        by_grammar=int(predictable[which].sum()),
    )


def _within(frame: wrapper.Wrapper, text: str) -> str:
    """A template with the constant text around it, where that is short."""
    whole = " ".join(f"{frame.prefix} {text} {frame.suffix}".split()).lower()
    return whole if len(whole) - len(text) <= SHOWN_FRAME_CHARS else text
