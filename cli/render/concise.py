"""An audit with one line per finding, for people who read many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from transxlab.cli.render.console import COLOURS
from transxlab.cli.render.text import end as end
from transxlab.engine.case import Concluded
from transxlab.engine.rulebook import Rulebook

if TYPE_CHECKING:
    from transxlab.cli.auditing.report import Report

BETWEEN = ""


def begin(_: Rulebook) -> str:
    """Nothing."""
    return ""


def one(report: Report) -> str:
    """``run.yaml:8:1: warning LR001 1e-4 is high ...`` for each finding."""
    return "".join(f"{_line(report, found)}\n" for found in report.standing)


def _line(report: Report, found: Concluded) -> str:
    where = found.origin if found.line is not None and found.origin else report.path
    if found.line is None and report.run is not None:
        where += f":{report.run.line}"
    spot = report.spot(found)
    if spot is not None:
        where += f":{spot.whole[0] + 1}"
    severity = click.style(found.severity, fg=COLOURS[found.severity], bold=True)
    subject = "" if found.line or not found.subject else f" ({found.subject})"
    return f"{where}: {severity} {click.style(found.rule.id, bold=True)} {found.message}{subject}"
