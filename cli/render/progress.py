"""A progress bar for long work, on standard error, with rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 30


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function to call with bytes done and bytes in all; the bar leaves no trace."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield advance


@contextmanager
def counter(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with how many are done, or a negative number to clear the line.

    On a terminal it draws a bar that leaves no trace; elsewhere nothing. It needs no thread, so
    processes can be forked beside it, and no library.
    """
    shown = sys.stderr.isatty()

    def draw(done: int) -> None:
        if not shown:
            return
        text = ""
        if done >= 0:
            filled = _WIDTH * done // max(total, 1)
            text = f"{title} {'━' * filled}{'╌' * (_WIDTH - filled)} {done:,}/{total:,}"
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    try:
        yield draw
    finally:
        draw(-1)
