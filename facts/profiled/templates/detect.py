"""Templates in one field of a sample: wrapper off, then skeletons and closed grammars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transxlab.facts.profiled.templates import grammar, skeleton, wrapper
from transxlab.facts.profiled.templates.corpus import corpus, fitting

NAMED = 20
"""Templates that are named."""

LEAST_ROWS = 20
"""Fewer texts are too few to say anything about."""


LEAST_FRAME_WORDS = 3
"""Constant words around one or two others that make a row a template rather than a label."""


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
    """Judge the texts of one field; fewer than 20 are too few to say anything about."""
    import numpy as np

    texts = texts[: fitting(texts)]
    rows = len(texts)
    if rows < LEAST_ROWS:
        nothing = (False,) * rows
        return Found(rows, nothing, tuple(map(len, texts)), nothing, ("", ""), (), 0)
    bare = wrapper.strip(texts)
    data = corpus(bare.inner)
    skeletons = skeleton.find(data)
    predictable = grammar.closed(data) & ~skeletons.flagged
    left = np.diff(data.offsets)
    # A label of one or two words is constant too, but nothing was filled in.
    frame = len(f"{bare.prefix} {bare.suffix}".split()) >= LEAST_FRAME_WORDS
    emptied = np.array(bare.carried) & (left > 0) & (left < 3) & frame
    templated = skeletons.flagged | predictable | emptied
    return Found(
        rows=rows,
        templated=tuple(templated.tolist()),
        own_chars=tuple(map(len, bare.inner)),
        wrapped=bare.carried,
        wrapper=(bare.prefix, bare.suffix),
        templates=tuple(skeleton.named(data, skeletons, templated, NAMED)),
        by_grammar=int(predictable.sum()),
    )
