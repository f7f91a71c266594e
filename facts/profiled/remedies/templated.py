"""Rows made from templates, judged in windows of the whole data instead of one sample."""

from __future__ import annotations

from transxlab.facts.profiled.measures.templates import mostly_templated
from transxlab.facts.profiled.templates.detect import Found, detect

WINDOW_ROWS = 20_000
"""Different rows judged together: what the profile's sample holds."""

LEAST_WINDOW = 2_000
"""A last window below this many rows is judged with the one before it."""


class Windows:
    """Rows in order, judged window by window; copies of a row share its verdict."""

    def __init__(self) -> None:
        self._window: list[tuple[int, str, str]] = []
        self._places: dict[int, list[int]] = {}
        self._found: list[tuple[int, str | None]] = []

    def add(self, place: int, key: int, given: str, wanted: str, *, fresh: bool) -> None:
        """Take one row; ``fresh``: no earlier row has its content."""
        self._places.setdefault(key, []).append(place)
        if fresh:
            self._window.append((key, given, wanted))
        if len(self._window) >= WINDOW_ROWS + LEAST_WINDOW:
            self._judge(WINDOW_ROWS)

    def templated(self) -> list[tuple[int, int, str | None]]:
        """Place and content hash of every templated row, with its window's most frequent template.

        None: a grammar made them, there is no template to show.
        """
        self._judge(len(self._window))
        return [(place, key, text) for key, text in self._found for place in self._places[key]]

    def _judge(self, rows: int) -> None:
        window, self._window = self._window[:rows], self._window[rows:]
        while window:
            inputs = detect([row[1] for row in window])
            outputs = detect([row[2] for row in window])
            judged = min(inputs.rows, outputs.rows) or len(window)
            for index in range(min(judged, len(window), inputs.rows, outputs.rows)):
                if mostly_templated(inputs, outputs, index):
                    self._found.append((window[index][0], _name(inputs, outputs)))
            window = window[judged:]


def _name(inputs: Found, outputs: Found) -> str | None:
    """The most frequent template of the window."""
    named = [*inputs.templates, *outputs.templates]
    return max(named, key=lambda template: template[1])[0] if named else None
