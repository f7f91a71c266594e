"""Errors of the speed estimate on a table of measured runs.

    python benchmarks/throughput.py --table FILE [--leave-one-source-out] [--worst N] [--fit]

Every fitted constant is refitted without the source that is scored when sources are left out.
Nothing here or in the estimator reads a row's id or source to make an estimate.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

import rows
from scores import Score, report
from transxlab.facts.catalogued.gpus import Gpu
from transxlab.facts.catalogued.table import rows as columns
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.calibration import belief, factor
from transxlab.facts.estimated.config import anatomy
from transxlab.facts.estimated.memory import GIB, Memory, memory
from transxlab.facts.estimated.parameters import Adapters, total
from transxlab.facts.estimated.setup import settled
from transxlab.facts.estimated.time import (
    AGAIN,
    Speed,
    kind_of_run,
    matrix_parameters,
    products,
    rate,
    speed,
    speeds,
    spreads,
    stack_of,
)
from transxlab.facts.values import Interval

SHAPES = {
    "125m": (768, 12),
    "350m": (1024, 24),
    "355m": (1024, 24),
    "760m": (1536, 24),
    "774m": (1280, 36),
    "1b": (2048, 24),
    "1.3b": (2048, 24),
    "1558m": (1600, 48),
    "2.7b": (2560, 32),
    "3b": (2560, 32),
    "7b": (4096, 32),
    "13b": (5120, 40),
    "30b": (7168, 48),
    "70b": (8192, 80),
    "124m": (768, 12),
}
"""Widths and depths of the MPT and GPT sizes that the table names without a checkpoint."""
BOUNDS = (0.25, 4.0)
"""How far a fitted constant may move from its prior."""
OUTSIDE = 1.25
"""How much farther (as a power) a source that was not fitted lies off than those that were."""
LEAST = 1.25
"""Smallest factor to either side that is believed of a source that was not fitted."""
PULL = 0.01
"""Weight of the priors in the fit: a tight constant (3) that moves by 10% costs 0.1% of error."""
SHARES = ("best", "sustained", "bandwidth")
"""Constants that are shares of a limit, and so at most 1."""


@dataclass(frozen=True)
class Run:
    """One scoreable row."""

    row: dict[str, str]
    """The row as it stands in the table."""
    source: str
    """Where it was published."""
    group: str
    """Pretraining stacks or fine-tuning."""
    model: Anatomy
    """The model."""
    setup: rows.Setup
    """How it trained."""
    gpu: Gpu
    """What it ran on."""
    measured: float
    """Tokens per second and GPU."""

    def estimate(self) -> Interval | None:
        """Tokens per second and GPU as estimated."""
        found = speed(self.model, self.setup, self.gpu)
        if not isinstance(found, Speed):
            return None
        split = (
            self.setup.tensor_parallel * self.setup.pipeline_parallel * self.setup.context_parallel
        )
        return found.tokens_per_second.scaled(1 / (self.setup.replicas * split))


def model_of(row: dict[str, str]) -> Anatomy | None:
    """The model of a row: of the catalogue, or a GPT of a size that has a known shape."""
    found = rows.model_of(row)
    if found is not None:
        return found
    name = row["model"].lower().replace(" ", "-")
    if not name.startswith(("mpt", "gpt")):
        return None
    shape = SHAPES.get(name.split("-")[-1].removeprefix("gpt3-"))
    if shape is None:
        return None
    hidden, layers = shape
    sizes = {"hidden_size": hidden, "num_hidden_layers": layers, "intermediate_size": 4 * hidden}
    more = {"num_attention_heads": hidden // 64, "vocab_size": 50368, "tie_word_embeddings": True}
    made = anatomy({"model_type": "mpt", **sizes, **more})
    return made if isinstance(made, Anatomy) else None


def holds(model: Anatomy, setup: rows.Setup, gpu: Gpu) -> bool:
    """Whether a run without checkpointing can be held by the card; small adapters if unstated."""
    wrapped = setup.adapters or (Adapters(8, ("all-linear",)) if setup.adapter else None)
    bare = replace(setup, checkpointing="none", lengths="fixed", adapters=wrapped)
    found = memory(model, bare)
    return not isinstance(found, Memory) or found.needed.low <= gpu.memory_gib * GIB


def impossible(model: Anatomy, setup: rows.Setup, gpu: Gpu, measured: float) -> bool:
    """Whether matrix products alone, as the row says it trains, exceed the card's dense rate."""
    base, _ = settled(setup)
    peak = rate(gpu, base)
    passes = 1 + (1 if base.adapter else 2) + AGAIN[base.checkpointing or "full"]
    limit = max(peak or 0.0, products().get(gpu.name, 0.0) * 1e12)
    return 2 * matrix_parameters(model) * passes * measured > limit > 0


def scoreable(row: dict[str, str]) -> tuple[Run | None, str]:
    """A row as a run to score, or why it is none."""
    measured = rows.number(row, "tokens_per_sec_per_gpu")
    if measured is None or row["row_kind"] != "measured" or row["method"] == "inference":
        return None, "no measured training speed"
    model, gpu = model_of(row), rows.gpu_of(row)
    if model is None or gpu is None:
        return None, "the model or the GPU is not in the catalogue"
    if not row["seq_len"] or "variable" in row["packing"]:
        return None, "the length of the sequences is not stated"
    setup = rows.setup_of(row, model)
    fused = row["method"] == "pretrain" or setup.trainer in ("nemo", "torchtitan", "llm-foundry")
    if setup.micro_batch is None:
        setup = replace(setup, micro_batch=max(1, 32768 // (setup.tokens or 1024)))
    if fused and not row["grad_checkpointing"]:
        setup = replace(setup, checkpointing="none" if holds(model, setup, gpu) else "full")
    if setup.gpus > 1 and "assumed" in row["notes"]:
        return None, "whether the speed is of one GPU or of all is not stated"
    if impossible(model, setup, gpu, measured):
        return None, "the speed as stated takes more operations than the GPU can do"
    group = "pretraining stacks" if fused else "fine-tuning"
    source = row["source"].split(":")[0].split("@")[0].strip()
    return Run(row, source, group, model, setup, gpu, measured), ""


def priors() -> dict[str, tuple[float, float]]:
    """Prior of each constant, and how hard it is to move: 1 loose, 4 tight."""
    found = columns("transxlab.facts.estimated", "speeds.csv")
    return {r["name"]: (float(r["prior"]), float(r["tight"])) for r in found}


def total_error(runs: list[Run], start: dict[str, tuple[float, float]]) -> float:
    """Mean absolute logarithmic error, every source with the same weight, each row capped.

    A constant that leaves its prior pays for it, so that one source cannot bend what it alone
    knows.
    """
    sums: dict[str, list[float]] = {}
    for run in runs:
        found = run.estimate()
        if found is not None:
            error = min(1.0, abs(log(found.expected / run.measured)))
            sums.setdefault(run.source, []).append(error)
    means = [sum(e) / len(e) * len(e) ** 0.5 for e in sums.values()]
    weight = sum(len(e) ** 0.5 for e in sums.values())
    moved = sum((hard * log(speeds()[name] / prior)) ** 2 for name, (prior, hard) in start.items())
    return (sum(means) / weight if weight else 0.0) + PULL * moved


def fit(runs: list[Run]) -> None:
    """Set the constants to what suits the runs best, by coordinate steps from their priors."""
    table, start = speeds(), priors()
    table.update({name: prior for name, (prior, _) in start.items()})
    best, step = total_error(runs, start), 1.25
    for _ in range(4):
        for name, (prior, _) in start.items():
            for change in (step, 1 / step):
                while True:
                    before = table[name]
                    moved = before * change
                    top = 1.0 if name.startswith(SHARES) else prior * BOUNDS[1]
                    if not prior * BOUNDS[0] <= moved <= top:
                        break
                    table[name] = moved
                    found = total_error(runs, start)
                    if found < best - 1e-5:
                        best = found
                    else:
                        table[name] = before
                        break
        step = 1 + (step - 1) * 0.6


def calibrate(runs: list[Run]) -> None:
    """Set each class's factors to what holds nine tenths of its runs, each source alike."""
    table = spreads()
    ratios: dict[str, list[float]] = {}
    for run in runs:
        found = run.estimate()
        if found is not None:
            kind = kind_of_run(run.setup)
            ratios.setdefault(kind, []).append(found.expected / run.measured)
    for kind, found_ratios in ratios.items():
        if len(found_ratios) >= 8:
            ordered = sorted(found_ratios)
            cut = len(ordered) // 20
            low, high = ordered[cut] ** OUTSIDE, ordered[-1 - cut] ** OUTSIDE
            table[kind] = (min(1 / LEAST, low), max(LEAST, high))


def score(run: Run, by: float = 1.0) -> Score:
    """The error of one run, its estimate multiplied by a factor."""
    found = run.estimate()
    scaled = found.scaled(by) if found is not None else None
    return Score(run.row, run.source, run.group, scaled, run.measured)


def after_one(mine: list[Run]) -> list[Score]:
    """Every row corrected by one other of its machine, stack and method: the most similar one.

    What ``estimate --calibrate`` does with one logged run of the same project.
    """
    found: list[Score] = []
    for run in mine:
        others = [r for r in mine if r is not run and machine(r) == machine(run)]
        if not others:
            continue
        other = min(others, key=lambda r: distance(r, run))
        told = other.estimate()
        if told is not None:
            known = belief("speed", kind_of_run(run.setup))
            found.append(score(run, factor([other.measured / told.expected], known)))
    return found


def distance(one: Run, other: Run) -> float:
    """How unlike two runs are, in settings alone: size, tokens, length, GPUs, kernel, method."""

    def place(run: Run) -> tuple[float, ...]:
        s = settled(run.setup)[0]
        batch = (s.micro_batch or 1) * (s.tokens or 1)
        sizes = log(total(run.model)), log(batch), log(s.tokens or 1), log(s.gpus)
        kinds = s.attention == "eager", s.checkpointing == "none", s.compute == "fp32"
        return (*sizes, *(3.0 * k for k in (*kinds, s.adapter, s.quantized)))

    return sum((a - b) ** 2 for a, b in zip(place(one), place(other), strict=True))


def machine(run: Run) -> tuple[object, ...]:
    """What a calibration is kept under: the GPU, how many of them, code and kind of method."""
    return run.gpu.name, run.setup.gpus > 1, stack_of(run.setup), kind_of_run(run.setup)


def main() -> int:
    """Score a table; 2 if it cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--leave-one-source-out", action="store_true")
    parser.add_argument("--worst", type=int, default=10)
    parser.add_argument("--fit", action="store_true", help="print constants fitted on all rows")
    parser.add_argument(
        "--calibrated", action="store_true", help="each row after one other of its machine"
    )
    args = parser.parse_args()
    try:
        table = rows.read(args.table)
    except OSError as problem:
        print(f"{args.table}: cannot be read: {problem.strerror}", file=sys.stderr)
        return 2
    runs, why = [], {}
    for row in table:
        run, reason = scoreable(row)
        if run is not None:
            runs.append(run)
        else:
            why[reason] = why.get(reason, 0) + 1
    print("not scored:", "; ".join(f"{count} rows: {reason}" for reason, count in why.items()))
    if args.fit:
        fit(runs)
        calibrate(runs)
        print({name: float(f"{value:.4g}") for name, value in speeds().items()})
        print({name: (round(a, 2), round(b, 2)) for name, (a, b) in spreads().items()})
    scores = []
    for source in dict.fromkeys(run.source for run in runs):
        if args.leave_one_source_out:
            others = [run for run in runs if run.source != source]
            spreads.cache_clear()
            fit(others)
            calibrate(others)
        mine = [run for run in runs if run.source == source]
        scores += after_one(mine) if args.calibrated else [score(run) for run in mine]
    report(scores, args.worst, 1.0, "tokens/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
