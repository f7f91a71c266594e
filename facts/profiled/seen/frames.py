"""What trainers put around turns without a chat template: frames by name, read from a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the turns of a conversation; see ``frames.yaml``."""

    prefix: str = ""
    """Before everything."""
    system: str = "{content}"
    """Around the system prompt."""
    user: str = "{content}"
    """Around a question, with what asks for the answer."""
    assistant: str = "{content}{eos}"
    """Around an answer."""
    stop: str = ""
    """Token that ends an answer."""
    replaces_eos: bool = False
    """Whether that token becomes the end of sequence."""
    joined: bool = False
    """Whether the system prompt goes into the first question."""
    bare_end: bool = False
    """Whether one end of sequence closes the whole row, and none an answer."""
    thinks: bool = False
    """Whether an empty thought goes before answers that have none."""
    system_prompt: str = ""
    """System prompt of rows that have none."""

    def answer(self, content: str, eos: str) -> str:
        """An answer as text."""
        ends = eos if self.bare_end else ""
        return self.assistant.replace("{eos}", eos).replace("{content}", content) + ends


@dataclass(frozen=True, slots=True)
class Style:
    """A plain-text frame of one prompt and one answer."""

    system: str
    """System prompt of rows that have none, and what stands behind it."""
    system_with_extra: str
    """The same for rows with an input beside the instruction."""
    prompt: str
    """Around the prompt."""
    prompt_with_extra: str
    """Around a prompt and its input."""


def frame(name: str) -> Frame | None:
    """The frame of a template name; None where the table has none."""
    named = _table()["names"].get(name)
    if named is None:
        return None
    held = {**_table()["frames"][named["frame"]], **named}
    del held["frame"]
    return Frame(**held)


def style(name: str) -> Style | None:
    """A plain-text frame by name; None where the table has none."""
    held = _table()["styles"].get(name)
    return None if held is None else Style(**held)


def chat(name: str) -> str | None:
    """A chat template by the name a trainer ships it under; None where the table has none."""
    found = _table()["chats"].get(name)
    return None if found is None else str(found)


def is_patched(template: str, trainer: str | None) -> bool:
    """Whether a trainer knows a template word for word and trains with a marked one instead."""
    import hashlib

    digest = hashlib.sha256(template.encode()).hexdigest()
    return any(digest.startswith(begin) for begin in _table()["patched"].get(trainer, ()))


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    import yaml

    text = Path(__file__).with_name("frames.yaml").read_text(encoding="utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text))
