"""Rows of the data files that stand beside the code."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path


def rows(package: str, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of a package, by column name; empty cells are empty text."""
    file = importlib.import_module(package).__file__
    if file is None:
        raise FileNotFoundError(f"{package} has no folder to hold {name}")
    text = (Path(file).parent / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
