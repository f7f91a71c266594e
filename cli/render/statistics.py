"""How often each rule speaks, and in how many files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from transxlab.cli.render.console import COLOURS, table
from transxlab.engine.rule import Decide, Finding, Rule, Severity

if TYPE_CHECKING:
    from transxlab.cli.auditing.report import Total


def severity(rule: Rule) -> Severity:
    """The severity a rule speaks with where nothing raises it."""
    then = rule.then
    if isinstance(then, Finding):
        return then.severity
    if isinstance(then, Decide) and then.alarm is not None:
        return then.alarm.severity
    return "advice"


def rows(total: Total) -> list[dict[str, Any]]:
    """One row per rule with a finding, most frequent first."""
    known = {rule.id: rule for rule in total.rules.rules}
    order = sorted(total.cited(), key=lambda rule: (-total.standing[rule], rule))
    return [
        {
            "rule": rule,
            "name": known[rule].name,
            "severity": severity(known[rule]),
            "count": total.standing[rule],
            "files": total.touched[rule],
            "waived": total.waived[rule],
        }
        for rule in order
    ]


def lines(total: Total) -> Iterator[str]:
    """The same as aligned text."""
    found = rows(total)
    yield from table(
        (
            (
                f"{row['count']:,}".rjust(6),
                click.style(row["rule"], fg=COLOURS[row["severity"]], bold=True),
                row["name"],
                f"in {row['files']:,} of {total.files:,} files"
                + (f", {row['waived']:,} waived" if row["waived"] else ""),
            )
            for row in found
        ),
        indent="",
    )
