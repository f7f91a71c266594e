"""Versions that are said beside a config, or observed, are known when it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SFT = "model_name_or_path: a/b\ndataset_name: c/d\nmax_seq_length: 512\n"


@pytest.mark.parametrize(
    ("beside", "rules"),
    [
        ((), {"CFG006"}),
        (("--fact", "environment.trl_version=0.15.2"), set()),
        (("--fact", "environment.trl_version=0.17.0"), {"CFG006"}),
        (("--fact", "environment.trl_version=0.20.0"), {"CFG008"}),
        (("--trainer-version", "0.20.0"), {"CFG008"}),
        (("--trainer-version", "0.19.1"), {"CFG006"}),
    ],
)
def test_a_renamed_key_is_judged_by_the_version(
    transxlab: Callable[..., Any], tmp_path: Path, beside: tuple[str, ...], rules: set[str]
) -> None:
    (tmp_path / "sft.yaml").write_text(SFT)
    ran = transxlab(
        "audit", "sft.yaml", "--trainer", "trl", "--select", "CFG006,CFG007,CFG008,CFG041",
        "--format", "json", *beside,
    )  # fmt: skip
    assert {found["rule"] for file in ran.json["files"] for found in file["findings"]} == rules


def test_a_pin_decides_too(transxlab: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "sft.yaml").write_text(SFT)
    (tmp_path / "requirements.txt").write_text("trl==0.24.0\n")
    ran = transxlab("audit", "sft.yaml", "--trainer", "trl", "--select", "CFG008")
    assert ran.code == 1
    said = " ".join(ran.out.split())
    assert "TRL 0.24.0 has no max_seq_length (removed in 0.20.0)" in said
    older = transxlab(
        "audit", "sft.yaml", "--trainer", "trl", "--select", "CFG008", "--trainer-version", "0.15.2"
    )
    assert older.code == 0


def test_a_key_that_came_later_is_an_error_in_an_older_version(
    transxlab: Callable[..., Any], tmp_path: Path
) -> None:
    text = "model_name_or_path: a/b\ndataset_name: c/d\nassistant_only_loss: true\n"
    (tmp_path / "sft.yaml").write_text(text)
    call = ("audit", "sft.yaml", "--trainer", "trl", "--select", "CFG041", "--trainer-version")
    assert transxlab(*call, "0.18.0").code == 1
    assert transxlab(*call, "0.19.0").code == 0
