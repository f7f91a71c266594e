"""Where rulebooks lie: built in, in packs, in the project. Nothing of them is imported."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BUILT_IN = Path(__file__).parent.parent / "rules"
GROUP = "transxlab.rulebooks"


def discover(project: Path, extra: Sequence[Path] = ()) -> list[tuple[int, Path]]:
    """Folders of rules with their layer: 0 built in, 1 packs, 2 the project's own lessons.

    Packs are the user's config folder, installed packages that declare the entry point group
    ``transxlab.rulebooks``, and ``extra``, which must exist. The project is the nearest folder at
    or above ``project`` that holds ``.transxlab/rules``.
    """
    folders = [(0, BUILT_IN)]
    folders += [(1, folder) for folder in (*_user(), *installed()) if folder.is_dir()]
    folders += [(1, folder) for folder in extra]
    own = project_rules(project)
    if own is not None:
        folders.append((2, own))
    return folders


def project_rules(project: Path) -> Path | None:
    """``.transxlab/rules`` of the nearest folder that has it."""
    here = project.resolve()
    for folder in (here, *here.parents):
        rules = folder / ".transxlab" / "rules"
        if rules.is_dir():
            return rules
    return None


def _user() -> Iterator[Path]:
    """The user's own rules; nothing for a user without a home."""
    base = os.environ.get("XDG_CONFIG_HOME")
    with contextlib.suppress(RuntimeError):
        yield (Path(base) if base else Path.home() / ".config") / "transxlab" / "rules"


def installed() -> Iterator[Path]:
    """Folders that installed distributions declare, found through their metadata alone."""
    for place in sys.path:
        try:
            entries = list(os.scandir(place or "."))
        except OSError:
            continue
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.endswith(".dist-info"):
                yield from _declared(Path(entry.path), Path(place or "."))


def _declared(metadata: Path, site: Path) -> Iterator[Path]:
    try:
        text = (metadata / "entry_points.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if f"[{GROUP}]" not in text:
        return
    from configparser import ConfigParser, Error

    parser = ConfigParser(delimiters=("=",))
    try:
        parser.read_string(text)
    except Error:
        return
    for _, package in parser.items(GROUP):
        yield site.joinpath(*package.split(":")[0].strip().split("."))
