"""The estimate command: figures, whether it fits, what would make it fit, other cards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).parents[2] / "examples" / "style_transfer" / "lora_after.yaml"


Run = Callable[..., str]
Plain = Callable[..., dict[str, Any]]


@pytest.fixture
def run(transxlab: Callable[..., Any]) -> Run:
    def running(*arguments: object, code: int = 0) -> str:
        ran = transxlab("estimate", *arguments)
        assert ran.code == code, ran.err
        return ran.out if code == 0 else ran.err

    return running


@pytest.fixture
def plain(run: Run) -> Plain:
    def parsed(*arguments: object) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            run(CONFIG, "--rows", 36, *arguments, "--format", "json")
        )
        return found

    return parsed


def test_text_says_what_is_needed_and_whether_it_fits(run: Run) -> None:
    text = " ".join(run(CONFIG, "--rows", 36, "--gpu", "RTX 4090").split())
    assert "may not fit RTX 4090 (24 GiB)" in text
    assert "weights 13.5" in text and "worst moment" in text
    assert "15 steps" in text and "prices of" in text
    assert "audited again, it brings no error or warning" in text


def test_a_local_machine_costs_nothing(run: Run) -> None:
    assert "$0 (local)" in run(CONFIG, "--rows", 36, "--gpu", "RTX 4090", "--local")


def test_components_sum_to_the_expected_peak(plain: Plain) -> None:
    memory = plain("--gpu", "RTX 4090")["memory"]
    whole = sum(memory["components"].values())
    assert whole == pytest.approx(memory["allocated"]["expected"], rel=0.02)


def test_levers_are_estimated_and_audited_again(plain: Plain) -> None:
    found = plain("--gpu", "RTX 4090", "--levers")["levers"]
    smaller = next(one for one in found if one["set"].get("config.per_device_train_batch_size"))
    assert smaller["set"]["config.gradient_accumulation_steps"] == 8
    assert smaller["fits"] is True and "MEM001" in smaller["clears"]
    assert all(one["saved"] > 0 for one in found)
    low_rank = [one for one in found if one["set"].get("adapter.r") == 8]
    assert low_rank and low_rank[0]["adds"], "a rank the rulebook warns of is charged with it"


def test_the_cure_makes_it_fit(plain: Plain) -> None:
    largest = plain("--gpu", "RTX 4090")["largest"]
    assert largest["cure"]["fits"] is True
    assert largest["cure"]["change"] == largest["cheapest_fit"]


def test_no_cure_where_it_fits(plain: Plain) -> None:
    assert plain("--gpu", "H100")["largest"]["cure"] is None


def test_other_cards_side_by_side(run: Run, plain: Plain) -> None:
    cards = plain("--across", "RTX 3090, RTX 5090,H100")["across"]
    assert [card["fits"] for card in cards] == ["perhaps", "yes", "yes"]
    batches = [card["largest_micro_batch"] for card in cards]
    assert batches == sorted(batches)
    text = run(CONFIG, "--rows", 36, "--across", "priced")
    assert "On other GPUs" in text and "H200 SXM" in text


def test_an_unknown_card_is_named_with_the_nearest(run: Run) -> None:
    text = run(CONFIG, "--across", "RTX 4O90", code=2)
    assert "RTX 4090" in text


def test_across_and_one_card_exclude_each_other(run: Run) -> None:
    assert "leave out --gpu" in run(CONFIG, "--across", "H100", "--gpu", "H100", code=2)


def test_without_a_config_the_rules_stand_in_for_it_and_are_named(transxlab):
    told = transxlab("estimate", "--model", "Qwen/Qwen2.5-7B", "--method", "qlora",
                     "--gpu", "RTX 4090", "--format", "json")  # fmt: skip
    assert told.code == 0, told.err
    assert told.json["memory"]["needed"] is not None
    assumed = {one["slot"]: one for one in told.json["assumed"]}
    assert assumed["adapter.r"]["by"].startswith("PEF")
    assert assumed["config.stage"]["value"] == "sft"
    assert "config.method" not in assumed
    said = transxlab("estimate", "--model", "Qwen/Qwen2.5-7B", "--gpu", "RTX 4090").out
    assert "assumed" in said


def test_what_is_given_is_not_assumed_and_a_full_run_has_no_adapter(transxlab):
    told = transxlab("estimate", "--model", "roberta-large", "--method", "full",
                     "--gpu", "T4", "--rows", "60000", "--fact", "config.max_seq_length=128",
                     "--format", "json")  # fmt: skip
    assumed = {one["slot"]: one["value"] for one in told.json["assumed"]}
    assert assumed["config.stage"] == "classification"
    assert "config.max_seq_length" not in assumed
    assert not any(slot.startswith("adapter.") for slot in assumed)


def test_an_encoder_is_taken_at_the_length_it_was_trained_on(transxlab):
    told = transxlab("estimate", "--model", "roberta-large", "--method", "full", "--format", "json")
    assumed = {one["slot"]: one["value"] for one in told.json["assumed"]}
    assert assumed["config.max_seq_length"] == 512


def test_a_config_is_taken_as_it_is(transxlab):
    told = transxlab("estimate", str(CONFIG), "--format", "json")
    assert told.json["assumed"] == []


def test_an_estimate_can_be_explained_and_asked_about_rules_it_did_not_need(transxlab):
    transxlab("estimate", str(CONFIG))
    told = transxlab("explain", "estimate.peak_gib")
    assert told.code == 0, told.err
    assert "estimate.peak_gib" in told.out
    why_not = transxlab("explain", "config.learning_rate", "--not-rule", "LR001")
    assert why_not.code == 0, why_not.err
    assert "LR001" in why_not.out


def test_an_estimate_is_the_same_with_few_rules_and_with_all(transxlab):
    few = transxlab("estimate", str(CONFIG), "--gpu", "H100", "--format", "json").json
    everything = transxlab(
        "estimate", str(CONFIG), "--gpu", "H100", "--levers", "--format", "json"
    ).json
    everything.pop("levers")
    assert few == everything
