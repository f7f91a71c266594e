"""Natural text of this machine: what people wrote and no template made.

Package descriptions, docstrings, code, licences, manual pages, change logs, and the translations of
messages. Which of them there are depends on the machine; what is absent is an empty list.
"""

from __future__ import annotations

import ast
import gettext
import gzip
import random
import re
import sysconfig
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from generated.words import Row

SHARED = Path("/usr/share")
LEAST_CHARS, MOST_CHARS = 80, 1200
SHORT_CHARS, SHORT_END_CHARS = 160, 12


def sets(limit: int) -> dict[str, list[Row]]:
    """Every natural set of this machine with 50 rows or more, at most so many of each."""
    made: dict[str, Iterable[Row]] = {
        "package descriptions": _texts(_descriptions()),
        "docstrings": _texts(_docstrings()),
        "code": _code(),
        "licences": _texts(_licences()),
        "change logs": _texts(_changes()),
        "debian descriptions": _texts(_packages()),
    }
    for language in ("", "de", "fr", "ja", "ru", "zh_CN"):
        made[f"manual pages {language or 'en'}"] = _texts(_manuals(language))
    for language in ("de", "fr", "ja", "zh_CN"):
        made[f"messages {language}"] = _messages(language)
    drawn = {name: _drawn(rows, limit) for name, rows in made.items()}
    return {name: rows for name, rows in drawn.items() if len(rows) >= 50}


def halves(text: str) -> Row:
    """A text as prompt and completion: cut in the middle, a short one before its last words."""
    cut = text.find(" ", len(text) // 2)
    if len(text) < SHORT_CHARS:
        cut = text.rfind(" ", 0, max(len(text) - SHORT_END_CHARS, 0))
    return (text[:cut], text[cut + 1 :]) if cut > 0 else ("", text)


def apart(texts: Iterable[str]) -> list[str]:
    """Texts without those that repeat eight words in a row of an earlier one."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for text in texts:
        words = text.lower().split()
        runs = {tuple(words[i : i + 8]) for i in range(len(words) - 7)}
        if not runs & seen:
            kept.append(text)
        seen |= runs
    return kept


def _texts(texts: Iterable[str]) -> Iterator[Row]:
    return (("", text) for text in texts)


def _drawn(rows: Iterable[Row], limit: int) -> list[Row]:
    different = list(dict.fromkeys(rows))
    random.Random(0).shuffle(different)
    return different[:limit]


def _prose(text: str, least: int = LEAST_CHARS) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        plain = " ".join(block.split())
        letters = sum(c.isalpha() or c == " " for c in plain)
        if least <= len(plain) <= MOST_CHARS and letters > 0.85 * len(plain):
            yield plain


def _descriptions() -> Iterator[str]:
    for package in sorted(metadata.distributions(), key=lambda d: d.metadata["Name"] or ""):
        text = package.metadata.get_payload() or package.metadata.get("Description") or ""
        if isinstance(text, str):
            yield from _prose(text)


def _trees() -> Iterator[tuple[ast.Module, str]]:
    for root in (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")):
        for path in sorted(Path(root).glob("*/*.py"))[:1500]:
            try:
                text = path.read_text("utf-8")
                yield ast.parse(text), text
            except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
                continue


def _docstrings() -> Iterator[str]:
    for tree, _ in _trees():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield from _prose((ast.get_docstring(node) or "").split("\n\n")[0])


def _code() -> Iterator[Row]:
    """Functions with the first line of their docstring as the instruction."""
    for tree, text in _trees():
        lines = text.split("\n")
        for node in ast.walk(tree):
            told = isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
            if told and isinstance(node, ast.FunctionDef):
                body = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                yield told.split("\n")[0], body[:MOST_CHARS]


def _licences() -> Iterator[str]:
    for path in (*SHARED.glob("common-licenses/*"), *SHARED.glob("doc/*/copyright")):
        if path.is_file():
            yield from _prose(path.read_text("utf-8", "replace"))


def _packed(path: Path) -> str:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        return file.read(300_000)


def _changes() -> Iterator[str]:
    """Entries of change logs: dated, signed, with lists of short lines."""
    for path in sorted(SHARED.glob("doc/*/changelog*.gz"))[:400]:
        for block in re.split(r"\n(?=\S)", _packed(path))[:60]:
            if LEAST_CHARS <= len(block) <= MOST_CHARS:
                yield block.strip()


def _packages() -> Iterator[str]:
    """Records of installed packages: fixed field names around free text."""
    path = Path("/var/lib/dpkg/status")
    if path.exists():
        for record in path.read_text("utf-8", "replace").split("\n\n"):
            yield record[:MOST_CHARS]


def _manuals(language: str) -> Iterator[str]:
    pages = sorted((SHARED / "man" / language).glob("man[1578]/*.gz"))
    # The pages of gcloud are written by a program, from templates.
    for path in [page for page in pages if not page.name.startswith("gcloud")][:900]:
        text = re.sub(r"\\f[A-Z]|\\&|\\-", "", _packed(path))
        text = re.sub(r"^\.[A-Z]{1,2}\b ?.*$|^\.\\\".*$", "\n", text, flags=re.M)
        yield from _prose(text, least=30)


def _messages(language: str) -> Iterator[Row]:
    """English messages of programs and their translations."""
    for path in sorted((SHARED / "locale" / language / "LC_MESSAGES").glob("*.mo")):
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        for asked, told in catalogue.items():
            if isinstance(asked, str) and len(asked) > 30 and told:
                yield asked[:MOST_CHARS], str(told)[:MOST_CHARS]
