"""A profile that was killed goes on where it stopped, and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import planted as data
import pytest
from transxlab.facts.profiled import scan
from transxlab.facts.profiled.engines import store as stores
from transxlab.facts.profiled.engines.store import Store
from transxlab.facts.profiled.profile import ReadError, profile

CHUNK = 60_000
PROGRAM = """
import sys
from pathlib import Path
from transxlab.facts.profiled.profile import profile
if __name__ == "__main__":
    profile(
        {"train": sys.argv[1], "val": sys.argv[2]},
        processes=int(sys.argv[3]), cache=Path(sys.argv[4]), chunk_bytes=int(sys.argv[5]),
    )
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("resumed")
    texts = data.natural(12_000, words=(30, 60))
    rows = [{"prompt": t[:60], "completion": t} for t in texts]
    train = data.write(folder / "t.jsonl", rows)
    return {"train": train, "val": data.write(folder / "v.jsonl", rows[:50])}


def killed(files: dict[str, Path], cache: Path, processes: int) -> set[Path]:
    """The parts that a run had finished when it was killed half-way."""
    program = cache.parent / "program.py"
    program.write_text(PROGRAM)
    given = [files["train"], files["val"], processes, cache, CHUNK]
    command = [sys.executable, str(program), *map(str, given)]
    run = subprocess.Popen(command, start_new_session=True)
    until = time.monotonic() + 60
    while len(parts := set(cache.rglob("train-*.part"))) < 10:
        assert run.poll() is None
        assert time.monotonic() < until
        time.sleep(0.005)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return set(cache.rglob("train-*.part")) | parts


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_run_is_taken_up(
    files: dict[str, Path], tmp_path: Path, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    finished = killed(files, cache, processes)
    measured: list[tuple[str, int]] = []

    def counting(task: scan.Task, *rest: object) -> scan.Part:
        measured.append((task.role, task.number))
        return scan.measure(task, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(stores, "measure", counting)
    resumed = profile(files, cache=cache, chunk_bytes=CHUNK)
    again = {f"{role}-{number:06}.part" for role, number in measured}
    assert again
    assert not again & {path.name for path in finished}
    assert not list(cache.rglob("*.part")), "what is finished is no longer needed"
    measured.clear()
    assert profile(files, chunk_bytes=CHUNK) == resumed
    assert len(measured) == len(again) + len(finished) + 1, "one part is of val"


def test_other_files_options_or_code_take_up_nothing(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transxlab.facts.profiled.engines import resume

    named = {role: [str(path)] for role, path in files.items()}
    keys = {resume._key(named, CHUNK), resume._key(named, CHUNK + 1)}
    before = files["train"].stat().st_mtime_ns
    os.utime(files["train"], ns=(before, before + 1))
    keys.add(resume._key(named, CHUNK))
    os.utime(files["train"], ns=(before, before))
    keys.add(resume._key({"train": named["train"]}, CHUNK))
    monkeypatch.setattr(resume, "_code", lambda: "another version")
    keys.add(resume._key(named, CHUNK))
    assert len(keys) == 5


def test_two_runs_at_once_do_not_meet(files: dict[str, Path], tmp_path: Path) -> None:
    from transxlab.facts.profiled.engines.resume import store

    named = {role: [str(path)] for role, path in files.items()}
    with store(tmp_path, named, CHUNK) as one, store(tmp_path, named, CHUNK) as two:
        assert one.folder != two.folder


def test_a_run_that_could_use_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        profile({"train": tmp_path / "none.jsonl"}, cache=tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_damaged_part_is_measured_again(files: dict[str, Path], tmp_path: Path) -> None:
    from transxlab.facts.profiled.readers.source import Chunk

    task = scan.Task("train", 0, 0, Chunk(str(files["val"]), "jsonl"), 1 << 64)
    store = Store(str(tmp_path))
    assert store.load(task) is None
    store.measure(task, None)
    assert store.load(task) is not None
    part = tmp_path / "train-000000.part"
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    assert store.load(task) is None
    part.write_bytes(b"cos\nsystem\n(S'echo run'\ntR.")
    assert store.load(task) is None, "a part makes nothing but measures"
    part.write_bytes(whole)
    for columns in tmp_path.glob("*.columns"):
        columns.unlink()
    assert store.load(task) is None
