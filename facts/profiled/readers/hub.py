"""Data sets of the Hugging Face hub, by name, where there is a network."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_DATA = re.compile(r"\.(jsonl?|ndjson|csv|tsv|txt|md|parquet|arrow|gz|zst|bz2|xz)$", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Whether a text could be the name of a data set: ``owner/name``, without a file's suffix."""
    return bool(_NAME.fullmatch(text)) and not _DATA.search(text)


def files(name: str) -> list[str]:
    """URLs of the files of a data set, sorted; the name itself where they cannot be had."""
    found, _ = _listed(name)
    return list(found) or [name]


def why_missing(name: str) -> str | None:
    """Why a name that stands for no file is no data set of the hub either; None if it is no name.

    The answer is one clause of a sentence.
    """
    if not is_name(name):
        return None
    _, reason = _listed(name)
    return f"no such file, and {reason}" if reason else None


@lru_cache(maxsize=64)
def _listed(name: str) -> tuple[tuple[str, ...], str | None]:
    try:
        hub = import_module("huggingface_hub")
    except ImportError:
        return (), "a data set of the hugging face hub needs huggingface_hub and fsspec"
    try:
        listed = hub.HfApi().list_repo_files(name, repo_type="dataset")
    except Exception as error:
        # Whatever fails here (no network, no such data set, no permission), there are no files.
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403, 404):
            return (), "the hugging face hub has no such data set, or not for you"
        return (
            (),
            "the hugging face hub cannot be reached: download the data set and name its files",
        )
    return tuple(sorted(f"hf://datasets/{name}/{file}" for file in listed)), None
