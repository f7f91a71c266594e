"""Rows of the data files that stand beside the code."""

from __future__ import annotations

import csv
from importlib import resources


def rows(package: str, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of a package, by column name; empty cells are empty text."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
