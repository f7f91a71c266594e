"""Errors of the memory estimate on a table of measured runs.

    python benchmarks/memory.py --table FILE [--leave-one-source-out] [--worst N]

Every fitted constant is refitted without the source that is scored when sources are left out.
Nothing here or in the estimator reads a row's id or source to make an estimate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log
from pathlib import Path

import rows
from scores import Score, report
from transxlab.facts.catalogued.table import rows as columns
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.calibration import belief, factor
from transxlab.facts.estimated.memory import GIB, Memory, kind, memory, spreads
from transxlab.facts.estimated.peak import untied
from transxlab.facts.estimated.serving import serve_memory
from transxlab.facts.estimated.setup import Setup, constants, optimizer, profile, settled
from transxlab.facts.estimated.weights import Held, held
from transxlab.facts.values import Interval

FITTED = (
    "pool_fixed",
    "pool_eager",
    "pool_stale_loss",
    "pool_stale_layer",
    "compile_keeps",
    "quantized_head",
    "frozen_input",
)
WIDEST = 0.15
"""Largest spread that is believed: what exceeds it are settings that a row does not state."""
FEWEST = 8
"""Rows a class needs before its spread is measured rather than kept as prior."""


@dataclass(frozen=True)
class Run:
    """One scoreable row."""

    row: dict[str, str]
    """The row as it stands in the table."""
    source: str
    """Where it was published: the repository, without file and revision."""
    group: str
    """Class of run: training on one GPU, on several, or serving."""
    estimate: Callable[[], Interval | None]
    """The estimate of what the row measures, in bytes; None where there is none."""
    kind: str
    """Class whose spread the interval takes."""
    measured: float
    """The measured figure, in bytes."""


def source_of(row: dict[str, str]) -> str:
    """The repository a row was published in."""
    return row["source"].split(":")[0].split("@")[0].strip()


def training(row: dict[str, str], model: Anatomy) -> Run:
    """A training row."""
    setup, gpu = rows.setup_of(row, model), rows.gpu_of(row)
    capability = float(gpu.compute_capability) if gpu and gpu.compute_capability else None
    architecture = gpu.architecture if gpu else None
    card = gpu.memory_gib * GIB if gpu else None

    def estimate() -> Interval | None:
        found = memory(model, setup, architecture=architecture, capability=capability, card=card)
        if not isinstance(found, Memory):
            return None
        answer = getattr(found, rows.measure(row))
        return answer if isinstance(answer, Interval) else None

    group = "several GPUs" if setup.gpus > 1 else "one GPU"
    measured = float(row["peak_mem_gib"]) * GIB
    return Run(row, source_of(row), group, estimate, kind(settled(setup)[0]), measured)


def serving(row: dict[str, str], model: Anatomy) -> Run:
    """A row that measures generation."""
    weights, double = rows.storage(row)
    context = rows.whole(row, "seq_len") or 256
    requests = rows.whole(row, "micro_batch") or 1
    head = row["framework"] == "litgpt"

    def at(tokens: int) -> Interval:
        process = rows.measure(row) == "process"
        return serve_memory(
            model, tokens, requests, weights, double=double, head=head, process=process
        )

    def estimate() -> Interval:
        found = at(context)
        # Where the length is not stated the cache may hold a short prompt and little more.
        low = found.low if row["seq_len"] else at(16).low
        return Interval(low, found.expected, found.high)

    measured = float(row["peak_mem_gib"]) * GIB
    return Run(row, source_of(row), "serving", estimate, "serving", measured)


def contradicts(row: dict[str, str], model: Anatomy, setup: Setup) -> bool:
    """Whether what the row states cannot be held in its own figure.

    One GPU: weights, gradients and states. Several: weights and states, and under checkpointing the
    inputs of all layers for the tokens that are stated; a cap on lengths is often stated as length.
    """
    base, _ = settled(setup)
    opt = optimizer(base.optimizer or "adamw_torch")
    p = profile(base.trainer)
    whole = untied(model) if p.unties_head else model
    stays = held(whole, base, p, opt) if opt else None
    if not isinstance(stays, Held):
        return False
    least = stays.static
    if setup.gpus == 1:
        least += stays.gradients
    elif base.checkpointing == "full" and setup.pipeline_parallel == 1:
        split = base.tensor_parallel * base.context_parallel
        tokens = (base.tokens or 0) * (setup.micro_batch or 1) / split
        least += 2.0 * tokens * sum(stack.hidden * stack.layers for stack in model.stacks)
    return least > float(row["peak_mem_gib"]) * GIB * 1.02


def scoreable(row: dict[str, str]) -> tuple[Run | None, str]:
    """A row as a run to score, or why it is none."""
    if not row["peak_mem_gib"] or row["row_kind"].startswith("estimate"):
        return None, "no measured memory"
    if row["row_kind"] == "limit":
        return None, "a limit, not a measurement"
    model = rows.model_of(row)
    if model is None:
        return None, "the model is not named or not in the catalogue"
    if row["method"] == "inference":
        return serving(row, model), ""
    if not row["seq_len"]:
        return None, "the sequence length is not stated"
    setup = rows.setup_of(row, model)
    if contradicts(row, model, setup):
        return None, "weights, states and inputs of layers as stated exceed the measured figure"
    return training(row, model), ""


def score(run: Run) -> Score:
    """The error of one run."""
    return Score(run.row, run.source, run.group, run.estimate(), run.measured)


def after_one(mine: list[Run]) -> list[Score]:
    """Every row corrected by the row before or after it that ran on the same card in its class."""
    found = []
    for run in mine:
        others = [r for r in mine if r is not run and r.kind == run.kind and same_card(r, run)]
        told = others and others[0].estimate()
        mean = run.estimate()
        if told and mean:
            by = factor([others[0].measured / told.expected], belief("memory", ""))
            found.append(Score(run.row, run.source, run.group, mean.scaled(by), run.measured))
    return found


def same_card(one: Run, other: Run) -> bool:
    """Whether two rows name the same GPU and trainer."""
    return all(one.row[name] == other.row[name] for name in ("gpu", "n_gpus", "framework"))


def total_error(runs: Iterable[Run]) -> float:
    """Mean absolute logarithmic error, each capped so that one row cannot rule."""
    errors = []
    for run in runs:
        found = run.estimate()
        if found is not None:
            errors.append(min(0.5, abs(log(found.expected / run.measured))))
    return sum(errors) / len(errors) if errors else 0.0


def priors() -> dict[str, tuple[float, float, float]]:
    """Prior, low and high of each constant."""
    found = columns("transxlab.facts.estimated", "constants.csv")
    return {r["name"]: (float(r["prior"]), float(r["low"]), float(r["high"])) for r in found}


def fit(runs: list[Run]) -> None:
    """Set the fitted constants to what suits the runs best, starting at their priors."""
    table, start = constants(), priors()
    for name in FITTED:
        table[name] = start[name]
    best = total_error(runs)
    for _ in range(2):
        for name in FITTED:
            _, low, high = start[name]
            for step in range(13):
                before = table[name]
                table[name] = (min(high, low + (high - low) * step / 12), low, high)
                found = total_error(runs)
                if found < best - 1e-6:
                    best = found
                else:
                    table[name] = before


def calibrate(runs: list[Run]) -> None:
    """Set each class's spread to what holds nine tenths of its runs; 3% is the floor."""
    table = spreads()
    errors: dict[str, list[float]] = {}
    for run in runs:
        found = run.estimate()
        if found is not None and run.kind != "serving":
            errors.setdefault(run.kind, []).append(run.measured / found.expected - 1)
    for name, found_errors in errors.items():
        if len(found_errors) >= FEWEST:
            ordered = sorted(found_errors)
            cut = len(ordered) * 6 // 100
            down, up = -ordered[cut], ordered[-1 - cut]
            table[name] = (min(WIDEST, max(0.03, down)), min(WIDEST, max(0.03, up)))


def paired(row: dict[str, str], model: Anatomy) -> Run | None:
    """The pool's size where a row's notes state it beside the live tensors."""
    import re

    found = re.search(r"\breserved=([\d.]+) GiB", row["notes"])
    if found is None:
        return None
    other = {**row, "mem_measures": "reserved", "peak_mem_gib": found[1], "notes": ""}
    return training(other, model)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--leave-one-source-out", action="store_true")
    parser.add_argument("--worst", type=int, default=10)
    parser.add_argument(
        "--calibrated", action="store_true", help="each row after one other of its machine"
    )
    parser.add_argument("--fit", action="store_true", help="print constants fitted on all rows")
    return parser.parse_args()


def sort_out(table: list[dict[str, str]]) -> tuple[list[Run], list[Run]]:
    """The scoreable rows, and second figures that help to fit the pool; says what is left out."""
    runs: list[Run] = []
    pools: list[Run] = []
    why: dict[str, int] = {}
    for row in table:
        run, reason = scoreable(row)
        if run is None:
            why[reason] = why.get(reason, 0) + 1
            continue
        runs.append(run)
        model = rows.model_of(row)
        pair = paired(row, model) if model is not None else None
        pools += [pair] if pair is not None else []
    print("not scored:", "; ".join(f"{count} rows: {reason}" for reason, count in why.items()))
    return runs, pools


def main() -> int:
    """Score a table; 2 if it cannot be read."""
    args = arguments()
    try:
        table = rows.read(args.table)
    except OSError as problem:
        print(f"{args.table}: cannot be read: {problem.strerror}", file=sys.stderr)
        return 2
    runs, pools = sort_out(table)
    known = [run for run in runs if run.group == "one GPU"] + pools
    if args.fit:
        fit(known)
        calibrate(runs)
        print({name: round(constants()[name][0], 3) for name in FITTED})
        print({name: (round(a, 3), round(b, 3)) for name, (a, b) in spreads().items()})
    scores = []
    for source in dict.fromkeys(run.source for run in runs):
        if args.leave_one_source_out:
            spreads.cache_clear()
            fit([run for run in known if run.source != source])
            calibrate([run for run in runs if run.source != source])
        mine = [run for run in runs if run.source == source]
        scores += after_one(mine) if args.calibrated else [score(run) for run in mine]
    report(scores, args.worst, GIB, "GiB", main="one GPU")
    return 0


if __name__ == "__main__":
    sys.exit(main())
