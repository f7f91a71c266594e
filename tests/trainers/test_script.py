"""The script beside a plain Trainer's config: written by setup, and really run for two steps."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from transxlab.facts.origin import asked
from transxlab.facts.situation import Facts
from transxlab.facts.trainers.datafile import data_file
from transxlab.facts.trainers.write_huggingface import companions
from transxlab.facts.trainers.writing import write

NEEDS = ("torch", "transformers", "peft", "accelerate", "tokenizers")
RUNS = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDS), reason="needs the extra torch"
)
ROWS = [{"prompt": f"say {n}", "completion": f"word {n} is said"} for n in range(8)]
CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"say {n}"},
            {"role": "assistant", "content": "word"},
        ]
    }
    for n in range(8)
]
LABELLED = [{"text": f"word {n} is said", "label": n % 2} for n in range(8)]
TEXTS = [{"text": "word is said " * 20} for _ in range(8)]


def tiny(folder: Path, arch: str = "decoder") -> None:
    """A random model of two small layers with a tokenizer of a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        T5Config,
        T5ForConditionalGeneration,
    )

    words = ["<unk>", "</s>", "say", "word", "is", "said", "user", *map(str, range(10))]
    base = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="<unk>"))
    base.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=base, eos_token="</s>", unk_token="<unk>", pad_token="</s>"
    )
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}"
    tokenizer.save_pretrained(folder)
    if arch == "encoder_decoder":
        small = T5Config(
            vocab_size=len(words), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2,
            eos_token_id=1, pad_token_id=1, decoder_start_token_id=1,
        )  # fmt: skip
        T5ForConditionalGeneration(small).save_pretrained(folder)
        return
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)


def config(stage: str, method: str, arch: str) -> str:
    facts = Facts()
    held: dict[str, Any] = {
        "model.name": "model", "model.arch": arch, "config.stage": stage, "config.method": method,
        "config.learning_rate": 1e-3, "config.per_device_train_batch_size": 2,
        "config.max_seq_length": 32, "config.precision": "fp32", "config.save_strategy": "no",
        "evaluation.strategy": "no", "paths.output_dir": "out", "config.report_to": (),
    }  # fmt: skip
    if method == "lora":
        held |= {"adapter.r": 2, "adapter.alpha": 4, "adapter.target_modules": ("q_proj",)}
    for slot, value in held.items():
        facts.set(slot, value, asked("a test"))
    for role in ("train", "val"):
        fact = facts.new("source", f"{role}.jsonl")
        for slot, value in (("name", f"{role}.jsonl"), ("role", role), ("path", f"{role}.jsonl")):
            facts.put(fact, slot, value, asked("a test"))
    return write(facts, "hf")


@RUNS
@pytest.mark.parametrize(
    ("stage", "method", "arch", "rows"),
    [
        ("sft", "full", "decoder", ROWS),
        ("sft", "lora", "decoder", CHATS),
        ("sft", "full", "encoder_decoder", ROWS),
        ("pretrain", "full", "decoder", TEXTS),
        ("classification", "full", "decoder", LABELLED),
    ],
)
def test_two_steps_of_a_tiny_model(
    tmp_path: Path, stage: str, method: str, arch: str, rows: list[dict[str, Any]]
) -> None:
    tiny(tmp_path / "model", arch)
    text = config(stage, method, arch)
    assert yaml.safe_load(text)["train_file"] == "train.jsonl"
    (tmp_path / "config.yaml").write_text(text)
    (tmp_path / "train.py").write_text(data_file("train.py.j2"))
    for name in ("train.jsonl", "val.jsonl"):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    call = [sys.executable, "train.py", "config.yaml", "--max_steps", "2", "--use_cpu", "true"]
    quiet = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    ran = subprocess.run(
        call, cwd=tmp_path, env=quiet, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "train_loss" in ran.stdout and "eval_loss" in ran.stdout
    saved = "adapter_config.json" if method == "lora" else "config.json"
    assert (tmp_path / "out" / saved).is_file()


@RUNS
def test_prompts_are_masked_and_answers_end(tmp_path: Path) -> None:
    tiny(tmp_path)
    spec = importlib.util.spec_from_loader("script", loader=None)
    assert spec is not None
    script: Any = importlib.util.module_from_spec(spec)
    sys.modules["script"] = script
    exec(compile(data_file("train.py.j2"), "train.py", "exec"), script.__dict__)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    row = script.encoded(ROWS[3], tokenizer, script.Settings())
    prompt = tokenizer("say 3\n")["input_ids"]
    assert row["labels"][: len(prompt)] == [script.MASKED] * len(prompt)
    answer = row["labels"][len(prompt) :]
    assert tokenizer.decode(answer[:-1]) == "word 3 is said"
    assert answer[-1] == tokenizer.eos_token_id


def test_a_stage_without_a_part_is_refused() -> None:
    from transxlab.facts.trainers.draft import CannotWrite

    facts = Facts()
    facts.set("config.stage", "mlm", asked("a test"))
    with pytest.raises(CannotWrite, match="no part for mlm"):
        companions(facts)


def test_setup_writes_config_and_script_that_audit_clean(transxlab: Any, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS * 200))
    ran = transxlab(
        "setup", "--trainer", "hf", "--model", "Qwen/Qwen2.5-1.5B", "--task", "style",
        "--gpu", "A100 80GB", "--train", "train.jsonl",
    )  # fmt: skip
    assert (tmp_path / "train.py").read_text() == data_file("train.py.j2"), ran.err
    audit = transxlab("audit", "config.yaml", "--trainer", "hf", "--format", "json")
    found = audit.json["files"][0]["findings"]
    assert not [one for one in found if one["severity"] != "advice"], found
    assert "train.py config.yaml" in (tmp_path / "config.yaml").read_text()
