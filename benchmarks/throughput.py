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
from transxlab.facts.estimated.config import anatomy
from transxlab.facts.estimated.time import Speed, kind_of_run, speed, speeds, spreads
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
    if fused and not row["grad_checkpointing"]:
        setup = replace(setup, checkpointing="none")
    if setup.micro_batch is None:
        setup = replace(setup, micro_batch=max(1, 32768 // (setup.tokens or 1024)))
    group = "pretraining stacks" if fused else "fine-tuning"
    source = row["source"].split(":")[0].split("@")[0].strip()
    return Run(row, source, group, model, setup, gpu, measured), ""


def priors() -> dict[str, float]:
    """Prior of each constant."""
    found = columns("transxlab.facts.estimated", "speeds.csv")
    return {r["name"]: float(r["prior"]) for r in found}


def total_error(runs: list[Run]) -> float:
    """Mean absolute logarithmic error, every source with the same weight, each row capped."""
    sums: dict[str, list[float]] = {}
    for run in runs:
        found = run.estimate()
        if found is not None:
            error = min(1.0, abs(log(found.expected / run.measured)))
            sums.setdefault(run.source, []).append(error)
    means = [sum(e) / len(e) * len(e) ** 0.5 for e in sums.values()]
    weight = sum(len(e) ** 0.5 for e in sums.values())
    return sum(means) / weight if weight else 0.0


def fit(runs: list[Run]) -> None:
    """Set the constants to what suits the runs best, by coordinate steps from their priors."""
    table, start = speeds(), priors()
    table.update(start)
    best, step = total_error(runs), 1.4
    for _ in range(4):
        for name, prior in start.items():
            for factor in (step, 1 / step):
                while True:
                    before = table[name]
                    moved = before * factor
                    top = 1.0 if name.startswith("efficiency") else prior * BOUNDS[1]
                    if not prior * BOUNDS[0] <= moved <= top:
                        break
                    table[name] = moved
                    found = total_error(runs)
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
            cut = len(ordered) // 14
            table[kind] = (min(0.95, ordered[cut] / 1.05), max(1.05, ordered[-1 - cut] * 1.05))


def main() -> int:
    """Score a table; 2 if it cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--leave-one-source-out", action="store_true")
    parser.add_argument("--worst", type=int, default=10)
    parser.add_argument("--fit", action="store_true", help="print constants fitted on all rows")
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
        scores += [Score(r.row, r.source, r.group, r.estimate(), r.measured) for r in mine]
    report(scores, args.worst, 1.0, "tokens/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
