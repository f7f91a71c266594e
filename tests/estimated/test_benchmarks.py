"""The benchmarks run on the study's table, and the figures they print hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / ".." / "shared" / "knowledge" / "estimates" / "ground_truth.csv"
LINE = re.compile(r"all: answered (\d+)/(\d+)  MAPE ([\d.]+)%  median ([\d.]+)%  .*inside (\d+)%")


def last_line(name: str, table: Path) -> re.Match[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / name), "--table", str(table)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found = LINE.match(done.stdout.strip().splitlines()[-1])
    assert found is not None, done.stdout[-500:]
    return found


@pytest.mark.parametrize(
    ("name", "mape", "median"), [("memory.py", 6.0, 3.5), ("throughput.py", 20.0, 12.0)]
)
def test_in_sample_errors(name: str, mape: float, median: float) -> None:
    if not TABLE.exists():
        pytest.skip("the measured rows are not beside this checkout")
    found = last_line(name, TABLE)
    assert int(found[1]) >= 0.95 * int(found[2])
    assert float(found[3]) <= mape
    assert float(found[4]) <= median
    assert int(found[5]) >= 85


def test_ids_and_sources_change_nothing(tmp_path: Path) -> None:
    if not TABLE.exists():
        pytest.skip("the measured rows are not beside this checkout")
    import csv

    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["id"], row["source"], row["eval_set"] = f"x{number}", "somewhere", "some"
    other = tmp_path / "table.csv"
    with other.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for name in ("memory.py", "throughput.py"):
        assert last_line(name, TABLE)[0] == last_line(name, other)[0]


def test_a_table_that_is_not_there() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "memory.py"), "--table", "no-such.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert "no-such.csv" in done.stderr
    assert "Traceback" not in done.stderr
