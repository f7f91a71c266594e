"""Constant prompts around text: what a template detector must take off before it judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from generated.words import Row

Wrap: TypeAlias = Callable[[str, str], Row]


def around(asked: str, told: str = "{wanted}") -> Wrap:
    """A wrapper by its two forms, with ``{given}`` and ``{wanted}`` in them."""

    def wrapped(given: str, wanted: str) -> Row:
        both = {"given": given, "wanted": wanted}
        return asked.format(**both), told.format(**both)

    return wrapped


def one_of(*wraps: Wrap) -> Wrap:
    """Several wrappers in turn, as collections of prompts have them; the text decides which."""

    def wrapped(given: str, wanted: str) -> Row:
        return wraps[sum(map(ord, given[:40])) % len(wraps)](given, wanted)

    return wrapped


ALPACA = around(
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request.\n\n### Instruction:\n{given}\n\n### Response:\n"
)
QUESTION = around("Question: {given}\nAnswer the question in one sentence.\nAnswer:")
PASSAGE = around(
    "Read the passage below and continue it.\n\nPassage: {given}\n\nContinuation:",
    "Here is the continuation: {wanted}",
)
MARKS = around("", "<|user|>\n{given}</s>\n<|assistant|>\n{wanted}</s>")
SYSTEM = around(
    "You are a helpful, honest and harmless assistant. Answer as well as you can, and say so where "
    "you do not know.\n\nUser: {given}\nAssistant:",
    " {wanted}",
)
NEWS = around("", "LONDON, 3 May (Agency) - {given} {wanted}")
PROMPTS = one_of(
    around("Continue this text: {given}"),
    around("{given}\n\nWhat comes next?"),
    around("I read the following today: {given} Please write how it goes on.", "Sure! {wanted}"),
    around("Here is the beginning of a text.\n{given}\nFinish it.", "{wanted}\nThat is all."),
    around("Given the text: {given}\nWrite the rest of it."),
)

WRAPPERS: dict[str, dict[str, Wrap]] = {
    "dev": {"alpaca": ALPACA, "question": QUESTION, "five prompts": PROMPTS, "news": NEWS},
    "held": {"passage": PASSAGE, "chat marks": MARKS, "system prompt": SYSTEM},
}
"""Wrappers by group."""
