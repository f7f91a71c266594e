"""Parquet and Arrow files, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from transxlab.facts.profiled.problem import Problem, Report

if TYPE_CHECKING:
    from transxlab.facts.profiled.readers.source import Chunk, Record

_BATCH_ROWS = 4096


def read(chunk: Chunk, report: Report) -> Iterator[Record]:
    """The rows of a Parquet or Arrow file, numbered from 1."""
    try:
        pyarrow = import_module("pyarrow")
    except ImportError:
        message = f"is {chunk.format.capitalize()}; install pyarrow to read it"
        report(Problem(chunk.path, 0, "needs-pyarrow", message, fatal=True))
        return
    number = 0
    try:
        for batch in _batches(chunk):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"breaks off after {number} rows ({reason}); what came before is used"
        report(Problem(chunk.path, number, "unreadable", message, fatal=number == 0))


def _batches(chunk: Chunk) -> Iterator[Any]:
    if chunk.format == "parquet":
        parquet = import_module("pyarrow.parquet")
        with parquet.ParquetFile(chunk.path) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS)
        return
    ipc = import_module("pyarrow.ipc")
    with import_module("pyarrow").memory_map(chunk.path) as source:
        reader = ipc.open_file(source)
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
