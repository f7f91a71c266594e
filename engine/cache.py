"""The compiled rulebook: rules as JSON in the user's own cache folder.

JSON, because it holds data only: unlike a pickle, a planted file runs nothing; and a file that
somebody else owns is not believed either, for it could hide rules. A cache that is missing, stale,
broken or unwritable costs time, never correctness. What it depends on is told by size, inode and
times of the files (a change time cannot be set back), which is ten times as fast as reading them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transxlab.engine import rule as form
from transxlab.engine.expressions import Expression
from transxlab.facts.calculator import Calculator
from transxlab.facts.values import Interval
from transxlab.facts.vocabulary.template import Vocabulary

if TYPE_CHECKING:
    from transxlab.engine.rulebook import Rulebook

CLASSES: tuple[type, ...] = (
    form.Rule,
    Expression,
    form.Literally,
    form.Table,
    form.Target,
    form.Alarm,
    form.Finding,
    form.Derive,
    form.Decide,
    form.Exclude,
    form.Prefer,
    form.Accept,
    form.Source,
    form.Dissent,
    form.Fix,
    Interval,
)
"""Classes a cached rule is made of; the place of a class is its tag."""
_TAGS = {cls: tag for tag, cls in enumerate(CLASSES, 1)}
_ID, _THEN = (1 + [f.name for f in fields(form.Rule)].index(name) for name in ("id", "then"))
"""Places of two fields in a rule as ``encode`` writes it."""
_LEFT_OUT = frozenset({"examples", "run"})
_HOUSE = (Path(__file__).parent, Path(__file__).parent.parent / "facts" / "vocabulary")


def through(
    files: Sequence[tuple[int, Path, str]],
    vocabulary: Vocabulary,
    calculators: Mapping[str, Calculator],
    read: Callable[[], Rulebook],
    *,
    deriving: bool = False,
) -> Rulebook:
    """The rulebook from the cache if nothing it depends on changed, else as read, then cached.

    ``deriving``: of it only the rules that derive; the others are not even decoded.
    """
    from transxlab.engine.rulebook import deriving_only

    stamp = _stamp(files, vocabulary, calculators)
    place = folder()
    if place is None:
        return deriving_only(read()) if deriving else read()
    path = place / f"rulebook-{_key(files)}.json"
    cached = _load(path, stamp, vocabulary, deriving)
    if cached is not None:
        return cached
    fresh = read()
    _store(path, stamp, fresh)
    return deriving_only(fresh) if deriving else fresh


def folder() -> Path | None:
    """The user's cache folder of the project; None for a user without a home."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "transxlab"
    except RuntimeError:
        return None


def _key(files: Sequence[tuple[int, Path, str]]) -> str:
    layers = {(layer, root) for layer, root, _ in files}
    roots = sorted(f"{layer}:{root.resolve()}" for layer, root in layers)
    return hashlib.sha256("\n".join(roots).encode()).hexdigest()[:16]


def _stamp(
    files: Sequence[tuple[int, Path, str]],
    vocabulary: Vocabulary,
    calculators: Mapping[str, Calculator],
) -> str:
    """Changes whenever a rule file, the engine, the vocabulary or a calculator does."""
    digest = hashlib.sha256(sys.version.encode())
    for layer, _, file in files:
        digest.update(f"{layer}:{_seen(file)}\n".encode())
    for place in _HOUSE:
        with os.scandir(place) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name.endswith(".py"):
                    digest.update(f"{_seen(entry.path)}\n".encode())
    for name in sorted(calculators):
        calculator = calculators[name]
        digest.update(f"{name}{calculator.reads}{calculator.writes}".encode())
    lab = vocabulary.templates.get("lab")
    digest.update(repr(lab.slots if lab else None).encode())
    return digest.hexdigest()


def _seen(file: str) -> str:
    try:
        stat = os.stat(file)  # noqa: PTH116
    except OSError:
        return f"{file}:gone"
    return f"{file}:{stat.st_size}:{stat.st_ino}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def _load(path: Path, stamp: str, vocabulary: Vocabulary, deriving: bool) -> Rulebook | None:
    import json

    from transxlab.engine.rulebook import DERIVING, Rulebook, kept_steps

    try:
        if not _own(path):
            return None
        data = json.loads(path.read_bytes())
        if data["stamp"] != stamp:
            return None
        held, digest = data["rules"], data["digest"]
        steps = tuple((kind, name) for kind, name in data["steps"])
        if deriving:
            held = [rule for rule in held if rule[_THEN][0] == _TAGS[form.Derive]]
            digest, steps = digest + DERIVING, kept_steps(steps, {rule[_ID] for rule in held})
        rules = tuple(decode(rule) for rule in held)
        return Rulebook(rules, digest, vocabulary, steps, data["retired"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _own(path: Path) -> bool:
    """Whether the file is this user's, where the system knows users."""
    user = getattr(os, "getuid", None)
    return user is None or path.stat().st_uid == user()


def _store(path: Path, stamp: str, rulebook: Rulebook) -> None:
    import json
    import tempfile

    data = {
        "stamp": stamp,
        "digest": rulebook.digest,
        "steps": rulebook.steps,
        "retired": rulebook.retired,
        "rules": [encode(rule) for rule in rulebook.rules],
    }
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file)
        Path(temporary).replace(path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def encode(value: Any) -> Any:
    """A part of a rule as JSON data: tuples as ``[0, ...]``, dataclasses as ``[tag, ...]``."""
    if isinstance(value, tuple):
        return [0, *map(encode, value)]
    if is_dataclass(value) and not isinstance(value, type):
        held = [() if f.name in _LEFT_OUT else getattr(value, f.name) for f in fields(value)]
        if isinstance(value, Expression):
            held = held[:-1]
        return [_TAGS[type(value)], *map(encode, held)]
    return value


def decode(value: Any) -> Any:
    """The part of a rule that ``encode`` wrote."""
    if type(value) is not list:
        return value
    tag, *held = value
    if not tag:
        if not held:
            return ()
        return tuple([decode(item) if type(item) is list else item for item in held])
    return CLASSES[tag - 1](*[decode(item) if type(item) is list else item for item in held])
