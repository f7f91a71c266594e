"""The exact command that takes a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from transxlab.cli.planning.steps import Step
from transxlab.facts.profiled.remedies.cures import TEMPLATE_SHARE

Named = Mapping[str, Sequence[str]]
"""Files by role as the user named them."""


def command(step: Step, named: Named) -> str | None:
    """What to type; None for a step that is not taken with a command."""
    return None if step.drop is None else written(step.drop, step.longest, step.shares, named)


def written(drop: Sequence[str], longest: int | None, shares: Sequence[float], named: Named) -> str:
    """The command that writes the rows without those of some kinds, cut at ``shares``.

    ``longest``: tokens of the longest row that stays, for the kind ``long``."""
    from shlex import quote

    train = list(named["train"])
    held_out = [(role, file) for role in ("val", "test") for file in named.get(role, ())]
    parts = ["transxlab", "data"]
    if shares:
        parts += [quote(file) for file in (*train, *named.get("val", ()))]
        held_out = [(role, file) for role, file in held_out if role == "test"]
    else:
        parts += map(quote, train)
    if "leaks" in drop:
        parts += [f"--{role} {quote(file)}" for role, file in held_out]
    parts.append(f"--write-clean {quote(_out(train[0], bool(shares)))}")
    parts.append(f"--drop {','.join(drop) or 'none'}")
    if "long" in drop:
        parts.append(f"--max-tokens {longest}")
    if "templates" in drop:
        parts.append(f"--max-template-share {TEMPLATE_SHARE:g}")
    if shares:
        parts.append(f"--split {'/'.join(f'{100 * share:g}' for share in shares)}")
    return " ".join(parts)


def _out(first: str, folder: bool) -> str:
    """``train.clean.jsonl``, or the folder ``train.split``, beside nothing of the user's."""
    name = PurePosixPath(first.replace("\\", "/")).name
    stem = name.split(".")[0].strip("*?[]") or "train"
    return f"{stem}.split" if folder else f"{stem}.clean.jsonl"
