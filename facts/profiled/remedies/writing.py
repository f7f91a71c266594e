"""Rows that stay and rows that go, each into a file of its own, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from transxlab.facts.profiled.block import unplace
from transxlab.facts.profiled.problem import Problem
from transxlab.facts.profiled.remedies.reasons import Reason
from transxlab.facts.profiled.remedies.walking import walk


@dataclass(slots=True)
class Written:
    """What was written."""

    kept: dict[str, int] = field(default_factory=dict)
    """Rows by the path they were written to."""
    removed: dict[str, int] = field(default_factory=dict)
    """Rows that were left out, by kind."""


def write_rows(
    paths: Sequence[str],
    reasons: Mapping[int, Reason],
    places: Mapping[int, str] | str,
    outs: Sequence[Path],
    audit: Path,
) -> Written:
    """Write each row without a reason to its file, and the others to the audit file.

    ``places``: the path of each row that stays, or one path for all. Rows come as JSON lines in the
    order of the input; a line of the audit holds ``file``, ``line``, ``rule``, ``detail`` and
    ``row`` (None where the row could not be read). Raises OSError and leaves nothing half-written.
    """
    from orjson import dumps

    written = Written({str(out): 0 for out in outs})
    with all_or_none([*map(str, outs), str(audit)]) as files:
        removed = files[str(audit)]

        def refuse(file: str, line: int, kind: str, detail: str, row: object) -> None:
            record = {"file": file, "line": line, "rule": kind, "detail": detail, "row": row}
            removed.write(dumps(record) + b"\n")
            written.removed[kind] = written.removed.get(kind, 0) + 1

        def unreadable(problem: Problem) -> None:
            refuse(problem.path, problem.line, problem.kind, problem.message, None)

        for walked in walk(paths, unreadable):
            for place, row in zip(walked.block.places.tolist(), walked.raw, strict=True):
                reason = reasons.get(place)
                if reason is not None:
                    number, line = unplace(place)
                    refuse(paths[number], line, reason.kind, reason.detail, row)
                    continue
                out = places if isinstance(places, str) else places[place]
                files[out].write(dumps(row) + b"\n")
                written.kept[out] += 1
    return written


@contextmanager
def all_or_none(paths: Sequence[str]) -> Iterator[dict[str, BinaryIO]]:
    """Files under temporary names, moved into place together when the block ends well."""
    files: dict[str, BinaryIO] = {}
    temporary: dict[str, str] = {}
    try:
        for path in paths:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{Path(path).name}.", dir=Path(path).parent)
            temporary[path] = name
            files[path] = os.fdopen(handle, "wb")
        yield files
        for file in files.values():
            file.close()
        for path, name in temporary.items():
            os.chmod(name, 0o644)  # noqa: PTH101
            Path(name).replace(path)
    except BaseException:
        for file in files.values():
            file.close()
        for name in temporary.values():
            Path(name).unlink(missing_ok=True)
        raise
