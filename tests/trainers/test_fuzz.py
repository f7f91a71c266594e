"""Whatever is in a config, the whole audit ends in findings or in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transxlab.cli import consulting
from transxlab.cli.render.forms import FORMS
from transxlab.facts.trainers.failure import ConfigError
from transxlab.facts.trainers.reading import read

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import fuzz
import mutations

SECONDS = 20.0
"""Processor time for a case on a slow and busy machine."""


@pytest.fixture(scope="module")
def rules() -> Any:
    return consulting.rulebook()


def written(folder: Path, case: tuple[str, bytes]) -> Path:
    path = folder / f"run{case[0]}"
    path.write_bytes(case[1])
    return path


@settings(
    max_examples=2000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), form=st.sampled_from(FORMS), beside=st.sampled_from(fuzz.BESIDE))
def test_a_mutated_config_is_audited_or_refused(
    rules: Any, tmp_path: Path, seed: int, form: str, beside: dict[str, Any]
) -> None:
    path = written(tmp_path, mutations.case(mutations.SMALL, Random(seed)))
    with fuzz.limited(SECONDS):
        assert fuzz.audit(path, form, rules, beside) in ("audited", "refused")


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_a_mutated_config_is_fixed_or_left(rules: Any, tmp_path: Path, seed: int) -> None:
    path = written(tmp_path, mutations.case(mutations.SMALL, Random(seed)))
    with fuzz.limited(SECONDS):
        fuzz.fix(path, rules)


def test_the_fuzzer_sees_what_it_looks_for(
    rules: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(fuzz.TooLong), fuzz.limited(0.05):
        while True:
            pass
    with pytest.raises(ValueError, match="no workflow command"):
        fuzz.accepted("github", "Traceback\n0 errors")
    path = written(tmp_path, (".yaml", b"base_model: m/m\nlearning_rate: 1e-4\nadapter: lora\n"))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("transxlab.cli.auditing.looking.gather", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        fuzz.audit(path, "text", rules, {})


@pytest.mark.parametrize("trainer", ["axolotl", "hf", "llamafactory", "trl"])
@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "1e999", "9" * 400, "1" + "0" * 5000])
def test_a_number_that_is_none_fills_no_slot(tmp_path: Path, trainer: str, value: str) -> None:
    key = "micro_batch_size" if trainer == "axolotl" else "per_device_train_batch_size"
    text = f"learning_rate: {value}\n{key}: {value}\n"
    path = written(tmp_path, (".yaml", text.encode()))
    try:
        facts = read(path, trainer=trainer).facts
    except ConfigError as error:
        assert "\n" not in str(error)
        return
    for slot in ("config.learning_rate", "config.per_device_train_batch_size"):
        held = facts.known(slot)
        assert held is None or held.origin.kind != "given", held


def test_a_batch_of_nothing_is_no_traceback(transxlab: Any, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(
        "model_name_or_path: m/m\nlearning_rate: 1e-5\nper_device_train_batch_size: 0\n"
        "gradient_accumulation_steps: 0\n"
    )
    ran = transxlab("audit", "run.yaml", "--trainer", "hf", "--rows", "100", "--format", "json")
    assert ran.code in (0, 1), ran.err


@pytest.mark.parametrize("deep", ['"${A:-' * 3000, "$(" * 5000, "[" * 5000, "((" * 5000])
@pytest.mark.parametrize("suffix", [".sh", ".yaml", ".json", ".toml", ".py"])
def test_what_is_nested_too_deep_is_said(
    rules: Any, tmp_path: Path, deep: str, suffix: str
) -> None:
    path = written(tmp_path, (suffix, f"python train.py --a {deep} --learning_rate 1".encode()))
    assert fuzz.audit(path, "text", rules, {}) == "refused"


def test_odd_literals_of_a_python_config_warn_nobody(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    text = b"batch_size = 1if 2 else 3\nmax_iters = 10\nlearning_rate = 1e-3\nblock_size = 8\n"
    path = written(tmp_path, (".py", text + b"a = 4is 5\n"))
    assert read(path).trainer == "nanogpt"
    assert not recwarn.list


def test_a_flag_that_stands_a_thousand_times_is_left(rules: Any, tmp_path: Path) -> None:
    flags = " --learning_rate 1e-5 \\\n" * 1000
    text = f"python train.py --model_name_or_path m/m --output_dir o \\\n{flags} --bf16 True\n"
    path = written(tmp_path, (".sh", text.encode()))
    with fuzz.limited(SECONDS):
        assert fuzz.fix(path, rules) == "nothing to fix"
