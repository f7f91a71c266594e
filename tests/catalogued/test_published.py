"""Where values stand among published runs: counted by hand, widened with a reason."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transxlab.facts.catalogued import published
from transxlab.facts.catalogued.published import FEWEST, FIGURES, TEXTS, standing_among
from transxlab.facts.vocabulary.template import builtin

FILE = Path(published.__file__).with_name("published.csv")
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))


def test_the_catalogue_holds_figures_with_their_place_and_nothing_else() -> None:
    known = {"trainer", "path", "method", "stage", "size", *FIGURES.values(), *TEXTS.values()}
    assert set(ROWS[0]) == known and len(ROWS) > 800
    vocabulary = builtin()
    for slot in (*FIGURES, *TEXTS):
        assert vocabulary.slot(slot)
    for row in ROWS:
        assert row["trainer"] and row["path"]
        assert vocabulary.slot("config.method").check(row["method"])
        assert vocabulary.slot("config.stage").check(row["stage"])
        for column in FIGURES.values():
            assert row[column] == "" or float(row[column]) >= 0


def test_a_share_is_what_counting_gives() -> None:
    stated = [
        float(row["lr"])
        for row in ROWS
        if row["lr"] and (row["method"], row["stage"]) == ("lora", "sft")
    ]
    seen = standing_among("config.learning_rate", 1e-3, "lora", "sft")
    assert seen is not None and seen.wider is None
    assert seen.runs == len(stated) >= FEWEST
    assert seen.below == sum(value < 0.99e-3 for value in stated)
    share = 100 * seen.below // seen.runs
    said = seen.sentence()
    assert said.startswith(f"above {share}% of {seen.runs} published LoRA SFT runs (middle half ")


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "above all "), (1e-9, "below all "), (2e-4, "61%")]
)
def test_the_ends_are_said_as_such(value: float, said: str) -> None:
    seen = standing_among("config.learning_rate", value, "lora", "sft")
    assert seen is not None and said in seen.sentence()


def test_too_few_runs_are_widened_with_the_reason_or_left_out() -> None:
    dora = standing_among("config.learning_rate", 1e-3, "dora", "sft")
    assert dora is not None and dora.group == "adapter SFT"
    assert "only" in str(dora.wider) and "DoRA SFT" in dora.sentence()
    assert standing_among("config.learning_rate", 1e-3, "lora", "embedding") is None


@pytest.mark.parametrize(
    ("slot", "value", "method", "stage"),
    [
        ("config.seed", 42, "lora", "sft"),
        ("config.learning_rate", "2e-4", "lora", "sft"),
        ("config.learning_rate", True, "lora", "sft"),
        ("config.learning_rate", None, "lora", "sft"),
        ("config.learning_rate", 1e-4, None, "sft"),
        ("config.learning_rate", 1e-4, "lora", None),
        ("config.lr_scheduler_type", 1, "lora", "sft"),
    ],
)
def test_what_the_catalogue_cannot_say_is_none(
    slot: str, value: Any, method: Any, stage: Any
) -> None:
    assert standing_among(slot, value, method, stage) is None


def test_a_warmup_below_one_step_is_a_share() -> None:
    seen = standing_among("config.warmup_steps", 0.1, "lora", "sft")
    assert seen is not None and seen.slot == "config.warmup_ratio"


@given(
    slot=st.sampled_from(sorted(FIGURES)),
    value=st.floats(0, 1e12),
    method=st.sampled_from(["full", "lora", "qlora", "freeze"]),
    stage=st.sampled_from(["sft", "dpo", "grpo", "pretrain", "rm"]),
)
def test_counts_add_up(slot: str, value: float, method: str, stage: str) -> None:
    seen = standing_among(slot, value, method, stage)
    if seen is not None:
        assert seen.runs >= FEWEST
        assert 0 <= seen.below <= seen.below + seen.equal <= seen.runs
        assert "100%" not in seen.sentence() or seen.equal == seen.runs


def test_a_finding_shows_it_as_evidence_everywhere(transxlab: Any, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(
        "base_model: huggyllama/llama-7b\ndatasets: [{path: a/b, type: alpaca}]\nadapter: lora\n"
        "lora_r: 16\nlora_alpha: 32\nlearning_rate: 0.02\nmicro_batch_size: 2\nsequence_len: 2048\n"
    )
    seen = standing_among("config.learning_rate", 0.02, "lora", "sft")
    assert seen is not None
    ran = transxlab("audit", "run.yaml")
    assert seen.sentence()[:40] in " ".join(ran.out.split())
    found = transxlab("audit", "run.yaml", "--format", "json").json["files"][0]["findings"]
    rates = [one["published"] for one in found if one["about"] == "config.learning_rate"]
    assert rates and rates[0]["said"] == seen.sentence() and rates[0]["runs"] == seen.runs
    assert seen.sentence() in transxlab("facts", "run.yaml").out
    assert "published: " in transxlab("explain", "config.learning_rate").out
