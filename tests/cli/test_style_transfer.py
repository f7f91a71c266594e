"""Style transfer from 36 examples: the lab's configs before and after their review."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "style_transfer"


@pytest.fixture
def setup(transxlab: Callable[..., Any]) -> Callable[[str, float], Any]:
    def run(name: str, vram: float) -> Any:
        return transxlab(
            "setup", EXAMPLE / f"{name}.yaml", "--vram", vram, "--rows", 36, "--local",
            "--format", "json", "--out", "o", "--force",
        ).json  # fmt: skip

    return run


def rules(found: Any) -> set[str]:
    return {f["rule"] for f in found["findings"]}


def best(found: Any) -> str:
    return next(c["method"] for c in found["candidates"] if c.get("best"))


def test_the_original_is_flagged_and_the_review_clears_it(setup: Callable[..., Any]) -> None:
    before, after = rules(setup("qlora_before", 32)), rules(setup("qlora_after", 32))
    assert {"EVA002", "TOK003"} <= before
    assert not {"EVA002", "TOK003"} & after
    assert not {"EVA002", "TOK003"} & rules(setup("lora_after", 32))


def test_on_32_gib_lora_and_why(setup: Callable[..., Any], transxlab: Callable[..., Any]) -> None:
    found = setup("qlora_after", 32)
    assert best(found) == "lora"
    assert "MET011" in rules(found)
    advice = next(f for f in found["findings"] if f["rule"] == "MET011")
    assert advice["recommend"] == {"config.method": "lora"}
    why = transxlab("explain", "mistral-7b-v0.3 lora, micro-batch 2").out
    assert "QLoRA only if LoRA does not fit" in why


def test_on_24_gib_qlora_as_configured(setup: Callable[..., Any]) -> None:
    found = setup("qlora_after", 24)
    assert best(found) == "qlora"
    assert not {"MEM001", "MEM006", "MET011"} & rules(found)
    assert "MEM001" in rules(setup("lora_after", 24))


@pytest.mark.parametrize("name", ["qlora_before", "qlora_after", "lora_after"])
def test_on_16_gib_neither(setup: Callable[..., Any], name: str) -> None:
    found = setup(name, 16)
    assert found["verdict"] == "blocked"
    assert "MEM006" in rules(found)
    assert "MEM001" in rules(found)


def test_on_16_gib_it_says_which_length_and_rank_do(setup: Callable[..., Any]) -> None:
    found = setup("qlora_after", 16)
    fits = next(f for f in found["findings"] if f["rule"] == "MEM007")
    assert 1024 <= fits["recommend"]["config.max_seq_length"] < 4096
    assert "rank 64" in fits["message"]
