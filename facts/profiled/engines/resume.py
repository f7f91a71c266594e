"""Where a profile keeps its finished parts: found again by what was profiled with which code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from transxlab.facts.profiled.engines.store import Store
from transxlab.facts.profiled.readers import places

KEPT_DAYS = 7
"""Days after which the parts of a stopped run are thrown away."""


@contextmanager
def store(cache: Path | None, files: Mapping[str, Sequence[str]], settings: str) -> Iterator[Store]:
    """A store for these files: the one of a run that was stopped, or a new one.

    ``settings`` says what else the parts depend on, such as the size of a chunk.
    It is deleted when all is done and kept when the work is stopped. Without ``cache``, and where
    another run of the same files is at work, it is a temporary one.
    """
    kept = None if cache is None else cache / "profile" / _key(files, settings)
    lock = None if kept is None else _locked(kept)
    if kept is None or lock is None:
        with TemporaryDirectory(prefix="transxlab-") as folder:
            yield Store(folder)
        return
    with lock:
        _forget_old(kept)
        try:
            yield Store(str(kept))
        except BaseException:
            if not any(kept.glob("*.part")):
                _remove(kept)
            raise
        _remove(kept)


def _key(files: Mapping[str, Sequence[str]], settings: str) -> str:
    """Names, sizes, times and first bytes of the files, the settings, and the code."""
    import hashlib

    digest = hashlib.sha256(f"{settings} {_code()}".encode())
    for role, paths in files.items():
        for path in paths:
            digest.update(f"\n{role} {path} {places.identity(path)}".encode("utf-8", "replace"))
    return digest.hexdigest()[:24]


@lru_cache(maxsize=1)
def _code() -> str:
    """A digest of the code that profiles, so that no part of another version is taken up."""
    import hashlib

    digest = hashlib.sha256()
    folder = Path(__file__).parents[1]
    for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.yaml"))):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _locked(folder: Path) -> IO[bytes] | None:
    """A file that is locked as long as it is open; None where another process has locked it."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("wb")
    except OSError:
        return None
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _forget_old(kept: Path) -> None:
    """Remove what stopped runs left behind and nobody took up again."""
    from time import time

    for folder in kept.parent.iterdir():
        if folder != kept and folder.stat().st_mtime < time() - KEPT_DAYS * 86400:
            _remove(folder)


def _remove(folder: Path) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
