"""Bars of text: shares that can be read in a terminal and on a page."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = " ▏▎▍▌▋▊▉█"
"""Eighths of a column."""


def bar(share: float, width: int) -> str:
    """A bar of ``share`` of the width; anything above nothing is seen."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    return "█" * (eighths // 8) + BLOCKS[eighths % 8].strip()


def bars(rows: Sequence[tuple[str, float, str]], width: int = 30) -> list[str]:
    """A line for each label with its share (0 to 1) and a note; the longest bar fills the width."""
    if not rows:
        return []
    longest = max(share for _, share, _ in rows) or 1.0
    label = max(len(text) for text, _, _ in rows)
    return [
        f"{text:>{label}}  {bar(share / longest, width):<{width}}  {percent(share):>6}"
        f"{'  ' + note if note else ''}".rstrip()
        for text, share, note in rows
    ]


def percent(share: float) -> str:
    """``45.3%``; ``<0.1%`` for what is there but hardly."""
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{100 * share:.1f}%"


def shortened(text: str, most: int) -> str:
    """A text in one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
