"""Lines of a text by the place of a character."""

from __future__ import annotations


def line_start(text: str, place: int) -> int:
    """Where the line of a character begins."""
    return text.rfind("\n", 0, place) + 1


def after_line(text: str, place: int) -> int:
    """Where the line after that of a character begins; the end of the text where none follows."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def newline(text: str) -> str:
    """How the lines of a text end."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
