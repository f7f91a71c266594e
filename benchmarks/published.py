"""Writes the catalogue of published runs from a table of what published configs state.

    python benchmarks/published.py RUNS.csv facts/catalogued/published.csv

RUNS.csv has a row per run: trainer, path in the trainer's public repository, method, stage, model
and figures as stated. Figures alone are kept, in the vocabulary's words. A config that stands in
both a trainer's newest tree and its history (``NAME-history``) with the same figures counts once.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

from corpus import METHODS, STAGES
from transxlab.facts.catalogued.published import FIGURES, TEXTS
from transxlab.facts.trainers.converting import scheduler
from transxlab.facts.vocabulary.config import METHODS as KNOWN_METHODS
from transxlab.facts.vocabulary.config import STAGES as KNOWN_STAGES

COLUMNS = ("trainer", "path", "method", "stage", "size", *FIGURES.values(), *TEXTS.values())
SIZES = ((1e9, "below 1B"), (4e9, "1B to 4B"), (15e9, "4B to 15B"), (40e9, "15B to 40B"))
FROM = {"lr": "lr", "epochs": "epochs", "warmup_ratio": "warmup_ratio", "rank": "lora_r",
        "weight_decay": "weight_decay", "alpha": "lora_alpha", "dropout": "lora_dropout",
        "length": "seq_len", "max_steps": "max_steps", "warmup_steps": "warmup_steps"}  # fmt: skip
POSITIVE = ("lr", "epochs", "max_steps", "rank", "alpha", "length")
"""Figures of which 0 and below mean that nothing is set."""
_SIZE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*([bBmM])(?![a-zA-Z])")


def run(row: dict[str, str]) -> dict[str, str] | None:
    """One run in the catalogue's words; None where its method or stage is none of ours."""
    method = row["method"].partition("+")[0]
    method, stage = METHODS.get(method, method), STAGES.get(row["stage"], row["stage"])
    if method not in KNOWN_METHODS or stage not in KNOWN_STAGES:
        return None
    found = {"trainer": row["trainer"], "path": row["path"], "method": method, "stage": stage}
    found |= {ours: number(row[theirs]) for ours, theirs in FROM.items()}
    if found["warmup_steps"] and 0 < float(found["warmup_steps"]) < 1:
        found["warmup_ratio"], found["warmup_steps"] = found["warmup_steps"], ""
    for name in POSITIVE:
        found[name] = found[name] if found[name] and float(found[name]) > 0 else ""
    words = row["scheduler"].strip("\"'")
    return found | {"size": size(row["model"]), "batch": batch(row),
                    "scheduler": str(scheduler(words)) if words else ""}  # fmt: skip


def number(text: str) -> str:
    """A finite number in short; empty where there is none."""
    try:
        found = float(text)
    except ValueError:
        return ""
    return f"{found:.6g}" if abs(found) < 1e15 else ""


def batch(row: dict[str, str]) -> str:
    """Sequences a step over all GPUs, where that is stated or follows."""
    if row["global_batch"]:
        return number(row["global_batch"])
    parts = [number(row[name]) for name in ("micro_batch", "grad_accum", "world")]
    if not all(parts):
        return ""
    return f"{float(parts[0]) * float(parts[1]) * float(parts[2]):.6g}"


def size(model: str) -> str:
    """The class of size that a model's name tells; empty where it tells none."""
    found = _SIZE.findall(model.rpartition("/")[2])
    if not found:
        return ""
    params = max(float(count) * (1e9 if unit in "bB" else 1e6) for count, unit in found)
    return next((name for most, name in SIZES if params < most), "40B and more")


def main() -> None:
    """Write the catalogue."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("catalogue", type=Path)
    asked = parser.parse_args()
    seen, kept = set(), []
    with asked.runs.open(encoding="utf-8") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: (row["trainer"], row["path"]))
    for row in rows:
        found = run(row)
        if found is None:
            continue
        figures = tuple(found[name] for name in COLUMNS[2:])
        same = (row["trainer"].removesuffix("-history"), Path(row["path"]).name, figures)
        if same not in seen:
            seen.add(same)
            kept.append(found)
    with asked.catalogue.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    print(f"all: {len(kept)} of {len(rows)} runs in {asked.catalogue}")


if __name__ == "__main__":
    main()
