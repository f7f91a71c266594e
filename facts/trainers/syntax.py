"""Python source parsed, never run, and without the warnings that are for its author."""

from __future__ import annotations

import ast
import warnings


def module(text: str) -> ast.Module:
    """The statements of a source; raises what ``ast.parse`` raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def expression(text: str) -> ast.expr:
    """The one expression that a text is; raises what ``ast.parse`` raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body
