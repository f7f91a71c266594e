"""Many configs in one audit: files a second, where the time goes, and memory against their number.

    python benchmarks/fleet.py CONFIGS [--jobs 2] [--format json] [--times 3]

The whole command as it is installed, with the full rulebook and the default engine, over a folder
once and over TIMES copies of it; then the split of one process into read, infer and render. The
bars: 200 files a second on two cores, and a memory that does not grow with the number of files.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass
class Run:
    """One run of the command."""

    files: int
    """Files in the folders it was given."""
    wall_seconds: float = 0.0
    """Time from start to end."""
    cpu_seconds: float = 0.0
    """Processor time of the command and its processes, start included."""
    peak_mib: dict[int, float] = field(default_factory=dict)
    """Peak resident memory of each process, by its id."""
    last: str = ""
    """Last line that it printed."""


def audited(folders: list[Path], jobs: int, form: str) -> Run:
    """Run the command over some folders, watching its processes."""
    run = Run(sum(1 for folder in folders for path in folder.rglob("*") if path.is_file()))
    script = Path(sys.executable).with_name("transxlab")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "transxlab.cli"]
    call = [*command, "audit", *map(str, folders), "--jobs", str(jobs), "--fail-on", "never"]
    before, started = os.times(), time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out"
        process = subprocess.Popen(
            [*call, "--format", form, "--output", str(out)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=place,
        )  # fmt: skip
        watch = threading.Thread(target=_watch, args=(process, run))
        watch.start()
        process.wait()
        watch.join()
        with out.open("rb") as text:
            text.seek(max(0, out.stat().st_size - 400))
            run.last = text.read().decode(errors="replace").strip().splitlines()[-1]
    after = os.times()
    run.wall_seconds = time.perf_counter() - started
    run.cpu_seconds = sum(after[2:4]) - sum(before[2:4])
    if process.returncode != 0:
        raise SystemExit(f"the command ended with {process.returncode}")
    return run


def _watch(process: subprocess.Popen[bytes], run: Run) -> None:
    """Note the peak memory of a process and its children until it ends (Linux)."""
    while process.poll() is None:
        for pid in (process.pid, *_children(process.pid)):
            peak = _peak_mib(pid)
            if peak:
                run.peak_mib[pid] = max(peak, run.peak_mib.get(pid, 0.0))
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _peak_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    rows = [row for row in status.splitlines() if row.startswith("VmHWM")]
    return int(rows[0].split()[1]) / 1024 if rows else 0.0


def split(folder: Path, form: str) -> str:
    """Milliseconds of processor time per file in each stage, of one process, and the engine."""
    from transxlab.cli import consulting
    from transxlab.cli.auditing import batch, selecting
    from transxlab.cli.auditing.report import Task

    rules = consulting.rulebook()
    files, _ = selecting.files([str(folder)])
    given = {"trainer": None, "trainer_version": None, "engine": "experta", "rulebook": ()}
    task = Task(given, form, selecting.Selection(), (), "error", date.today(), False)
    spent, engines = [0.0, 0.0, 0.0], Counter[str]()
    for piece in batch.pieces(files, task, rules, 1):
        spent = [a + b for a, b in zip(spent, piece.seconds, strict=True)]
        engines[piece.engine] += bool(piece.engine)
    done = engines.total()
    stages = zip(("read", "infer", "render"), spent, strict=True)
    parts = "  ".join(f"{name} {1000 * seconds / done:.2f}" for name, seconds in stages)
    ran = ", ".join(engine for engine, count in engines.items() if count)
    return f"{parts} ms CPU a config  engine {ran}  rules {len(rules.rules)}  configs {done}"


def report(name: str, run: Run) -> None:
    """Print one run."""
    peaks = ", ".join(f"{peak:.0f}" for _, peak in sorted(run.peak_mib.items()))
    print(
        f"{name}: {run.files:,} files in {run.wall_seconds:.1f} s, "
        f"{run.files / run.wall_seconds:.0f} files/s; "
        f"{1000 * run.cpu_seconds / run.files:.1f} ms CPU a file; peak MiB by process: {peaks}"
    )
    print(f"  {run.last}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("configs", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--format", default="text")
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    once = audited([asked.configs.resolve()], asked.jobs, asked.format)
    report("once", once)
    with tempfile.TemporaryDirectory() as place:
        copies = [Path(place) / f"copy{number}" for number in range(asked.times)]
        for copy in copies:
            shutil.copytree(asked.configs, copy)
        several = audited(copies, asked.jobs, asked.format)
    report(f"{asked.times} times", several)
    print(split(asked.configs, asked.format))
    grown = max(several.peak_mib.values(), default=0.0) - max(once.peak_mib.values(), default=0.0)
    print(
        f"all: {several.files / several.wall_seconds:.0f} files/s on {asked.jobs} processes  "
        f"{asked.jobs * several.files / several.cpu_seconds:.0f} files/s by CPU time  "
        f"peak {max(several.peak_mib.values(), default=0.0):.0f} MiB, "
        f"{grown:+.0f} MiB at {asked.times} times the files"
    )


if __name__ == "__main__":
    main()
