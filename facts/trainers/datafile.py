"""The data files that stand beside the code of this folder."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def data_file(name: str) -> str:
    """The text of a data file."""
    return (HERE / name).read_text(encoding="utf-8")
