"""The same bytes whatever does the work: one process, several, a cluster, in any order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import planted as data
import pytest
from transxlab.facts.profiled import block, compiled
from transxlab.facts.profiled.engines import engine as engines
from transxlab.facts.profiled.engines.engine import EngineError, Got, Here
from transxlab.facts.profiled.engines.store import Store
from transxlab.facts.profiled.measures.overlap import Wanted
from transxlab.facts.profiled.profile import DataProfile, profile
from transxlab.facts.profiled.scan import Task


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    folder = tmp_path_factory.mktemp("engines")
    asked, told = data.natural(1500, 1), data.natural(1500, 2)
    rows: list[dict[str, object]] = [
        {"prompt": a, "completion": b} for a, b in zip(asked, told, strict=True)
    ]
    rows += [{"prompt": a, "completion": b + " end"} for a, b in zip(asked, told, strict=True)][:99]
    rows += rows[:70]
    rows += [{"text": t} for t in data.filled(("The {a} of {b} is {n}.", "{a} has {n} {b}"), 300)]
    rows += [{"text": t, "label": str(n % 3)} for n, t in enumerate(data.natural(200, 3))]
    random.Random(5).shuffle(rows)
    one, two = folder / "one.jsonl", folder / "two.jsonl"
    data.write(one, rows[:1200])
    data.write(two, rows[1200:])
    with two.open("a") as file:
        file.write('{"text": NaN}\n{"odd": 1}\n[1]\n{"text": "a", "text": "b"}\n')
    return {"train": [one, two], "val": [data.write(folder / "v.jsonl", rows[:90])]}


def told(found: DataProfile) -> str:
    return json.dumps(asdict(found))


@pytest.fixture(scope="module")
def whole(files: dict[str, list[Path]]) -> str:
    return told(profile(files))


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_change_nothing(files: dict[str, list[Path]], whole: str, processes: int) -> None:
    assert told(profile(files, processes=processes, chunk_bytes=25_000 * processes)) == whole


class _Shuffled(Here):
    """Finishes tasks in a random order."""

    def __init__(self, seed: int) -> None:
        self._pick = random.Random(seed)

    def measured(
        self, tasks: Sequence[Task], sought: Wanted | None, store: Store
    ) -> Iterator[Task]:
        return super().measured(self._pick.sample(tasks, len(tasks)), sought, store)


@pytest.mark.parametrize("seed", range(4))
def test_cut_blocks_and_order_of_completion_change_nothing(
    files: dict[str, list[Path]], whole: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick = random.Random(seed)
    monkeypatch.setattr(engines, "engine", lambda name, processes: _Shuffled(seed))
    monkeypatch.setattr(block, "BLOCK_CHARS", pick.choice([500, 7_000, 100_000]))
    monkeypatch.setattr("transxlab.facts.profiled.scan.STORED_ROWS", pick.choice([1, 50, 1000]))
    monkeypatch.setattr("transxlab.facts.profiled.tally.PENDING", pick.choice([10, 300]))
    assert told(profile(files, chunk_bytes=pick.randint(1_000, 90_000))) == whole


def test_ranges_of_keys_change_nothing(
    files: dict[str, list[Path]], whole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transxlab.facts.profiled.tally.AT_ONCE", 100)
    monkeypatch.setattr("transxlab.facts.profiled.shelf.IN_MEMORY_BYTES", 10_000)
    assert told(profile(files, chunk_bytes=30_000)) == whole


def test_the_compiled_loops_change_nothing(
    files: dict[str, list[Path]], whole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr(compiled, "WORTH_BYTES", 0)
    try:
        assert told(profile(files)) == whole
        assert compiled.kernels() is not None
    finally:
        compiled.switch(False)


def test_ray_changes_nothing(files: dict[str, list[Path]], whole: str) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    assert told(profile(files, processes=2, engine="ray", chunk_bytes=40_000)) == whole


def test_an_engine_that_is_not_there_is_one_sentence(
    files: dict[str, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match="expected pool or ray"):
        profile(files, engine="dask")

    def missing(name: str) -> Callable[[], Got]:
        raise ImportError(name)

    monkeypatch.setattr("transxlab.facts.profiled.engines.ray.import_module", missing)
    with pytest.raises(EngineError, match=r"pip install 'transxlab\[ray\]'"):
        profile(files, engine="ray")


def test_copies_without_end_are_linked_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = " ".join(data.natural(1, 9, (60, 61)))
    rows = [{"text": same} for _ in range(900)] + [{"text": t} for t in data.natural(300, 4)]
    random.Random(1).shuffle(rows)
    path = data.write(tmp_path / "t.jsonl", rows)
    monkeypatch.setattr("transxlab.facts.profiled.measures.alike.AT_ONCE", 50)
    near = profile({"train": path}, chunk_bytes=9_000).splits["train"].near
    assert near.rows == 899
    assert near.clusters[0][1] == 900
