"""Errors of the simulated memory on a table of measured runs.

    python benchmarks/simulate.py --table FILE [--every N] [--worst N] [--measures WORD]

Each row takes 4 to 20 seconds. Nothing is fitted, and nothing here or in the simulator reads a
row's id or source to make an estimate. Rows that measure the whole process get the CUDA context of
the analytic model. Needs the extra ``torch``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import rows
from memory import GIB, Run, scoreable
from scores import Score, line, report
from transxlab.facts.catalogued.models import find_model
from transxlab.facts.estimated.memory import Memory, memory
from transxlab.facts.measured.simulated import SPREAD, Simulated, simulate
from transxlab.facts.measured.torched import CannotSimulate, package
from transxlab.facts.values import Interval

PLAIN = ("hf+peft",)
"""Frameworks of the table that are a loop of one's own around transformers and PEFT."""


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="simulate one row in N")
    parser.add_argument("--measures", default="", help="only rows whose figure is called so")
    parser.add_argument("--worst", type=int, default=10)
    return parser.parse_args()


def context(run: Run) -> float:
    """Bytes of a process beside its reserved memory, as the analytic model has them."""
    model, gpu = rows.model_of(run.row), rows.gpu_of(run.row)
    if model is None:
        return 0.0
    setup = rows.setup_of(run.row, model)
    capability = float(gpu.compute_capability) if gpu and gpu.compute_capability else None
    architecture = gpu.architecture if gpu else None
    found = memory(model, setup, architecture=architecture, capability=capability)
    return found.process.expected - found.reserved.expected if isinstance(found, Memory) else 0.0


def simulated(row: dict[str, str]) -> Simulated:
    """The two simulated steps of a row; CannotSimulate says why there are none."""
    model = rows.model_of(row)
    card = find_model(row.get("model_key") or row["model"]) or find_model(row["model"])
    if model is None or card is None:
        raise CannotSimulate("the model is not in the catalogue")
    gpu = rows.gpu_of(row)
    return simulate(
        card.config(),
        rows.setup_of(row, model),
        stage=None if model.head else "classification",
        hopper=bool(gpu and gpu.architecture == "hopper"),
        plain=row["framework"] in PLAIN,
    )


def estimate(run: Run) -> Interval:
    """What the row measures, in bytes, by simulation."""
    found, measure = simulated(run.row), rows.measure(run.row)
    kind = "allocated" if measure == "allocated" else "reserved"
    expected = float(found.allocated if kind == "allocated" else found.reserved)
    expected += context(run) if measure == "process" else 0.0
    return Interval(expected * (1 - SPREAD[kind]), expected, expected * (1 + SPREAD[kind]))


def scored(runs: list[Run]) -> Iterator[tuple[Score, str]]:
    """Each run with its estimate, and why there is none."""
    for number, run in enumerate(runs):
        print(f"\r{number + 1}/{len(runs)}", end="", file=sys.stderr, flush=True)
        why, found = "", None
        try:
            found = estimate(run)
        except CannotSimulate as problem:
            why = str(problem).split(":")[0] + ": " + str(problem).partition(": ")[2][:60]
        kernel = "eager" if rows.kernel(run.row) == "eager" else "SDPA or flash"
        group = f"{rows.measure(run.row)}, {kernel}"
        yield Score(run.row, run.source, group, found, run.measured), why
    print(file=sys.stderr)


def main() -> int:
    """Score a table; 2 if it cannot be read or torch is missing."""
    args = arguments()
    try:
        table = rows.read(args.table)
        package("torch")
    except OSError as problem:
        print(f"{args.table}: cannot be read: {problem.strerror}", file=sys.stderr)
        return 2
    except CannotSimulate as problem:
        print(problem, file=sys.stderr)
        return 2
    runs = [run for row in table for run in [scoreable(row)[0]] if run is not None]
    runs = [run for run in runs if run.group == "one GPU"]
    runs = [run for run in runs if args.measures in rows.measure(run.row)][:: args.every]
    reasons: dict[str, int] = {}
    scores = []
    for score, why in scored(runs):
        scores.append(score)
        if why:
            reasons[why] = reasons.get(why, 0) + 1
    print("not simulated:", "; ".join(f"{n} rows: {why}" for why, n in sorted(reasons.items())))
    for source in dict.fromkeys(s.source for s in scores):
        print("  " + line(source, [s for s in scores if s.source == source]))
    report(scores, args.worst, GIB, "GiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
