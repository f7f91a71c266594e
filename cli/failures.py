"""What can go wrong for a user, each with its exit code; and the words it is said in."""

from __future__ import annotations

import os

CLEAN, FOUND, UNUSABLE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: clean; findings at or above --fail-on; unusable input; our own fault; Ctrl-C."""


class Unusable(Exception):
    """The call or an input could not be used; carries every sentence that says why."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


def spoken(error: OSError) -> str:
    """An operating-system error as one sentence that names the file."""
    where = str(error.filename) if error.filename else "a file"
    reasons = {
        FileNotFoundError: "no such file or folder",
        PermissionError: "permission denied",
        IsADirectoryError: "is a folder; a file was expected",
        NotADirectoryError: "is not a folder",
    }
    reason = reasons.get(type(error)) or (os.strerror(error.errno).lower() if error.errno else "")
    return f"{where}: {reason or error}"
