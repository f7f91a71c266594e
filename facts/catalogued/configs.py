"""A model's ``config.json``: from a file, a folder, a cache, or by hub id from the network."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
"""Owner and name of a repository on the hub."""
SECONDS = 15.0
"""Longest wait for the network."""
LARGEST = 1 << 20
"""Bytes of a config.json that is still believed to be one."""


class NoConfig(Exception):
    """One sentence that says why a model's config could not be had, and what would help."""


def load(name: str) -> Mapping[str, Any]:
    """The config that a path or hub id stands for; raises NoConfig.

    A folder means its ``config.json``; a ``.yaml`` file is returned as it stands. A hub id that is
    no path is looked up in the project's cache, in Hugging Face's, and then on the network.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        path = path / "config.json"
    if path.exists() or not HUB_ID.fullmatch(name):
        return _read(path, name)
    for place in (_own(name), *_hubs(name)):
        if place is not None and place.is_file():
            return _read(place, str(place))
    return _fetch(name)


def _read(path: Path, name: str) -> Mapping[str, Any]:
    try:
        text = path.read_bytes()
    except OSError as problem:
        raise NoConfig(f"{name}: cannot be read ({problem.strerror})") from None
    return _parsed(text, name, is_yaml=path.suffix in (".yaml", ".yml"))


def _parsed(text: bytes, name: str, *, is_yaml: bool = False) -> Mapping[str, Any]:
    kind = "YAML" if is_yaml else "JSON"
    try:
        if is_yaml:
            import yaml

            found = yaml.safe_load(text)
        else:
            found = json.loads(text)
    except RecursionError:
        raise NoConfig(f"{name}: is nested too deeply for a model's config.json") from None
    except Exception as problem:
        said = " ".join(str(problem).split())
        raise NoConfig(f"{name}: is not {kind} ({said})") from None
    if not isinstance(found, dict) or "model_type" not in found:
        raise NoConfig(f"{name}: is no model's config.json: model_type is missing")
    return found


def _own(name: str) -> Path | None:
    """Where a fetched config is kept; None for a user without a home."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:
        return None
    return home / "transxlab" / "configs" / f"{name.replace('/', '--')}.json"


def _hubs(name: str) -> list[Path]:
    """The same file in Hugging Face's own cache, the newest snapshot first."""
    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    folder = home / "hub" / f"models--{name.replace('/', '--')}" / "snapshots"
    try:
        found = sorted(folder.glob("*/config.json"), key=lambda p: p.stat().st_mtime)
    except OSError:
        return []
    return found[::-1]


def _fetch(name: str) -> Mapping[str, Any]:
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"):
        raise NoConfig(f"{name}: HF_HUB_OFFLINE is set and its config.json is not cached")
    host = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    try:
        with urlopen(f"{host}/{name}/resolve/main/config.json", timeout=SECONDS) as answer:
            text: bytes = answer.read(LARGEST)
    except HTTPError as problem:
        why = {401: "is gated or does not exist", 403: "is gated", 404: "has no config.json"}
        said = why.get(problem.code, f"answers with status {problem.code}")
        raise NoConfig(f"{name}: {said} on {host}; give its config.json as a file") from None
    except (URLError, OSError, ValueError) as problem:
        reason = getattr(problem, "reason", problem)
        raise NoConfig(
            f"{name}: is no file here, and {host} cannot be reached ({reason}); "
            "give its config.json as a file"
        ) from None
    found = _parsed(text, f"{host}/{name}")
    _keep(_own(name), text)
    return found


def _keep(place: Path | None, text: bytes) -> None:
    """Store a fetched config, whole or not at all; a cache that cannot be written is no loss."""
    if place is None:
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_suffix(f".{os.getpid()}")
        new.write_bytes(text)
        new.replace(place)
    except OSError:
        return
