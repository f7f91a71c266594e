"""Columns that grow by rows and move to disk when they are large."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

IN_MEMORY_BYTES = 64 << 20
"""Size above which the columns are written to a temporary file, deleted with its last user."""


class Shelf:
    """Named arrays of equal length; what is in a file is read back as needed."""

    def __init__(self) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self._files: dict[str, IO[bytes]] = {}
        self._kinds: dict[str, tuple[Any, tuple[int, ...]]] = {}
        self._held = 0

    def add(self, **columns: NDArray[Any]) -> None:
        """Append rows to every column."""
        import numpy as np

        for name, values in columns.items():
            part = np.ascontiguousarray(values)
            self._kinds.setdefault(name, (part.dtype, part.shape[1:]))
            self._parts.setdefault(name, []).append(part)
            self._held += part.nbytes
        if self._held > IN_MEMORY_BYTES:
            self._write()

    def merge(self, other: Shelf) -> None:
        """Append the rows of another shelf."""
        if other._kinds:
            self.add(**{name: other.column(name) for name in other._kinds})

    def column(self, name: str) -> NDArray[Any]:
        """All rows of one column, in the order they were added; mapped where it is in a file."""
        import numpy as np

        parts = self._parts.get(name, [])
        if name not in self._files:
            return np.concatenate(parts) if parts else np.zeros(0, np.int64)
        self._write()
        dtype, shape = self._kinds[name]
        file = self._files[name]
        file.flush()
        flat = np.memmap(file, dtype, mode="r")
        return flat.reshape(-1, *shape)

    def _write(self) -> None:
        for name, parts in self._parts.items():
            file = self._files.get(name)
            if file is None:
                # Kept open on purpose: the file lives as long as the columns do.
                file = self._files[name] = TemporaryFile()  # noqa: SIM115
            for part in parts:
                file.write(part.data)
            parts.clear()
        self._held = 0

    def __getstate__(self) -> dict[str, Any]:
        if self._files:
            columns = {name: [self.column(name)[:]] for name in self._kinds}
        else:
            columns = self._parts
        return {"_parts": columns, "_kinds": self._kinds, "_files": {}, "_held": self._held}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
