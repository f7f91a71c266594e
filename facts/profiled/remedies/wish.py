"""What a user wants done to data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KINDS: Mapping[str, str] = {
    "empty": "the output, or the input where the format has one, holds no word",
    "broken": "broken encoding or control characters",
    "roles": "the order of roles fits no chat template",
    "long": "more tokens than the limit",
    "duplicates": "repeats an earlier row",
    "near": "nearly equal to an earlier row",
    "leaks": "also stands in a held-out split",
    "templates": "made from a template, beyond the share that is allowed",
}
"""Kinds of rows that can be dropped, in the order in which a row's reason is looked for."""

USUAL = ("empty", "broken", "duplicates", "leaks")
"""What is dropped where nobody says: rows that no purpose needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which rows go."""

    kinds: tuple[str, ...] = USUAL
    """Keys of KINDS."""
    max_tokens: int | None = None
    """Tokens of the longest row that stays; needed for ``long``."""
    template_share: float = 0.2
    """Share of the rows that stay which may be made from templates, 0 to 1."""
    seed: int = 42
    """Decides which templated rows stay."""
