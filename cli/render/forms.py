"""The formats of an audit: each renders one file at a time, so that nothing is kept."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from transxlab.cli.auditing.report import Report, Total
    from transxlab.engine.rulebook import Rulebook

MODULES = {
    "text": "text",
    "concise": "concise",
    "json": "document",
    "sarif": "sarif",
    "github": "github",
    "junit": "junit",
    "md": "markdown",
}
"""The module of each format."""
FORMS = tuple(MODULES)


class Renderer(Protocol):
    """What a format's module has."""

    BETWEEN: str
    """What stands between two files."""

    def begin(self, rules: Rulebook, /) -> str:
        """What stands before the first file."""

    def one(self, report: Report) -> str:
        """One file; empty where there is nothing to say about it."""

    def end(self, total: Total) -> str:
        """What stands after the last file."""


def renderer(form: str) -> Renderer:
    """The module of a format."""
    return cast("Renderer", import_module(f"transxlab.cli.render.{MODULES[form]}"))
