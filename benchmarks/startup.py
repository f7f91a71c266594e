"""CPU time of the command line beside ``python -c "import click, yaml"``, and where it goes.

    python benchmarks/startup.py [--runs 10] [CONFIG]

Medians of whole processes, cache warm; then one audit in this process, stage by stage. The bars:
``--help`` at most 2x, ``audit`` and ``estimate`` of one config at most 5x.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[1] / "examples" / "style_transfer" / "lora_after.yaml"
COMMAND = [sys.executable, "-m", "transxlab.cli"]


def cpu_seconds(command: list[str], runs: int) -> float:
    """Median CPU time of a process and its children."""
    times = []
    for _ in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times[1:])


def whole(config: Path, runs: int) -> None:
    """Each command as its own process."""
    base = cpu_seconds([sys.executable, "-c", "import click, yaml"], runs)
    print(f"import click, yaml: {1000 * base:.0f} ms")
    for name, arguments in (
        ("--help", ["--help"]),
        ("audit", ["audit", str(config)]),
        ("audit --engine reference", ["audit", "--engine", "reference", str(config)]),
        ("estimate", ["estimate", str(config)]),
        ("explain", ["explain", "config.learning_rate"]),
    ):
        taken = cpu_seconds([*COMMAND, *arguments], runs)
        print(f"{name}: {1000 * taken:.0f} ms, {taken / base:.1f}x")


def stages(config: Path) -> None:
    """One audit in this process, stage by stage."""
    started = time.process_time()

    def stage(name: str, work: Callable[[], Any]) -> Any:
        nonlocal started
        found = work()
        now = time.process_time()
        print(f"  {name}: {1000 * (now - started):.0f} ms")
        started = now
        return found

    stage("import the command", lambda: __import__("transxlab.cli.audit"))
    from transxlab.cli import consulting
    from transxlab.cli.gather import gather
    from transxlab.cli.knowledge import sources
    from transxlab.cli.render import console

    rules = stage("rulebook from the cache", consulting.rulebook)
    facts = stage("read the config", lambda: gather(str(config), {})).facts
    case = stage(
        "infer (experta)",
        lambda: consulting.consult(facts, rules, design=False, engine="experta"),
    )
    stage("render", lambda: list(console.findings(case, sources())))
    print(f"all: {len(rules.rules)} rules, {len(case.firings)} firings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("config", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    whole(arguments.config, arguments.runs)
    stages(arguments.config)


if __name__ == "__main__":
    main()
