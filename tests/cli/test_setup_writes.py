"""Configs that `setup` writes know the data: where it lies and what its columns hold."""

from __future__ import annotations

import json

import pytest
import yaml

CHAT = [{"conversations": [{"from": "human", "value": f"What is {n} plus one?"},
                           {"from": "gpt", "value": f"It is {n + 1}, as anyone can count."}]}
        for n in range(40)]  # fmt: skip
PAIRS = [
    {"question": f"Why is number {n} odd?", "answer": f"Because {n} says so."} for n in range(40)
]
ALPACA = [{"instruction": f"Add {n}", "input": "to two", "output": str(n + 2)} for n in range(40)]


def written(transxlab, folder, rows, trainer, *more):
    data = folder / "my rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = folder / "out"
    told = transxlab(
        "setup", "--model", "Qwen/Qwen2.5-0.5B", "--method", "lora", "--stage", "sft",
        "--gpu", "RTX 4090", "--train", str(data), "--trainer", trainer, "--out", str(out),
        "--fail-on", "never", *more,
    )  # fmt: skip
    assert told.code == 0, told.err
    return out, yaml.safe_load((out / "config.yaml").read_text(encoding="utf-8"))


def test_axolotl_gets_the_turns_in_their_own_words(transxlab, tmp_path):
    _, config = written(transxlab, tmp_path, CHAT, "axolotl")
    assert config["datasets"] == [
        {
            "path": "../my rows.jsonl",
            "ds_type": "json",
            "type": "chat_template",
            "field_messages": "conversations",
            "message_property_mappings": {"role": "from", "content": "value"},
        }
    ]


def test_axolotl_gets_columns_or_a_known_form(transxlab, tmp_path):
    _, config = written(transxlab, tmp_path, PAIRS, "axolotl")
    said = config["datasets"][0]["type"]
    assert (said["field_instruction"], said["field_output"]) == ("question", "answer")
    _, config = written(transxlab, tmp_path, ALPACA, "axolotl", "--force")
    assert config["datasets"][0]["type"] == "alpaca"


def test_llamafactory_gets_a_dataset_info_beside_its_config(transxlab, tmp_path):
    out, config = written(transxlab, tmp_path, CHAT, "llamafactory")
    info = json.loads((out / "dataset_info.json").read_text(encoding="utf-8"))
    assert config["dataset"] in info
    assert config["dataset_dir"] == "."
    described = info[config["dataset"]]
    assert described["columns"] == {"messages": "conversations"}
    assert described["tags"] == {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "human",
        "assistant_tag": "gpt",
    }
    assert (out / described["file_name"]).resolve() == (tmp_path / "my rows.jsonl").resolve()


def test_trl_says_what_to_rename(transxlab, tmp_path):
    out, config = written(transxlab, tmp_path, PAIRS, "trl")
    assert config["datasets"][0]["data_files"] == "../my rows.jsonl"
    head = (out / "config.yaml").read_text(encoding="utf-8")
    assert "question to prompt, answer to completion" in head


def test_torchtune_takes_pairs_by_a_column_map(transxlab, tmp_path):
    _, config = written(transxlab, tmp_path, PAIRS, "torchtune")
    assert config["dataset"]["_component_"] == "torchtune.datasets.instruct_dataset"
    assert config["dataset"]["column_map"] == {"input": "question", "output": "answer"}


@pytest.mark.parametrize(
    "trainer", ["axolotl", "llamafactory", "trl", "torchtune", "litgpt", "swift"]
)
@pytest.mark.parametrize("rows", [CHAT, PAIRS, ALPACA], ids=["chat", "pairs", "alpaca"])
def test_what_is_written_audits_without_errors(transxlab, tmp_path, trainer, rows):
    out, _ = written(transxlab, tmp_path, rows, trainer)
    told = transxlab(
        "audit", str(out / "config.yaml"), "--gpu", "RTX 4090", "--format", "json",
        "--trainer", trainer,
    )  # fmt: skip
    found = [f for case in told.json["files"] for f in case["findings"]]
    assert [f for f in found if f["severity"] == "error" or f["rule"].startswith("CFG")] == []


def test_a_model_that_is_misspelt_is_named(transxlab):
    told = transxlab("setup", "--model", "x", "--method", "qlorra")
    assert told.code == 2
    assert "--method 'qlorra'" in told.err
    assert "qlora" in told.err


@pytest.mark.parametrize(
    ("model", "template"),
    [("Qwen/Qwen2.5-7B-Instruct", "qwen"), ("Qwen/Qwen2.5-0.5B", "default"),
     ("meta-llama/Llama-3.1-8B-Instruct", "llama3")],
)  # fmt: skip
def test_llamafactory_is_told_the_template(transxlab, tmp_path, model, template):
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in CHAT), encoding="utf-8")
    transxlab(
        "setup", "--model", model, "--method", "lora", "--stage", "sft", "--gpu", "H100",
        "--train", str(data), "--trainer", "llamafactory", "--out", str(tmp_path / "o"),
        "--fail-on", "never",
    )  # fmt: skip
    config = yaml.safe_load((tmp_path / "o" / "config.yaml").read_text(encoding="utf-8"))
    assert config["template"] == template
