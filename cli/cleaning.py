"""Data as they should be: rows that go with their reasons, and splits that do not leak."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from transxlab.cli.failures import Unusable

Command = TypeVar("Command", bound=Callable[..., Any])
AUDIT_SUFFIX = ".removed.jsonl"


def options(command: Command) -> Command:
    """Add the options that write rows."""
    from transxlab.facts.profiled.remedies.wish import KINDS, USUAL

    for option in reversed(
        (
            click.option(
                "--write-clean",
                metavar="OUT",
                help="Write the rows that stay to OUT (a folder with --split), as JSON lines.",
            ),
            click.option(
                "--drop",
                metavar="KINDS",
                default=",".join(USUAL),
                show_default=True,
                help=f"What goes with --write-clean: {', '.join(KINDS)}, or none.",
            ),
            click.option(
                "--max-tokens",
                type=click.IntRange(min=1),
                help="Longest row, for --drop long; without --config also the sequence length.",
            ),
            click.option(
                "--max-template-share",
                type=click.FloatRange(0, 1, max_open=True),
                default=0.2,
                show_default=True,
                help="Share of rows that templates may make, for --drop templates.",
            ),
            click.option(
                "--split", metavar="90/5/5", help="Split what stays into train, val and test."
            ),
            click.option("--seed", type=int, default=42, show_default=True, help="Draws the rows."),
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written, for a report."""

    rows: int
    """Rows read, those that could not be used among them."""
    kept: dict[str, int]
    """Rows by file written."""
    removed: dict[str, int]
    """Rows left out, by kind."""
    audit: str
    """File that holds them."""
    moved: int
    """Rows that went to train in the end because a row of train gave them away."""


def clean(given: Mapping[str, Any]) -> Outcome | None:
    """Do what the options ask for; None where they ask for nothing.

    Raises Unusable with every sentence about options that do not go together.
    """
    out = given["write_clean"]
    if out is None:
        if given["split"]:
            raise Unusable("--split needs --write-clean DIR, the folder to write the splits to")
        return None
    from transxlab.facts.profiled.readers.folders import expanded

    wish = _wish(given)
    shares = shares_of(given["split"]) if given["split"] else None
    paths = expanded(given["train"], "train")
    held_out = [name for role in ("val", "test", "against") for name in expanded(given[role], role)]
    outs, audit = _outs(Path(out), shares)
    _refuse([*outs, audit], [*paths, *held_out], force=given["force"])
    return _written(paths, held_out, wish, shares, outs, audit)


def _wish(given: Mapping[str, Any]) -> Any:
    from difflib import get_close_matches

    from transxlab.facts.profiled.remedies.wish import KINDS, Wish

    named = [kind.strip() for kind in given["drop"].split(",") if kind.strip()]
    kinds = tuple(kind for kind in named if kind != "none")
    problems = []
    for kind in kinds:
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, 1) or [", ".join(KINDS)]
            problems.append(f"--drop {kind}: no such kind of row; nearest: {near[0]}")
    if "long" in kinds and given["max_tokens"] is None:
        problems.append("--drop long needs --max-tokens N, the longest row that stays")
    if problems:
        raise Unusable(*problems)
    return Wish(
        kinds=kinds,
        max_tokens=given["max_tokens"],
        template_share=given["max_template_share"],
        seed=given["seed"],
    )


def shares_of(text: str) -> list[float]:
    """``90/5/5`` as shares that sum to 1; raises Unusable for anything else."""
    try:
        parts = [float(part) for part in text.split("/")]
    except ValueError:
        parts = []
    if len(parts) not in (2, 3) or min(parts) <= 0 or abs(sum(parts) - 100) > 1e-6:
        raise Unusable(f"--split {text}: expected two or three numbers that sum to 100, as 90/5/5")
    return [part / 100 for part in parts]


def _outs(out: Path, shares: Sequence[float] | None) -> tuple[list[Path], Path]:
    if shares is None:
        return [out], out.with_name(out.name + AUDIT_SUFFIX)
    roles = ("train", "val", "test")[: len(shares)]
    return [out / f"{role}.jsonl" for role in roles], out / AUDIT_SUFFIX[1:]


def _refuse(outs: Sequence[Path], inputs: Sequence[str], *, force: bool) -> None:
    """Raise Unusable if something that exists would be lost; an input is never written to."""
    read = {Path(path).resolve() for path in inputs}
    problems = [f"{out}: is an input, and inputs are never changed" for out in outs
                if out.resolve() in read]  # fmt: skip
    if not problems and not force:
        problems = [f"{out}: exists; pass --force to overwrite it" for out in outs if out.exists()]
    problems += [f"{out}: is a folder; expected a file name" for out in outs if out.is_dir()]
    if problems:
        raise Unusable(*problems)


def _written(
    paths: Sequence[str],
    held_out: Sequence[str],
    wish: Any,
    shares: Sequence[float] | None,
    outs: Sequence[Path],
    audit: Path,
) -> Outcome:
    from transxlab.facts.profiled.block import unplace
    from transxlab.facts.profiled.problem import Problem
    from transxlab.facts.profiled.remedies.judging import judge
    from transxlab.facts.profiled.remedies.splitting import split
    from transxlab.facts.profiled.remedies.writing import write_rows

    fatal: list[Problem] = []

    def report(problem: Problem) -> None:
        if problem.fatal:
            fatal.append(problem)

    def where(place: int) -> str:
        file, line = unplace(place)
        return f"{paths[file]}:{line}"

    verdicts = judge(paths, held_out, wish, where, report)
    if fatal:
        raise Unusable(*map(str, fatal))
    if verdicts.rows and len(verdicts.reasons) == verdicts.rows:
        raise Unusable(f"every one of the {verdicts.rows:,} rows would go; nothing was written")
    moved, places = 0, dict[int, str]()
    if shares is not None:
        made = split(paths, verdicts.reasons, shares, wish.seed)
        files = dict(zip(("train", "val", "test"), map(str, outs), strict=False))
        moved, places = made.moved, {place: files[role] for place, role in made.role.items()}
    written = write_rows(paths, verdicts.reasons, places or str(outs[0]), outs, audit)
    rows = sum(written.kept.values()) + sum(written.removed.values())
    return Outcome(rows, written.kept, written.removed, str(audit), moved)


def lines(found: Outcome) -> list[str]:
    """The outcome in the terminal."""
    total = sum(found.kept.values()) or 1
    shown = ["", f"Written, of {found.rows:,} rows read"]
    for path, rows in found.kept.items():
        share = f" ({rows / total:.1%})" if len(found.kept) > 1 else ""
        shown.append(f"  {path}: {rows:,} rows{share}")
    gone = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.removed.items()))
    shown.append(f"  {found.audit}: {sum(found.removed.values()):,} removed rows with the reason")
    if gone:
        shown.append(f"    {gone}")
    if found.moved:
        shown.append(
            f"  {found.moved:,} rows drawn for val or test went to train: rows of train give them "
            "away"
        )
    return shown


def as_plain(found: Outcome) -> dict[str, Any]:
    """The outcome for JSON."""
    return {
        "rows": found.rows,
        "kept": found.kept,
        "removed": found.removed,
        "audit": found.audit,
        "moved_to_train": found.moved,
    }
