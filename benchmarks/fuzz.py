"""Does anything in a config end the audit in a traceback, or make it hang?

    nice python benchmarks/fuzz.py [CONFIGS] [--cases 100000] [--seed 0] [--keep FOLDER]

Every case is a mutated config (``mutations.py``), audited in this process with the default engine
and one of the output formats, whose own parser has to accept what is printed; one in ``--fixes`` is
also fixed, in memory. A failure is an exception that no user may see, an output that its format's
parser refuses, or more than ``--limit`` seconds of processor time. ``--only N`` repeats one case.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from mutations import Seed, case, seeds


class TooLong(BaseException):
    """A case took more processor time than it may; no handler of ours catches this."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLong inside after so many seconds of processor time."""

    def ring(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def task_of(form: str, beside: dict[str, Any]) -> Any:
    """What the command asks of every file."""
    from transxlab.cli.auditing.report import Task
    from transxlab.cli.auditing.selecting import Selection

    given = {
        "trainer": None,
        "trainer_version": None,
        "engine": "experta",
        "rulebook": (),
        **beside,
    }
    return Task(given, form, Selection(), (), "error", date.today(), True)


def audit(path: Path, form: str, rules: Any, beside: dict[str, Any]) -> str:
    """Audit a file as the command does and check what it prints; how it ended in a word."""
    from transxlab.cli.auditing.looking import kept, look
    from transxlab.cli.auditing.report import Total
    from transxlab.cli.auditing.selecting import Named
    from transxlab.cli.render.forms import renderer
    from transxlab.engine.saved import write_case

    task = task_of(form, beside)
    total = Total(task, rules)
    piece = look(Named(str(path), True), task, rules)
    total.add(piece)
    shown = renderer(form)
    text = shown.begin(rules) + piece.text + shown.end(total)
    accepted(form, text)
    for sentence in piece.errors:
        if len(sentence.splitlines()) != 1 or str(path) not in sentence:
            raise ValueError(f"not one sentence that names the file: {sentence!r}")
        sentence.encode()
    if piece.errors:
        return "refused"
    write_case(kept(str(path), task, rules))
    return "audited"


def accepted(form: str, text: str) -> None:
    """Raise if the format's own parser does not accept an output."""
    text.encode()
    if form in ("json", "sarif"):
        json.loads(text)
    elif form == "junit":
        from xml.etree import ElementTree

        ElementTree.fromstring(text)
    elif form == "github":
        *commands, counts = text.rstrip("\n").split("\n")
        odd = [line for line in commands if not line.startswith("::") or "\r" in line]
        if odd or not counts[:1].isdigit():
            raise ValueError(f"no workflow command: {(*odd, counts)[0]!r}")


def fix(path: Path, rules: Any) -> str:
    """Make every fix in memory; what came of it in a word."""
    from transxlab.cli.auditing.clearing import fixed
    from transxlab.cli.failures import Unusable

    try:
        one = fixed(str(path), task_of("text", {}), rules)
    except (Unusable, OSError):
        return "no fix: refused"
    one.content.decode("utf-8-sig")
    return "fixed" if one.changed else "nothing to fix"


BESIDE: tuple[dict[str, Any], ...] = ({}, {}, {"gpu": "A100 80GB", "rows": 5000}, {"gpu": "T4"})


def attempt(
    number: int, seed: int, starts: list[Seed], folder: Path, rules: Any, fixes: int
) -> Iterator[str]:
    """Run one case; the words for how it ended."""
    from transxlab.cli.render.forms import FORMS

    rng = Random(f"{seed}:{number}")
    suffix, raw = case(starts, rng)
    path = folder / f"run{suffix}"
    path.write_bytes(raw)
    if rng.random() < 0.1:
        (folder / "ds.json").write_bytes(case(starts, rng)[1])
    yield audit(path, rng.choice(FORMS), rules, rng.choice(BESIDE))
    if number % fixes == 0:
        yield fix(path, rules)


def run(
    asked: argparse.Namespace, folder: Path
) -> tuple[Counter[str], Counter[str], tuple[float, int]]:
    """All cases: how they ended, the failures by kind, the longest and its processor time."""
    from transxlab.cli import consulting

    rules, starts = consulting.rulebook(), seeds(asked.configs)
    ends, failures = Counter[str](), Counter[str]()
    longest = (0.0, 0)
    os.chdir(folder)
    # The first audit compiles the rulebook; that is no case's time.
    (folder / "first.yaml").write_text(seeds(None)[0][1], encoding="utf-8")
    audit(folder / "first.yaml", "text", rules, {})
    numbers = [asked.only] if asked.only is not None else range(asked.cases)
    for number in numbers:
        began = time.process_time()
        try:
            with limited(asked.limit):
                ends.update(attempt(number, asked.seed, starts, folder, rules, asked.fixes))
        except KeyboardInterrupt:
            break
        except BaseException as error:
            kind = _kind(error)
            failures[kind] += 1
            if failures[kind] <= 2:
                _keep(folder, number, kind, asked)
        longest = max(longest, (time.process_time() - began, number))
        if number % 2000 == 1999:
            print(f"{number + 1:,} cases, {failures.total()} failures", file=sys.stderr, flush=True)
    return ends, failures, longest


def _kind(error: BaseException) -> str:
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if "/benchmarks/" not in f.filename
    ]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "output"
    return f"{type(error).__name__} at {where}: {str(error)[:100]!r}"


def _keep(folder: Path, number: int, kind: str, asked: argparse.Namespace) -> None:
    print(f"case {number} of seed {asked.seed}: {kind}", flush=True)
    if asked.only is not None:
        traceback.print_exc()
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
        path = max(folder.glob("run.*"), key=lambda file: file.stat().st_mtime_ns)
        (asked.keep / f"{asked.seed}-{number}{path.suffix}").write_bytes(path.read_bytes())


def main() -> None:
    """Fuzz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path, nargs="?", help="folder of real configs to mutate")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=5.0, help="seconds of CPU time for a case")
    parser.add_argument("--fixes", type=int, default=4, help="fix one case of so many")
    parser.add_argument("--keep", type=Path, help="keep failing files here")
    parser.add_argument("--only", type=int, help="run this case alone")
    asked = parser.parse_args()
    for name in ("configs", "keep"):
        if getattr(asked, name) is not None:
            setattr(asked, name, getattr(asked, name).resolve())
    began = time.perf_counter()
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        ends, failures, longest = run(asked, Path(folder))
        os.chdir(home)
    cases = ends["audited"] + ends["refused"] + failures.total()
    for kind, count in failures.most_common():
        print(f"{count:6,}  {kind}")
    print(", ".join(f"{word} {count:,}" for word, count in ends.most_common()))
    print(
        f"all: {cases:,} cases of seed {asked.seed}  failures {failures.total()}  "
        f"longest {longest[0]:.1f} s CPU (case {longest[1]})  {time.perf_counter() - began:.0f} s"
    )
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
