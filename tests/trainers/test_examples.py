"""The example configs say what their stories tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from transxlab.facts.trainers.reading import Reading, read

EXAMPLES = Path(__file__).parents[2] / "examples"


def value(reading: Reading, slot: str) -> object:
    found = reading.facts.known(slot)
    return "unknown" if found is None else found.value


def test_the_qlora_run_before_and_after() -> None:
    before = read(EXAMPLES / "style_transfer" / "qlora_before.yaml")
    after = read(EXAMPLES / "style_transfer" / "qlora_after.yaml")
    assert value(before, "config.method") == value(after, "config.method") == "qlora"
    assert value(before, "evaluation.has_data") is False
    assert value(before, "evaluation.strategy") == "steps"
    assert value(before, "adapter.modules_to_save") == ("embed_tokens", "lm_head")
    assert value(before, "tokenizer.added_tokens") == 0
    assert value(after, "evaluation.has_data") is True
    assert value(after, "adapter.modules_to_save") is None


def test_the_lora_run_before_and_after() -> None:
    before = read(EXAMPLES / "style_transfer" / "lora_before.yaml")
    after = read(EXAMPLES / "style_transfer" / "lora_after.yaml")
    assert value(before, "config.warmup_steps") == 100
    assert value(before, "config.max_seq_length") == 2048
    assert value(after, "config.warmup_ratio") == 0.1
    assert value(after, "config.optimizer") == "adamw_torch"
    assert value(after, "config.quantization") == "none"


def test_the_ac_v2_run() -> None:
    run = read(EXAMPLES / "ac_v2" / "config.yaml")
    assert run.trainer == "own"
    assert value(run, "config.learning_rate") == 1e-4
    assert value(run, "config.diversity_weight") == 0.0
    assert value(run, "evaluation.generation_planned") is False
    assert value(run, "run.rows") == 946_000


@pytest.mark.parametrize(
    "path",
    sorted(p for p in EXAMPLES.rglob("*.yaml") if p.stem.startswith(("qlora", "lora", "config"))),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_examples_have_no_unknown_keys(path: Path) -> None:
    reading = read(path)
    assert reading.unknown_keys == ()
    assert reading.problems == ()
