"""Logs of one's own runs: what is read from them, and how it corrects the estimates."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transxlab.facts.estimated.calibration import (
    Entry,
    Key,
    belief,
    factor,
    held,
    parsed,
    plain,
    read,
    written,
)
from transxlab.facts.measured.log import LogError, read_log

CONFIG = Path(__file__).parents[2] / "examples" / "style_transfer" / "lora_after.yaml"
KEY = Key("RTX 4090", 1, "eager", "finetune")
STATE = {
    "global_step": 20,
    "log_history": [
        {"loss": 1.9, "step": 10},
        {"train_runtime": 61.0, "train_samples_per_second": 5.2, "train_steps_per_second": 0.5},
    ],
}
LOGS = {
    "trainer_state.json": (json.dumps(STATE), "seconds_per_step", 2.0),
    "trainer.log": (
        "{'loss': 2.1, 'grad_norm': 1.0}\n{'train_runtime': 61, 'train_steps_per_second': 0.25}",
        "seconds_per_step",
        4.0,
    ),
    "bar.log": (
        "Loading: 100%| 4/4 [00:01<00:00, 9.00it/s]\r 1/50 [00:09<07:00, 9.00s/it]\r"
        " 2/50 [00:11<04:00, 3.20s/it]\r 3/50 [00:14<04:00, 3.00s/it]\r",
        "seconds_per_step",
        3.1,
    ),
    "torchtune.txt": (
        "Step 1 | loss:1.3 lr:2e-05 tokens_per_second_per_gpu:90.5 peak_memory_alloc:18.9\n"
        "Step 2 | loss:1.3 lr:2e-05 tokens_per_second_per_gpu:1,650.0 peak_memory_alloc:18.9\n"
        "Step 3 | loss:1.2 lr:2e-05 tokens_per_second_per_gpu:1,652.0 peak_memory_alloc:18.9\n",
        "tokens_per_second_per_gpu",
        1651.0,
    ),
    "litgpt.txt": (
        "Epoch 1 | iter 1 step 0 | loss train: 1.7, val: n/a | iter time: 900.00 ms\n"
        "Epoch 1 | iter 2 step 1 | loss train: 1.7, val: n/a | iter time: 250.00 ms (step)\n"
        "Epoch 1 | iter 3 step 1 | loss train: 1.7, val: n/a | iter time: 250.00 ms\n",
        "seconds_per_micro_batch",
        0.25,
    ),
    "axolotl.jsonl": (
        '{"loss": 1.2, "tokens/train_per_sec_per_gpu": 2200.0, "memory/max_active (GiB)": 17.5}\n',
        "tokens_per_second_per_gpu",
        2200.0,
    ),
    "metrics.csv": (
        "step,loss,tokens_per_second\n1,2,50\n2,2,100\n3,2,110\n",
        "tokens_per_second",
        105.0,
    ),
    "quick.json": ('{"seconds_per_step": 3.5, "process_gib": 20.5}', "seconds_per_step", 3.5),
}


@pytest.mark.parametrize("name", LOGS)
def test_logs_of_the_common_trainers_are_read(name: str, tmp_path: Path) -> None:
    text, what, value = LOGS[name]
    (tmp_path / name).write_text(text)
    assert getattr(read_log(tmp_path / name), what) == pytest.approx(value)


def test_memory_is_the_largest_reading(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("peak_memory_alloc:10.0\npeak_memory_alloc:12.5\npeak_memory_reserved:14\n")
    found = read_log(log)
    assert (found.allocated_gib, found.reserved_gib, found.has_speed) == (12.5, 14.0, False)


def test_a_file_without_speed_or_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("{'loss': 1.0}\nnothing else")
    with pytest.raises(LogError, match="no speed and no peak memory"):
        read_log(tmp_path / "x.log")
    with pytest.raises(LogError, match="cannot be read"):
        read_log(tmp_path / "absent.log")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".log") as file:
        file.write(data)
        file.flush()
        try:
            read_log(Path(file.name))
        except LogError as problem:
            assert file.name in str(problem)


@given(st.floats(0.05, 20), st.integers(1, 50))
def test_more_runs_are_believed_more_and_none_beyond_itself(ratio: float, count: int) -> None:
    one, many = (
        factor([ratio], belief("speed", "finetune")),
        factor([ratio] * count, belief("speed", "finetune")),
    )
    assert abs(math.log(many)) >= abs(math.log(one)) - 1e-12
    assert abs(math.log(many)) <= abs(math.log(ratio)) + 1e-12


def test_a_large_deviation_speaks_for_itself() -> None:
    known = belief("speed", "finetune")
    assert factor([4.0], known) == pytest.approx(4.0, rel=0.05)
    assert 1.01 < factor([1.05], known) < 1.03
    assert factor([1.05], belief("speed", "pretrain")) > factor([1.05], known)


def test_the_width_after_a_log_is_that_of_its_kind_of_method() -> None:
    entry = Entry(KEY, 0.8, 0.9, 5, "run.log", "2026-11-21")
    fast = held([entry], KEY, "speed")
    known = belief("speed", KEY.method)
    assert fast is not None and fast.high / fast.expected == pytest.approx(known.high)
    big = held([entry], KEY, "memory")
    assert big is not None and big.low / big.expected == pytest.approx(belief("memory", "").low)


def test_a_calibration_holds_for_its_own_kind_of_run_only() -> None:
    entry = Entry(KEY, 0.8, None, 5, "run.log", "2026-11-21")
    found = held([entry], KEY, "speed")
    assert found is not None and found.low < found.expected < 1.0 < found.high
    assert held([entry], KEY, "memory") is None
    assert held([entry], Key("RTX 4090", 2, "eager", "finetune"), "speed") is None


def test_entries_survive_the_file_and_a_new_reading_replaces_the_old(tmp_path: Path) -> None:
    old = Entry(KEY, 0.8, 1.02, 5, "run.log", "2026-11-20")
    new = Entry(KEY, 0.9, 1.02, 9, "run.log", "2026-11-21")
    (tmp_path / "c.yaml").write_text(written([old, new]))
    assert read(tmp_path / "c.yaml") == ([new], [])
    assert parsed(plain(old)) == old


@pytest.mark.parametrize("text", ["a: [", "calibrations: 3", "calibrations: [{gpu: x}, 7]"])
def test_a_broken_file_says_where(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    entries, problems = read(tmp_path / "c.yaml")
    assert entries == [] and problems and all("c.yaml" in said for said in problems)


Transxlab = Callable[..., Any]


def estimated(transxlab: Transxlab, *more: object) -> dict[str, Any]:
    ran = transxlab(
        "estimate", CONFIG, "--rows", 36, "--gpu", "RTX 4090", *more, "--format", "json"
    )
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_estimates_follow_a_log_and_stay_corrected(
    transxlab: Transxlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = estimated(transxlab)
    wide = before["tokens_per_second"]
    measured = wide["expected"] / 3
    (tmp_path / "quick.json").write_text(json.dumps({"tokens_per_second": measured}))
    now = estimated(transxlab, "--calibrate", "quick.json")
    narrow = now["tokens_per_second"]
    assert narrow["expected"] == pytest.approx(measured, rel=0.05)
    assert narrow["high"] / narrow["low"] < wide["high"] / wide["low"]
    later = estimated(transxlab)["tokens_per_second"]
    assert later == pytest.approx(narrow, rel=1e-3)
    assert now["memory"]["reserved"] == before["memory"]["reserved"]


def test_a_log_without_a_known_machine_is_refused(
    transxlab: Transxlab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.json").write_text('{"seconds_per_step": 3}')
    ran = transxlab("estimate", CONFIG, "--rows", 36, "--calibrate", "quick.json")
    assert ran.code == 2 and "GPU must be known" in ran.err
    assert not (tmp_path / ".transxlab" / "calibration.yaml").exists()
