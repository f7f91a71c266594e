"""Constant text that most rows share around their own content: prompt wrappers, not templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHARE = 0.5
"""Share of rows that must carry a wrapper for it to be one."""

SHORTEST_CHARS = 4
"""Shorter constant text is not worth a name."""

_PROBES = 400


@dataclass(frozen=True, slots=True)
class Wrapper:
    """Constant beginning and end of rows."""

    prefix: str
    """Constant beginning; empty if there is none."""
    suffix: str
    """Constant end; empty if there is none."""
    carried: tuple[bool, ...]
    """For each row, whether it carries the wrapper."""
    inner: tuple[str, ...]
    """The rows without it."""


def strip(texts: Sequence[str]) -> Wrapper:
    """Find the constant beginning and end that most of the texts share, and take them off."""
    prefix = _common(texts)
    suffix = _common([text[::-1] for text in texts])[::-1]
    prefix, suffix = _whole_words(prefix, suffix)
    carried, inner = [], []
    for text in texts:
        begins = bool(prefix) and text.startswith(prefix)
        ends = bool(suffix) and text.endswith(suffix) and len(text) >= len(prefix) + len(suffix)
        carried.append(begins or ends)
        inner.append(text[len(prefix) if begins else 0 : len(text) - len(suffix) if ends else None])
    return Wrapper(prefix, suffix, tuple(carried), tuple(inner))


def _common(texts: Sequence[str]) -> str:
    """The longest beginning that at least SHARE of a probe of the texts has."""
    step = max(1, len(texts) // _PROBES)
    probes = sorted(texts[::step])
    need = int(len(probes) * SHARE) + 1
    if need > len(probes) or len(probes) < 8:
        return ""
    # In sorted order rows with a common beginning stand together, so every window of `need` rows
    # that shares one shares exactly what its first and last row share.
    windows = zip(probes, probes[need - 1 :], strict=False)
    return max((_shared(*pair) for pair in windows), key=len, default="")


def _shared(one: str, two: str) -> str:
    length = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), None)
    return one[: min(len(one), len(two)) if length is None else length]


def _whole_words(prefix: str, suffix: str) -> tuple[str, str]:
    while prefix and prefix[-1].isalnum():
        prefix = prefix[:-1]
    while suffix and suffix[0].isalnum():
        suffix = suffix[1:]
    return (
        prefix if len(prefix.strip()) >= SHORTEST_CHARS else "",
        suffix if len(suffix.strip()) >= SHORTEST_CHARS else "",
    )
