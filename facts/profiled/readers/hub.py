"""Data sets of the Hugging Face hub, by name, where there is a network."""

from __future__ import annotations

import re
from functools import lru_cache

WAIT_SECONDS = 10
"""How long the hub may take to answer."""

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
    """URLs of the files of a data set, or why there are none."""
    import json
    from os import environ
    from urllib.error import HTTPError
    from urllib.request import urlopen

    address = environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    try:
        with urlopen(f"{address}/api/datasets/{name}", timeout=WAIT_SECONDS) as answer:
            listed = [str(entry["rfilename"]) for entry in json.load(answer)["siblings"]]
    except HTTPError as error:
        return (), f"the hugging face hub has no such data set for you (status {error.code})"
    except (OSError, ValueError, KeyError, TypeError):
        return (
            (),
            "the hugging face hub cannot be reached: download the data set and name its files",
        )
    return tuple(sorted(f"hf://datasets/{name}/{file}" for file in listed)), None
