"""Columns that grow by rows and move to files, so that memory does not grow with them.

A shelf is a list of segments. One segment holds rows that were added one after the other; merging
two shelves joins their lists and copies nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

IN_MEMORY_BYTES = 64 << 20
"""Size above which a shelf that nobody stores moves to a temporary file of its own."""


@dataclass(slots=True)
class Segment:
    """Some rows: held in memory, or in a file where ``path`` is set."""

    rows: int = 0
    """Rows of the segment."""
    held: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    """Columns in memory, in pieces."""
    path: str | None = None
    """File of the columns, one after the other."""
    layout: dict[str, tuple[int, str, tuple[int, ...]]] = field(default_factory=dict)
    """First byte, type and shape of each column in the file."""

    def column(self, name: str) -> NDArray[Any]:
        """One column; mapped where it is in a file, so drop it soon after use."""
        import numpy as np

        if self.path is None:
            pieces = self.held[name]
            if len(pieces) > 1:
                pieces[:] = [np.concatenate(pieces)]
            return pieces[0]
        start, kind, shape = self.layout[name]
        return np.memmap(self.path, np.dtype(kind), "r", start, shape)

    def read(self, name: str) -> NDArray[Any]:
        """One column, copied into memory."""
        import numpy as np

        if self.path is None:
            return self.column(name)
        start, kind, shape = self.layout[name]
        count = 1
        for size in shape:
            count *= size
        return np.fromfile(self.path, np.dtype(kind), count, offset=start).reshape(shape)

    @property
    def held_bytes(self) -> int:
        """Memory the segment takes."""
        return sum(piece.nbytes for pieces in self.held.values() for piece in pieces)

    def write(self, path: Path) -> None:
        """Move the columns to a file."""
        position = 0
        with path.open("wb") as file:
            for name in self.held:
                values = self.column(name)
                self.layout[name] = (position, values.dtype.str, values.shape)
                file.write(values.data)
                position += values.nbytes + -values.nbytes % 8
                file.write(bytes(-values.nbytes % 8))
        self.held.clear()
        self.path = str(path)


class Shelf:
    """Named columns of equal length, as segments in no certain order."""

    __slots__ = ("_own", "_segments")

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._own: list[TemporaryDirectory[str]] = []

    def add(self, **columns: NDArray[Any]) -> None:
        """Append rows to the last segment, or to a new one where the last is in a file."""
        import numpy as np

        rows = len(next(iter(columns.values())))
        if not rows:
            return
        if not self._segments or self._segments[-1].path is not None:
            self._segments.append(Segment())
        segment = self._segments[-1]
        segment.rows += rows
        for name, values in columns.items():
            segment.held.setdefault(name, []).append(np.ascontiguousarray(values))
        if segment.held_bytes > IN_MEMORY_BYTES:
            if not self._own:
                self._own.append(TemporaryDirectory(prefix="transxlab-"))
            segment.write(Path(self._own[0].name) / f"{len(self._segments)}.columns")

    def close(self) -> None:
        """Begin a new segment with the next row."""
        self._segments.append(Segment())

    def merge(self, other: Shelf) -> None:
        """Take over the segments of another shelf."""
        self._segments = [s for s in (*self._segments, *other._segments) if s.rows]
        self._own += other._own
        self.close()

    def segments(self) -> list[Segment]:
        """The segments that hold rows."""
        return [segment for segment in self._segments if segment.rows]

    def store(self, names: Iterator[Path]) -> None:
        """Move what is in memory to files, whose owner deletes them."""
        for segment in self.segments():
            if segment.path is None:
                segment.write(next(names))

    @property
    def rows(self) -> int:
        """Rows of all segments."""
        return sum(segment.rows for segment in self._segments)

    @property
    def held_bytes(self) -> int:
        """Memory the columns take."""
        return sum(segment.held_bytes for segment in self._segments)

    def __getstate__(self) -> dict[str, Any]:
        # Files of its own go with this shelf, so their columns travel in memory.
        segments = [self._lasting(segment) for segment in self.segments()]
        return {"_segments": segments, "_own": []}

    def _lasting(self, segment: Segment) -> Segment:
        if segment.path is None or Path(segment.path).parent not in {
            Path(own.name) for own in self._own
        }:
            return segment
        return Segment(segment.rows, {name: [segment.read(name)] for name in segment.layout})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._segments, self._own = state["_segments"], state["_own"]
