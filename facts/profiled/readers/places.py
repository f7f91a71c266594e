"""Files wherever they lie: on this machine, or behind a URL that fsspec has a backend for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, cast

_HEAD_BYTES = 1 << 16


class UnreachableError(OSError):
    """A URL that cannot be opened; the text says why and what to do."""


def is_url(path: str) -> bool:
    """Whether a path names its protocol, as in ``s3://bucket/train.jsonl``."""
    return "://" in path


def opened(path: str) -> BinaryIO:
    """A file opened for reading; raises OSError."""
    if not is_url(path):
        return Path(path).open("rb")
    system, inner = _system(path)
    try:
        return cast(BinaryIO, system.open(inner, "rb"))
    except OSError:
        raise
    except Exception as error:
        # Every backend has failures of its own kind; all mean that there is nothing to read.
        raise UnreachableError(f"{type(error).__name__}: {error}") from None


def size_bytes(path: str) -> int:
    """Size of a file in bytes; 0 when it cannot be looked at."""
    try:
        if not is_url(path):
            return Path(path).stat().st_size
        system, inner = _system(path)
        return int(system.size(inner) or 0)
    except Exception:
        return 0


def identity(path: str) -> str:
    """Size, time of change and first bytes of a file; what cannot be had is left out."""
    import hashlib

    known: list[object] = [size_bytes(path)]
    try:
        if is_url(path):
            system, inner = _system(path)
            info = system.info(inner)
            known += [str(info.get(name)) for name in ("mtime", "LastModified", "ETag", "created")]
        else:
            known.append(Path(path).stat().st_mtime_ns)
        with opened(path) as file:
            known.append(hashlib.sha256(file.read(_HEAD_BYTES)).hexdigest())
    except Exception:
        known.append("unreadable")
    return repr(known)


def found(pattern: str) -> list[str]:
    """The files that a URL with a pattern, or the URL of a folder, stands for; sorted."""
    try:
        system, inner = _system(pattern)
        if any(mark in inner for mark in "*?["):
            names = system.glob(inner)
        elif system.isdir(inner):
            names = system.find(inner)
        else:
            return [pattern]
    except Exception:
        return [pattern]
    return sorted(str(system.unstrip_protocol(name)) for name in names) or [pattern]


def _system(path: str) -> tuple[Any, str]:
    """The file system of a URL, and the path within it."""
    from importlib import import_module

    try:
        core = import_module("fsspec.core")
    except ImportError:
        raise UnreachableError("a URL needs fsspec: pip install 'transxlab[data]'") from None
    try:
        system, inner = core.url_to_fs(path)
    except (ImportError, ValueError) as error:
        raise UnreachableError(str(error)) from None
    return system, inner
