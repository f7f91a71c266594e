"""What the machine shows: never a crash, never over what is known, nothing written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from transxlab.facts.observed import cards, environment, paths
from transxlab.facts.observed.survey import observe
from transxlab.facts.origin import given
from transxlab.facts.situation import Facts


def test_without_a_gpu_the_training_gpu_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards.shutil, "which", lambda name: None)
    facts = Facts()
    observe(facts)
    assert not facts.is_complete("gpu", "train")
    assert facts.known("environment.python_version") is not None


def test_two_cards_become_two_training_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ["NVIDIA GeForce RTX 4090", "24564", "512", "8.9", "550.54.15"]
    monkeypatch.setattr(cards, "query", lambda: [row, row])
    facts = Facts()
    cards.observe(facts)
    assert len(facts.all("gpu")) == 2
    assert facts.is_complete("gpu", "train")
    assert facts.all("gpu")[0].slots["in_use_gib"].value == 0.5


def test_a_hung_driver_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    monkeypatch.setattr(cards.shutil, "which", lambda name: "/bin/nvidia-smi")
    monkeypatch.setattr(cards.subprocess, "run", hang)
    assert cards.query() == []


@pytest.mark.parametrize(
    ("version", "built_for", "cuda"),
    [("2.4.0+cu121", "cuda", "12.1"), ("2.4.0+cpu", "cpu", None), ("2.4.0", None, None)],
)
def test_what_torch_is_built_for(
    monkeypatch: pytest.MonkeyPatch, version: str, built_for: str | None, cuda: str | None
) -> None:
    monkeypatch.setattr(environment, "installed", lambda name: version if name == "torch" else None)
    found = environment.packages()
    assert found.get("torch_built_for") == built_for
    assert found.get("torch_cuda_version") == cuda
    assert found["peft_version"] is None


def test_a_version_that_is_none_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "installed", lambda name: "not a version")
    facts = Facts()
    observe(facts, gpus=False)
    assert facts.known("environment.trl_version") is None
    assert facts.known("machine.cpus") is not None


def test_what_is_known_is_not_changed() -> None:
    facts = Facts()
    facts.set("machine.cpus", 3, given("--fact"))
    observe(facts, gpus=False)
    known = facts.known("machine.cpus")
    assert known is not None
    assert known.value == 3


def test_an_output_folder_is_looked_at_and_not_made(tmp_path: Path) -> None:
    absent = tmp_path / "deep" / "results"
    found = paths.look(absent)
    assert (found["output_exists"], found["output_writable"]) == (False, True)
    assert found["output_name_is_generic"] is True
    assert not absent.parent.exists()
    (tmp_path / "checkpoint-5").mkdir()
    assert paths.look(tmp_path)["output_has_checkpoints"] is True


@pytest.mark.parametrize("name", ["~nobody-at-all/x", "x" * 5000, "a\0b"])
def test_a_folder_that_cannot_be_looked_at_is_no_crash(name: str) -> None:
    facts = Facts()
    facts.set("paths.output_dir", name, given("run.yaml"))
    observe(facts, gpus=False)
    assert facts.known("machine.cpus") is not None
