"""``data --show``: rows as the model will see them, in plain text, in colours and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "profiled"))
from families import MARKED_CHATML, saved, tokenizer, truth
from transxlab.cli.showing import _marked, _printable
from transxlab.facts.profiled.seen.codec import codec
from transxlab.facts.profiled.seen.lens import Lens
from transxlab.facts.profiled.seen.segments import segments

TALK = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris."},
]
Run = Callable[..., Any]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {"messages": TALK},
        {"messages": [{"role": "user", "content": "why " * 80}, TALK[1]]},
        {"messages": TALK[:1]},
    ]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def config(tmp_path: Path, **keys: Any) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in keys.items()) + "\n")
    return path


def test_trained_text_stands_between_marks(transxlab: Run, data: Path, tmp_path: Path) -> None:
    ran = transxlab(
        "data", data, "--tokenizer", saved(tmp_path, "chatml"), "--show", 3, "--max-tokens", 60
    )
    assert ran.code == 0
    assert "{+Paris.<|im_end|>+}" in ran.out
    assert "tokens that end an answer: <|im_end|>" in ran.out
    assert f"{data}:2  60 tokens, 0 trained" in ran.out
    assert "its end lost, NOTHING IS TRAINED" in ran.out
    assert f"{data}:3" in ran.out
    assert "no trainer is named" in ran.out


def test_the_same_for_a_program(transxlab: Run, data: Path, tmp_path: Path) -> None:
    ran = transxlab(
        "data", data, "--tokenizer", saved(tmp_path, "llama3"), "--show", 1, "--format", "json"
    )
    row = ran.json["rows"][0]
    ids, mask = truth("llama3", TALK)
    assert row["ids"] == ids
    assert row["trained_tokens"] == sum(mask)
    assert row["stops"]
    taught = "".join(part["text"] for part in row["segments"] if part["trained"])
    assert taught == "Paris.<|eot_id|>"
    assert ran.json["stop_tokens"] == ["<|eot_id|>"]


def test_the_mask_is_the_trainers(transxlab: Run, data: Path, tmp_path: Path) -> None:
    name = saved(tmp_path, "chatml")
    trl = config(tmp_path, model_name_or_path=name, assistant_only_loss=True, max_length=64)
    ran = transxlab("data", data, "--config", trl, "--show", 1)
    assert "as trl trains it, 64 tokens" in ran.out
    assert "it marks nothing" in " ".join(ran.out.split())
    assert "NOTHING IS TRAINED" in ran.out
    marked = saved(tmp_path, "chatml", template=MARKED_CHATML)
    trl = config(tmp_path, model_name_or_path=marked, assistant_only_loss=True, max_length=64)
    assert "{+Paris.<|im_end|>+}" in transxlab("data", data, "--config", trl, "--show", 1).out
    trl = config(tmp_path, model_name_or_path=name, dataset_name="x", max_length=64)
    assert "{+<|im_start|>user\n" in transxlab("data", data, "--config", trl, "--show", 1).out


def test_packed_rows_share_a_sequence(transxlab: Run, data: Path, tmp_path: Path) -> None:
    axolotl = config(
        tmp_path,
        base_model=saved(tmp_path, "chatml"),
        datasets=[{"path": "x.jsonl", "type": "chat_template"}],
        sequence_len=120,
        sample_packing=True,
        micro_batch_size=1,
    )
    ran = transxlab("data", data, "--config", axolotl, "--show", 1)
    assert "sequence 1: 2 rows, " in ran.out
    assert "dropped: " in ran.out
    plain = transxlab("data", data, "--config", axolotl, "--show", 1, "--format", "json").json
    assert [len(held) for held in plain["sequences"]] == [2]


def test_frames_of_llama_factory(transxlab: Run, data: Path, tmp_path: Path) -> None:
    factory = config(
        tmp_path,
        model_name_or_path=saved(tmp_path, "qwen3"),
        stage="sft",
        finetuning_type="lora",
        template="qwen3",
        cutoff_len=512,
        dataset="x",
    )
    ran = transxlab("data", data, "--config", factory, "--show", 3)
    assert "{+<think>" in ran.out
    assert "refused: questions and answers do not take turns" in ran.out


def test_what_is_missing_is_said(transxlab: Run, data: Path, tmp_path: Path) -> None:
    ran = transxlab("data", data, "--show", 2)
    assert ran.code == 2
    assert "--show needs a tokenizer" in ran.err
    ran = transxlab("data", data, "--show", 2, "--tokenizer", "nowhere/at-all")
    assert ran.code == 2
    assert "expected a folder with tokenizer.json" in ran.err
    ran = transxlab("data", tmp_path / "no.jsonl", "--show", 1, "--tokenizer",
                    saved(tmp_path, "chatml"))  # fmt: skip
    assert ran.code == 2


def test_without_transformers(
    transxlab: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = saved(tmp_path, "zephyr")
    monkeypatch.setitem(sys.modules, "transformers", None)
    ran = transxlab("data", data, "--show", 1, "--tokenizer", name)
    assert ran.code == 2
    assert "real tokenizers need the package transformers: pip install" in ran.err
    run = config(tmp_path, model_name_or_path=name, dataset_name="x", max_length=64)
    ran = transxlab("data", data, "--config", run)
    assert ran.code != 3
    assert "lengths are estimated" in " ".join(ran.out.split())


def test_segments_give_the_text_back(tmp_path: Path) -> None:
    lens = Lens(saved(tmp_path, "chatml"))
    kit = tokenizer("chatml")
    text = "<|im_start|>user\nça va 你好<|im_end|>\n"
    ids = kit(text)["input_ids"]
    made = segments(ids, [i % 3 == 0 for i in range(len(ids))], codec(lens))
    assert sum(part.tokens for part in made) == len(ids)
    whole = segments(ids, [True] * len(ids), codec(lens))
    assert "".join(part.text for part in whole) == text
    assert [part.text for part in whole if part.stop] == ["<|im_end|>"]


def test_colours_and_control_characters(tmp_path: Path) -> None:
    lens = Lens(saved(tmp_path, "chatml"))
    ids = tokenizer("chatml")("two\nlines")["input_ids"]
    part = segments(ids, [True] * len(ids), codec(lens))
    shown = _marked(part[0], True)
    assert click.unstyle(shown) == part[0].text
    assert shown.count("\x1b[32m") == part[0].text.count("\n") + 1
    assert _printable("a\x1b[31mb\r\tc\n") == "a\\x1b[31mb\\r\tc\n"
