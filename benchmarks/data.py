"""Speed and memory of the data profiler, measure by measure, beside plain reading of the same file.

python benchmarks/data.py [--rows 946000] [--processes 2] [--file train.jsonl]

Without --file the data of examples/ac_v2/generate.py are made at the given size (946,000 rows are
745 MB). The split by measure is taken in one process on the first chunks, the whole in several.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPLIT_CHUNKS = 4


def reading_seconds(path: Path) -> float:
    """Seconds to read a file and parse every line with orjson: no profiler can be faster."""
    import orjson

    begin = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    return time.perf_counter() - begin


def split_seconds(path: Path) -> tuple[int, Counter[str]]:
    """Rows of the first chunks, and the seconds each step took on them."""
    from transxlab.facts.profiled import scan
    from transxlab.facts.profiled.block import Block
    from transxlab.facts.profiled.formats import Recogniser
    from transxlab.facts.profiled.readers import source

    part = scan.empty("train", None)
    spent: Counter[str] = Counter()
    rows = 0

    def measured(block: Block) -> None:
        for name in ("tokens", "row_hash", "input_hash", "output_hash"):
            begin = time.perf_counter()
            getattr(block, name)
            spent[name] += time.perf_counter() - begin
        steps = {slot.name: getattr(part.measures, slot.name) for slot in fields(part.measures)}
        for name, step in {**steps, "sample": part.sample}.items():
            begin = time.perf_counter()
            step.update(block)
            spent[name] += time.perf_counter() - begin

    recogniser, block = Recogniser(), Block(0)
    begin = time.perf_counter()
    for chunk in source.plan(str(path), "jsonl")[:SPLIT_CHUNKS]:
        for line, row in source.read(chunk, part.problems.report):
            example = recogniser.example(row)
            if example is None:
                continue
            rows += 1
            block.add(line, example)
            if block.full:
                measured(block)
                block = Block(0)
    measured(block)
    spent["read and recognise"] = time.perf_counter() - begin - sum(spent.values())
    return rows, spent


def peak_mib(who: int) -> float:
    """Largest resident memory so far, of this process or of its children, in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def main() -> None:
    """Print the floor, the split and the whole."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--rows", type=int, default=946_000)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--file", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.file
        if path is None:
            script = ROOT / "examples" / "ac_v2" / "generate.py"
            command = [sys.executable, str(script), "--rows", str(given.rows), "--out", folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            path = Path(folder) / "train.jsonl"
        report(path, given.processes)


def report(path: Path, processes: int) -> None:
    """Measure one file and print what came out."""
    from transxlab.facts.profiled.profile import profile

    mb = path.stat().st_size / 1e6
    floor = reading_seconds(path)
    print(f"{'orjson alone':24} {floor:7.1f} s   {mb / floor:7.0f} MB/s   one process")
    rows, spent = split_seconds(path)
    for name, seconds in spent.most_common():
        print(f"{name:24} {seconds / rows * 1e6:7.2f} s per million rows")
    begin = time.perf_counter()
    found = profile({"train": path}, processes=processes)
    seconds = time.perf_counter() - begin
    split = found.splits["train"]
    print(
        f"all: {split.counts.rows:,} rows  {mb:.0f} MB  {seconds:.1f} s on {processes} processes  "
        f"{split.counts.rows / seconds:,.0f} rows/s  {seconds / floor:.1f} x orjson alone  "
        f"peak {peak_mib(resource.RUSAGE_SELF):.0f} MiB here, "
        f"{peak_mib(resource.RUSAGE_CHILDREN):.0f} MiB in a worker"
    )


if __name__ == "__main__":
    main()
