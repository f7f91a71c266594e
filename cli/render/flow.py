"""The derivation of a finding as a SARIF code flow: from what was read to what is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from transxlab.cli.render.words import value
from transxlab.engine.case import Concluded
from transxlab.engine.why import Node, tree

if TYPE_CHECKING:
    from transxlab.cli.auditing.report import Report


def flow(report: Report, found: Concluded) -> dict[str, Any]:
    """A codeFlow with one thread: causes first, the finding last."""
    steps = list(_steps(tree(report.case, found), 0))
    locations = []
    for number, (node, depth) in enumerate(steps, 1):
        location: dict[str, Any] = {"message": {"text": _said(node)}}
        place = _place(node)
        if place is not None:
            location["physicalLocation"] = place
        step: dict[str, Any] = {
            "location": location,
            "nestingLevel": depth,
            "executionOrder": number,
        }
        step["importance"] = "essential" if depth < 2 else "unimportant"
        locations.append(step)
    return {"threadFlows": [{"locations": locations}]}


def _steps(node: Node, depth: int) -> Iterator[tuple[Node, int]]:
    for child in node.children:
        yield from _steps(child, depth + 1)
    yield node, depth


def _said(node: Node) -> str:
    if node.kind == "finding":
        return f"{node.label}: {node.text}"
    if node.kind == "unknown":
        return f"{node.label} is not known"
    if node.kind in ("excluded", "preferred", "firing", "candidate", "decision"):
        said = node.text or (node.rule.what if node.rule else "")
        return f"{node.label}: {said}" if said else node.label
    by = f" by {node.rule.id}" if node.rule else ""
    origin = f" ({node.origin})" if node.origin else ""
    return f"{node.label} = {value(node.value)}{by}{origin}"


def _place(node: Node) -> dict[str, Any] | None:
    """The line a value was read from, where there is one."""
    origin = node.origin
    if origin is None or origin.line is None:
        return None
    name = Path(origin.where)
    uri = name.as_uri() if name.is_absolute() else quote(name.as_posix())
    return {"artifactLocation": {"uri": uri}, "region": {"startLine": origin.line}}
