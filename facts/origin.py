"""Where a value came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "asked",
    "given",
    "default",
    "observed",
    "profiled",
    "catalogued",
    "estimated",
    "measured",
    "concluded",
]

KINDS: tuple[Kind, ...] = (
    "asked",
    "given",
    "default",
    "observed",
    "profiled",
    "catalogued",
    "estimated",
    "measured",
    "concluded",
)

SET_BY_USER: frozenset[Kind] = frozenset({"asked", "given"})
"""Kinds that mean the user chose the value: an answer, a file or an option of theirs says so."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The way one value was learned, and the place that shows it."""

    kind: Kind
    """How it was learned; ``default`` is what the trainer does when the key is absent."""
    where: str
    """The place in words: ``run.yaml``, ``axolotl default (0.19)``, ``nvidia-smi``, ``--gpu``."""
    line: int | None = None
    """Line of the file named by ``where``, counted from 1; only for values read from a file."""
    key: str | None = None
    """The key as the user's file spells it, dots for nesting (``adapter.lora_r``)."""

    def __str__(self) -> str:
        return self.where if self.line is None else f"{self.where}:{self.line}"


def asked(question: str) -> Origin:
    """An answer to the interview; ``question`` is the id of the question."""
    return Origin("asked", question)


def given(file: str, line: int | None = None, key: str | None = None) -> Origin:
    """A value the user wrote, in a file or as a command-line option."""
    return Origin("given", file, line, key)


def default(trainer: str, version: str | None = None) -> Origin:
    """What a trainer does when the key is absent, and the version it was read from."""
    return Origin("default", f"{trainer} default ({version})" if version else f"{trainer} default")
