"""An engine that generates on the GPUs that train: what it holds while the step runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from transxlab.facts.trainers.reading import read

TRL = "model_name_or_path: Qwen/Qwen2.5-0.5B\nnum_generations: 4\nmax_completion_length: 64\n"
SWIFT = "swift rlhf --rlhf_type grpo --model Qwen/Qwen2.5-0.5B --dataset d.jsonl "


def share(tmp_path: Path, name: str, text: str) -> object:
    file = tmp_path / name
    file.write_text(text)
    found = read(file).facts.known("config.generation_gpu_share")
    return found.value if found else None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("use_vllm: true\nvllm_mode: colocate\nvllm_gpu_memory_utilization: 0.4\n", 0.4),
        ("use_vllm: true\nvllm_mode: server\nvllm_gpu_memory_utilization: 0.4\n", None),
        ("use_vllm: false\nvllm_mode: colocate\nvllm_gpu_memory_utilization: 0.4\n", None),
        (
            "use_vllm: true\nvllm_mode: colocate\nvllm_gpu_memory_utilization: 0.4\n"
            "vllm_enable_sleep_mode: true\n",
            None,
        ),
    ],
)
def test_trl(more: str, expected: object, tmp_path: Path) -> None:
    assert share(tmp_path, "grpo.yaml", TRL + more) == expected


@pytest.mark.parametrize(("level", "expected"), [("0", 0.5), ("1", None)])
def test_swift(level: str, expected: object, tmp_path: Path) -> None:
    words = "--use_vllm true --vllm_mode colocate --vllm_gpu_memory_utilization 0.5 "
    found = share(tmp_path, "grpo.sh", SWIFT + words + f"--sleep_level {level}\n")
    assert found == expected
