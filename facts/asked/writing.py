"""The text of an answers file: its values, and the line of every key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 20
"""A larger file is taken for something else."""
DEPTH = 3
"""Mappings inside each other that an answer's key may have (``split: {train: {rows: 9}}``)."""


class Unreadable(Exception):
    """The file cannot be used at all; the text says why."""


def load(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Answers by name, and lines (from 1) by path; raises Unreadable."""
    text = _text(path)
    data, lines = (_json(text), {}) if path.suffix.lower() == ".json" else _yaml(text)
    if data is None:
        return {}, {}
    if not isinstance(data, dict):
        raise Unreadable("expected answers by name, as in task: {kind: creative generation}")
    return {str(key): value for key, value in data.items()}, lines


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"is larger than {MOST_BYTES >> 20} MiB; no file of answers is")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unreadable(f"cannot be read ({(error.strerror or 'unknown').lower()})") from None
    except UnicodeDecodeError:
        raise Unreadable("is not text in UTF-8") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Unreadable(f"is not JSON ({error})") from None
    except RecursionError:
        raise Unreadable("is nested too deeply for answers") from None


def _yaml(text: str) -> tuple[Any, dict[str, int]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=loader)):
            raise Unreadable("holds a YAML alias; write the value out")
        root = yaml.compose(text, Loader=loader)
        return yaml.load(text, Loader=loader), dict(_lines(root))
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise Unreadable(f"is not YAML: {problem}{where}") from None
    except ValueError as error:
        raise Unreadable(f"holds a value YAML cannot make ({error})") from None
    except RecursionError:
        raise Unreadable("is nested too deeply for answers") from None


def _lines(node: Any, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """Line of every key: ``task``, ``task.kind``, ``split[train].rows``."""
    for key, value in node.value if getattr(node, "id", "") == "mapping" else ():
        names = (*parents, str(key.value))
        middle = f"[{names[1]}]" if len(names) == DEPTH else ""
        path = names[0] if len(names) == 1 else f"{names[0]}{middle}.{names[-1]}"
        yield path, key.start_mark.line + 1
        if len(names) < DEPTH:
            yield from _lines(value, names)
