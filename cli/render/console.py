"""A case as text for people: plain when piped, coloured on a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from transxlab.cli.knowledge import Sources
from transxlab.cli.render.contract import standing, summary
from transxlab.cli.render.words import amount, bounds
from transxlab.engine.case import Case, Concluded
from transxlab.engine.rule import Severity

COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow", "advice": "cyan"}
_LABEL = 12
_INDENT = "  "


def width() -> int:
    """Columns to fill: those of the terminal, at most 110."""
    return min(shutil.get_terminal_size((100, 24)).columns, 110)


def heading(text: str) -> str:
    """A section's title."""
    return click.style(text, bold=True)


def field(label: str, text: str) -> list[str]:
    """A labelled paragraph, wrapped; nothing for an empty one."""
    if not text:
        return []
    hanging = " " * (_LABEL + len(_INDENT))
    paragraphs = text.splitlines()
    lines = textwrap.wrap(
        paragraphs[0], width(), initial_indent=hanging, subsequent_indent=hanging
    ) or [hanging]
    for paragraph in paragraphs[1:]:
        lines += textwrap.wrap(
            paragraph, width(), initial_indent=hanging + "  ", subsequent_indent=hanging + "  "
        )
    first = lines[0][len(hanging) :]
    return [_INDENT + click.style(f"{label:<{_LABEL}}", dim=True) + first, *lines[1:]]


def finding(found: Concluded, sources: Sources, *, full: bool = True) -> Iterator[str]:
    """The lines of one finding: what, where, why it matters, what to do, and who says so."""
    rule = found.rule
    title = click.style(found.severity, fg=COLOURS[found.severity], bold=True)
    where = f"  {found.origin}" if found.origin else f"  {found.subject}" if found.subject else ""
    yield f"{title} {click.style(rule.id, bold=True)} {rule.name}{click.style(where, dim=True)}"
    yield from textwrap.wrap(
        found.message, width(), initial_indent=_INDENT, subsequent_indent=_INDENT
    )
    yield from _own_line(found)
    for path, value in found.recommend.items():
        yield from field("recommend", f"{path}: {bounds(value)}")
    yield from field("instead", rule.instead)
    for note in found.notes:
        yield from field("note", note)
    if full:
        yield from field("why", rule.why)
        yield from field("costs", rule.costs)
    for source in rule.sources:
        yield from field("source", sources.cite(source.id, source.where, rule.evidence))
    for dissent in rule.dissent:
        yield from field("differs", f"{sources.cite(dissent.id)}: {dissent.says}")
    if found.silenced:
        yield from field("accepted", found.silenced)


def _own_line(found: Concluded) -> Iterator[str]:
    """The user's own line with a caret under the key."""
    if found.line is None or found.origin is None or found.key is None:
        return
    file = Path(found.origin.rsplit(":", 1)[0])
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            text = next((row for n, row in enumerate(lines, 1) if n == found.line), "").rstrip()
    except OSError:
        return
    last = found.key.rsplit(".", 1)[-1]
    place = text.find(last)
    if place < 0 or len(text) > 200:
        return
    number = f"{found.line:>{_LABEL - 2}} "
    yield f"{_INDENT}{click.style(number + '|', dim=True)} {text}"
    caret = click.style("^" * len(last), fg=COLOURS[found.severity])
    yield f"{_INDENT}{' ' * len(number)}{click.style('|', dim=True)} {' ' * place}{caret}"


def findings(case: Case, sources: Sources, *, full: bool = True) -> Iterator[str]:
    """All standing findings, worst first, then a line on those that were accepted."""
    for found in standing(case):
        yield from finding(found, sources, full=full)
        yield ""
    accepted = [found for found in case.findings if found.silenced]
    for found in accepted:
        yield click.style(f"accepted {found.rule.id} {found.rule.name}: {found.silenced}", dim=True)
    if accepted:
        yield ""


def counts(cases: Sequence[Case]) -> str:
    """``2 errors, 1 warning, 0 advice; 14 rules not judged``."""
    total = summary(cases)
    parts = [
        amount(total["error"], "error"),
        amount(total["warning"], "warning"),
        f"{total['advice']} advice",
    ]
    judged = f"; {amount(total['not_judged'], 'rule')} not judged" if total["not_judged"] else ""
    return ", ".join(parts) + judged


def few(remarks: Sequence[str], most: int = 8) -> list[str]:
    """The first remarks about inputs, and how many more there are."""
    if len(remarks) <= most:
        return list(remarks)
    return [*remarks[:most], f"... and {len(remarks) - most:,} more; --format json lists all"]


def table(rows: Iterable[Sequence[str]], *, indent: str = _INDENT) -> Iterator[str]:
    """Rows in aligned columns; the last column is not padded."""
    cells = [list(row) for row in rows]
    if not cells:
        return
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]) - 1)]
    for row in cells:
        padded = [cell.ljust(size) for cell, size in zip(row, widths, strict=False)]
        yield indent + "  ".join([*padded, row[-1]]).rstrip()
