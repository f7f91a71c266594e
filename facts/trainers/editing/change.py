"""What is to change in a config: one setting at a time."""

from __future__ import annotations

from dataclasses import dataclass


class CannotEdit(ValueError):
    """A change that cannot be made here without touching more than it; the text says why."""


@dataclass(frozen=True, slots=True)
class Put:
    """Give a key a value; where the key is not there, add it."""

    key: str
    """The key as readers name it, dots for nesting."""
    value: object
    """The value, in the trainer's spelling: text, number, truth, None or a list of them."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Call a key by another name, its value kept."""

    key: str
    """The key as it is, dots for nesting."""
    new: str
    """The key as it shall be; only the last part may differ."""

    @property
    def last(self) -> str:
        """The last part of the new key; raises CannotEdit where more than it differs."""
        parent, _, last = self.new.rpartition(".")
        if parent != self.key.rpartition(".")[0] or not last:
            raise CannotEdit(f"{self.key} would move to {self.new}, into another section")
        return last


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a key out; of one that stands twice, those that do not count."""

    key: str
    """The key, dots for nesting."""


Change = Put | Rename | Remove
