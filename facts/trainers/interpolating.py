"""OmegaConf's ``${a.b}``, followed within a file."""

from __future__ import annotations

import re
from dataclasses import replace

from transxlab.facts.trainers.document import Cell, Document
from transxlab.facts.trainers.failure import Problem

_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.]*)\}")
_DEEPEST = 10


def interpolated(document: Document) -> Document:
    """The document with its references to its own keys followed; the rest is reported."""
    cells = dict(document.cells)
    if not any(cell.text is not None and "${" in cell.text for cell in cells.values()):
        return document
    problems = list(document.problems)
    for key, cell in document.cells.items():
        if isinstance(cell.value, str) and "${" in cell.value:
            found = _follow(cell, document, 0)
            cells[key] = found
            if isinstance(found.value, str) and "${" in found.value:
                problems.append(
                    Problem(document.file, cell.line, f"{key}: {cell.text} is not resolved here")
                )
    return replace(document, cells=cells, problems=tuple(problems))


def _follow(cell: Cell, document: Document, depth: int) -> Cell:
    text = cell.value
    if not isinstance(text, str) or "${" not in text or depth > _DEEPEST:
        return cell
    whole = _REFERENCE.fullmatch(text)
    if whole:
        target = document.cells.get(whole[1])
        if target is None:
            return cell
        found = _follow(target, document, depth + 1)
        return replace(cell, value=found.value, type=found.type, text=found.text)

    def put(match: re.Match[str]) -> str:
        target = document.cells.get(match[1])
        if target is None or isinstance(target.value, (dict, list)):
            return match[0]
        value = _follow(target, document, depth + 1).value
        return "" if value is None else str(value)

    filled = _REFERENCE.sub(put, text[:4000])
    return replace(cell, value=filled[:4000], text=filled[:4000])
