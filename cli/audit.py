"""Say which rules flag which configs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from transxlab.cli import consulting, options
from transxlab.cli.failures import UNUSABLE, Unusable, spoken
from transxlab.cli.gather import Gathered, gather
from transxlab.cli.judging import exit_code, fail_on_option
from transxlab.engine.case import Case
from transxlab.engine.rulebook import Rulebook

SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".sh", ".py")


@dataclass(frozen=True, slots=True)
class Audited:
    """One file and what was found."""

    path: str
    """The file as it was named."""
    gathered: Gathered
    """What was read."""
    case: Case
    """What was found."""


@click.command(name="audit", help="Say which rules flag which configs.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--trainer", metavar="NAME", help="Trainer of the files, where it is not plain.")
@click.option("--trainer-version", metavar="VERSION", help="Version of that trainer.")
@options.beside
@options.rulebook
@fail_on_option
@options.output_format("text", "json")
def command(files: tuple[str, ...], **given: Any) -> int:
    """Read each file, consult the rulebook, print what it found."""
    rules = consulting.rulebook(given["rulebook"])
    audited: list[Audited] = []
    errors: list[tuple[str, str]] = []
    named_badly = False
    for path, named in _expand(files):
        try:
            audited.append(_audit(path, rules, given))
        except Unusable as error:
            errors += [(path, message) for message in error.messages]
            named_badly |= named
        except OSError as error:
            errors.append((path, spoken(error)))
            named_badly |= named
    _print(audited, errors, rules, given["form"])
    if audited:
        consulting.save(audited[-1].case)
    code = exit_code((one.case for one in audited), given["fail_on"])
    return UNUSABLE if named_badly else code


def _audit(path: str, rules: Rulebook, given: dict[str, Any]) -> Audited:
    gathered = gather(path, given, trainer=given["trainer"], version=given["trainer_version"])
    case = consulting.consult(gathered.facts, rules, design=False, engine=given["engine"])
    return Audited(path, gathered, case)


def _expand(files: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Files to audit, each with whether the user named it; folders give their configs."""
    for name in files:
        path = Path(name)
        if not path.is_dir():
            yield name, True
            continue
        for file in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.suffix in SUFFIXES and file.is_file() and not hidden:
                yield str(file), False


def _print(
    audited: list[Audited], errors: list[tuple[str, str]], rules: Rulebook, form: str
) -> None:
    if form == "json":
        sys.stdout.write(_as_json(audited, errors, rules))
        return
    from transxlab.cli.knowledge import sources
    from transxlab.cli.render import console
    from transxlab.cli.waiting import lines as waiting_lines

    for one in audited:
        about = [one.gathered.trainer, _word(one.case, "stage"), _word(one.case, "method")]
        click.echo(console.heading(one.path) + f"  {' · '.join(word for word in about if word)}")
        for remark in console.few(one.gathered.remarks):
            click.echo(f"  {remark}")
        if one.case.findings:
            table = sources()
            click.echo("")
            for line in console.findings(one.case, table, full=len(audited) == 1):
                click.echo(line)
        for line in waiting_lines(one.case):
            click.echo(line)
    for _, message in errors:
        click.echo(f"transxlab: {message}", err=True)
    skipped = f"; {len(errors)} not audited" if errors else ""
    click.echo(console.counts([one.case for one in audited]) + skipped)


def _word(case: Case, slot: str) -> str | None:
    known = case.facts.known(f"config.{slot}")
    return str(known.value) if known and known.value is not None else None


def _as_json(audited: list[Audited], errors: list[tuple[str, str]], rules: Rulebook) -> str:
    from transxlab.cli.render import contract

    return contract.dumps(
        {
            "version": contract.VERSION,
            "rulebook": {"rules": len(rules.rules), "digest": rules.digest},
            "files": [
                {
                    "path": one.path,
                    "trainer": one.gathered.trainer,
                    "stage": _word(one.case, "stage"),
                    "method": _word(one.case, "method"),
                    "findings": [contract.finding(found) for found in one.case.findings],
                    "not_judged": [contract.waiting(item) for item in one.case.not_judged],
                    "unknown_keys": list(one.gathered.unknown_keys),
                }
                for one in audited
            ],
            "errors": [{"path": path, "message": message} for path, message in errors],
            "summary": contract.summary(one.case for one in audited),
        }
    )
