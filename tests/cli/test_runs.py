"""Several runs in one file: each is audited, and every format says which one it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """\
#!/bin/bash
swift sft --model Qwen/Qwen2.5-7B-Instruct --dataset a/b --learning_rate 1e-4 \\
  --num_train_epochs 1 --tuner_type lora

swift rlhf --rlhf_type dpo --model Qwen/Qwen2.5-7B-Instruct --dataset c/d \\
  --learning_rate 1e-3 --num_train_epochs 1 --tuner_type full --max_length 512
"""
LINE = 6


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "run.sh"
    path.write_text(SCRIPT)
    return path


def test_each_run_is_audited(transxlab: Any, script: Path) -> None:
    out = transxlab("audit", str(script), "--format", "json")
    assert out.code == 1
    first, second = out.json["files"]
    assert first["run"] == {"number": 1, "of": 2, "line": 2}
    assert second["run"] == {"number": 2, "of": 2, "line": 5}
    assert (first["stage"], second["stage"]) == ("sft", "dpo")
    assert "LR020" not in {found["rule"] for found in first["findings"]}
    assert {"LR020": LINE}.items() <= {f["rule"]: f["line"] for f in second["findings"]}.items()
    assert out.json["summary"]["error"] >= 1
    rules = [found["rule"] for one in (first, second) for found in one["findings"]]
    assert out.json["summary"]["not_judged"] > 0 and len(rules) >= 1


@pytest.mark.parametrize("form", ["text", "md", "junit"])
def test_formats_name_the_run(transxlab: Any, script: Path, form: str) -> None:
    out = transxlab("audit", str(script), "--format", form)
    assert "run 2 of 2, line 5" in " ".join(out.out.split())


def test_sarif_tells_the_run(transxlab: Any, script: Path) -> None:
    out = transxlab("audit", str(script), "--format", "sarif", "--select", "LR020")
    (result,) = json.loads(out.out)["runs"][0]["results"]
    assert result["properties"]["run"]["number"] == 2
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == LINE


def test_one_run_can_be_chosen(transxlab: Any, script: Path) -> None:
    out = transxlab("audit", str(script), "--run", "1", "--format", "json")
    assert [one["run"]["number"] for one in out.json["files"]] == [1]
    facts = transxlab("facts", str(script), "--run", "2").out
    assert facts.startswith(f"{script}: run 2 of 2, line 5\n")
    assert "dpo" in facts
    out = transxlab("facts", str(script), "--run", "3")
    assert out.code == 2 and "it holds 2 runs" in out.err


def test_other_commands_say_which_run_they_look_at(transxlab: Any, script: Path) -> None:
    out = transxlab("setup", str(script))
    assert "run 1 of 2, line 2, is looked at" in " ".join(out.out.split())


def test_a_file_with_one_run_has_none_to_tell_apart(transxlab: Any, script: Path) -> None:
    script.write_text(SCRIPT.split("\n\n")[0] + "\n")
    out = transxlab("audit", str(script), "--format", "json")
    assert [one["run"] for one in out.json["files"]] == [None]


def test_fixes_reach_every_run(transxlab: Any, script: Path) -> None:
    key, new = "evaluation_strategy", "eval_strategy"
    text = "".join(
        f"python train.py --model_name_or_path m/m --learning_rate {rate} --{key} steps \\\n"
        f"  --per_device_train_batch_size 2\n"
        for rate in ("1e-5", "2e-5")
    )
    script.write_text(text)
    before = transxlab("audit", str(script), "--format", "json", "--trainer-version", "5.0.0")
    flagged = [any(f["key"] == key for f in one["findings"]) for one in before.json["files"]]
    if flagged != [True, True]:
        pytest.skip("no rule offers this change")
    transxlab("audit", str(script), "--fix", "--trainer-version", "5.0.0")
    assert script.read_text() == text.replace(key, new)


def test_a_waiver_that_one_run_needs_does_not_lapse_for_the_other(
    transxlab: Any, script: Path
) -> None:
    text = SCRIPT.replace(
        "swift rlhf", '# transxlab: ignore[LR020] reason="a trial" value=1e-3\nswift rlhf'
    )
    script.write_text(text)
    out = transxlab("audit", str(script), "--report-waivers", "--select", "LR020")
    assert out.code == 0
    assert "every waiver holds" in out.out


def test_a_baseline_counts_over_all_runs(transxlab: Any, script: Path, tmp_path: Path) -> None:
    noted = tmp_path / "baseline.json"
    transxlab("audit", str(script), "--write-baseline", str(noted))
    out = transxlab("audit", str(script), "--baseline", str(noted), "--format", "json")
    assert [one["findings"] for one in out.json["files"]] == [[], []]
    again = SCRIPT + "\n" + SCRIPT.split("\n\n")[1]
    script.write_text(again)
    out = transxlab("audit", str(script), "--baseline", str(noted), "--format", "json")
    assert "LR020" in {found["rule"] for found in out.json["files"][2]["findings"]}


def test_documents_of_one_yaml_file(transxlab: Any, tmp_path: Path) -> None:
    path = tmp_path / "runs.yaml"
    one = "base_model: m/m\nsequence_len: 512\nlearning_rate: 1e-4\nadapter: {}\n"
    path.write_text(f"{one.format('lora')}---\n{one.format('qlora')}load_in_4bit: true\n")
    out = transxlab("audit", str(path), "--format", "json")
    assert [(f["method"], f["run"]["line"]) for f in out.json["files"]] == [
        ("lora", 1),
        ("qlora", 6),
    ]
    text = transxlab("audit", str(path)).out
    assert "2 YAML documents in one file" in " ".join(text.split())
