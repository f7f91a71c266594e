"""How the readers do on a folder of published configs, beside a table of what they hold.

    python benchmarks/corpus.py CONFIGS [RUNS.csv] [--list]

CONFIGS has one folder per trainer; RUNS.csv has a row per run with trainer, path (below the
trainer's folder), method, stage, lr, micro_batch, global_batch, epochs and max_steps. A row of a
file that is not read counts as wrong in every field. Where the table is wrong, or says what no
line of the file does, corpus.csv beside this file has the line that shows it; such differences
are counted apart, and only while both sides are still as they were.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections import Counter, defaultdict
from pathlib import Path

from transxlab.facts.trainers.failure import ConfigError
from transxlab.facts.trainers.reading import Reading, read

METHODS = {"lora-8bit": "lora", "lora(default)": "lora", "boft": "oft"}
STAGES = {
    "seq2seq": "sft",
    "extractive-qa": "question_answering",
    "text_classification": "classification",
    "text_regression": "regression",
    "image_classification": "vision",
    "image_regression": "vision",
    "object_detection": "vision",
    "generative_reranker": "reranker",
    "completion": "cpt",
    "gkd": "distill",
    "anneal": "pretrain",
    "reinforce": "ppo",
    "continued": "pretrain",
}
ALIKE = (
    {"pretrain", "cpt"},
    {"dpo", "simpo", "ipo", "orpo"},
    {"ppo", "grpo", "rloo"},
    {"classification", "regression"},
)
"""Stages that the table does not tell apart everywhere."""
EXPLAINED = Path(__file__).with_suffix(".csv")
FIELDS = {
    "lr": "config.learning_rate",
    "micro_batch": "config.per_device_train_batch_size",
    "global_batch": "config.global_batch_size",
    "epochs": "config.num_train_epochs",
    "max_steps": "config.max_steps",
    "method": "config.method",
    "stage": "config.stage",
}


def main() -> None:
    """Read every file, then compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=Path)
    parser.add_argument("runs", type=Path, nargs="?")
    parser.add_argument("--list", action="store_true", help="list every difference")
    asked = parser.parse_args()
    readings, refused, crashed, seconds = read_all(asked.configs)
    total = len(readings) + len(refused) + len(crashed)
    for path, sentence in crashed:
        print(f"crash {path}: {sentence}")
    if asked.list:
        for path, sentence in refused:
            print(f"not read {path}: {sentence}")
    agreed = compare(readings, asked.runs, asked.list) if asked.runs else ""
    each = 1000 * seconds / max(total, 1)
    print(
        f"all: read {len(readings)}/{total}  crashed {len(crashed)}  {each:.2f} ms CPU each{agreed}"
    )


def read_all(
    root: Path,
) -> tuple[dict[str, Reading], list[tuple[str, str]], list[tuple[str, str]], float]:
    """Every file under a folder: what was read, what was refused, what crashed, the CPU time."""
    readings: dict[str, Reading] = {}
    refused: list[tuple[str, str]] = []
    crashed: list[tuple[str, str]] = []
    started = time.process_time()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        try:
            readings[name] = read(path)
        except ConfigError as error:
            refused.append((name, error.problem.message))
        except Exception as error:
            crashed.append((name, repr(error)))
    return readings, refused, crashed, time.process_time() - started


def compare(readings: dict[str, Reading], table: Path, listing: bool) -> str:
    """Print how many stated values agree, by field; return the shares in short."""
    rows = defaultdict(list)
    for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
        rows[f"{row['trainer']}/{row['path']}"].append(row)
    stated: Counter[str] = Counter()
    unlike: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    reasons = explanations()
    clean = 0
    for name, wanted in rows.items():
        reading = readings.get(name)
        runs = [reading, *reading.runs] if reading else [None]
        for place, row in enumerate(wanted):
            candidates = runs if len(wanted) != len(runs) else [runs[place]]
            wrong = min((differences(row, run) for run in candidates), key=len)
            stated.update(field for field in FIELDS if row[field])
            told = {f for f, (a, b) in wrong.items() if (name, f, a, str(b)) in reasons}
            explained.update(told)
            unlike.update(wrong.keys() - told)
            clean += not wrong.keys() - told
            said = "; ".join(f"{f}: table {a}, read {b}" for f, (a, b) in wrong.items())
            if listing and wrong:
                print(f"{'explained' if wrong.keys() <= told else 'differs'} {name}: {said}")
    for field in FIELDS:
        agree = stated[field] - unlike[field] - explained[field]
        share = agree / max(stated[field], 1)
        apart = f"{explained[field]} explained, {unlike[field]} open"
        print(f"{field:13} {agree}/{stated[field]}  {share:.1%}  {apart}")
    return f"  rows that agree or are explained {clean}/{sum(map(len, rows.values()))}"


def explanations() -> set[tuple[str, str, str, str]]:
    """File, column, the table's value and ours, of every difference that has its reason."""
    with EXPLAINED.open(encoding="utf-8") as lines:
        return {(r["file"], r["column"], r["table"], r["ours"]) for r in csv.DictReader(lines)}


def differences(row: dict[str, str], run: Reading | None) -> dict[str, tuple[str, object]]:
    """The fields in which a row of the table and a reading differ."""
    wrong: dict[str, tuple[str, object]] = {}
    for field, slot in FIELDS.items():
        if not row[field]:
            continue
        found = run.facts.known(slot) if run else None
        value = None if found is None else found.value
        if not same(field, row[field], value):
            wrong[field] = (row[field], value)
    return wrong


def same(field: str, said: str, value: object) -> bool:
    """Whether a cell of the table and a value mean the same."""
    if field == "method":
        parts = [METHODS.get(part, part) for part in said.split("+")]
        return value in parts or (parts[0] == "lora" and value == "dora")
    if field == "stage":
        if said.startswith("sentence-transformers"):
            return value == "embedding"
        if said == "other":
            return value in (None, "vision")
        plain = STAGES.get(said, said)
        return value == plain or any({plain, value} <= group for group in ALIKE)
    try:
        number = float(said)
    except ValueError:
        return str(value) == said or (said == "auto" and value is None)
    if not isinstance(value, (int, float)):
        return False
    return math.isclose(number, value, rel_tol=1e-6)


if __name__ == "__main__":
    main()
