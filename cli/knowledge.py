"""The knowledge base: sources and chapters that rules point into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "kb_docs"


@dataclass(frozen=True, slots=True)
class Sources:
    """Every source by id."""

    by_id: dict[str, dict[str, Any]]
    """Fields of each source: title, url, date, kind, cost."""

    def cite(self, source: str, where: str | None = None, evidence: str | None = None) -> str:
        """One source in a line: title, cost, place in it, strength of the evidence."""
        known = self.by_id.get(source, {})
        parts = [str(known.get("title", source))]
        if known.get("cost"):
            parts.append(str(known["cost"]))
        text = ", ".join(parts)
        if where:
            text += f": {where}"
        tail = source if evidence is None else f"{source}; evidence: {evidence}"
        return f"{text} [{tail}]"


@lru_cache(maxsize=1)
def sources(folder: Path = FOLDER) -> Sources:
    """The sources of the built-in knowledge base."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("sources*.yaml")):
        found.update(yaml.load(file.read_bytes(), loader) or {})
    return Sources(found)


def slug(title: str) -> str:
    """The anchor GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def anchors(folder: Path = FOLDER) -> set[str]:
    """Every ``chapter.md#anchor`` of the knowledge base."""
    return {
        f"{chapter.name}#{anchor}"
        for chapter in sorted(folder.glob("*.md"))
        for anchor in sections(chapter.read_text(encoding="utf-8"))
    }


def sections(text: str) -> dict[str, str]:
    """Sections of a chapter by anchor: from each heading to the next of its level or above."""
    from markdown_it import MarkdownIt

    lines = text.splitlines()
    headings: list[tuple[int, int, str]] = []
    tokens = MarkdownIt().parse(text)
    for token, following in pairwise(tokens):
        if token.type == "heading_open" and token.map:
            headings.append((token.map[0], int(token.tag[1]), slug(following.content)))
    found: dict[str, str] = {}
    for index, (start, level, anchor) in enumerate(headings):
        ends = (line for line, other, _ in headings[index + 1 :] if other <= level)
        found[anchor] = "\n".join(lines[start : next(ends, len(lines))]).strip()
    return found


def section(read: str, folder: Path = FOLDER) -> str | None:
    """The section at ``chapter.md#anchor``; None where it is not there."""
    chapter, _, anchor = read.partition("#")
    path = folder / chapter
    if not path.is_file():
        return None
    return sections(path.read_text(encoding="utf-8")).get(anchor)
