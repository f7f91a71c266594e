"""The simulated step: against measured runs, against arithmetic, and where it must refuse."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transxlab.facts.estimated.config import anatomy
from transxlab.facts.estimated.parameters import Adapters, lora, total
from transxlab.facts.estimated.setup import Setup

ROOT = Path(__file__).parents[2]
TABLE = ROOT / ".." / "shared" / "knowledge" / "estimates" / "ground_truth.csv"
LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 512,
    "max_position_embeddings": 8192,
}
FULL = Setup(
    method="full",
    tokens=128,
    micro_batch=2,
    accumulation=1,
    weights="fp32",
    compute="fp32",
    optimizer="adamw_torch",
    checkpointing="none",
    attention="flash",
)
ADAPTED = replace(
    FULL,
    method="lora",
    weights="bf16",
    compute="bf16",
    adapters=Adapters(8, all_linear=True),
    checkpointing="full",
)
MIB = 2**20

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

from transxlab.facts.measured.simulated import simulate  # noqa: E402
from transxlab.facts.measured.torched import CannotSimulate  # noqa: E402


def near(found: float, wanted: float, share: float) -> bool:
    return abs(found / wanted - 1) <= share


@pytest.mark.parametrize(
    ("model", "method", "attention", "tokens", "batch"),
    [
        ("smollm2-135m", "lora", "sdpa", "4096", "1"),
        ("tinyllama-1.1b", "lora", "eager", "2048", "2"),
        ("smollm2-135m", "qlora", "sdpa", "4096", "1"),
        ("qwen2.5-1.5b", "qlora", "eager", "1024", "2"),
    ],
)
def test_measured_runs_on_a_t4(
    model: str, method: str, attention: str, tokens: str, batch: str
) -> None:
    if not TABLE.exists():
        pytest.skip("the measured rows are not beside this checkout")
    code = (
        "import sys; sys.path.insert(0, 'benchmarks'); import rows, simulate\n"
        "from pathlib import Path\n"
        f"wanted = {(model, method, attention, tokens, batch)!r}\n"
        "names = 'model_key method attention seq_len micro_batch'.split()\n"
        f"for row in rows.read(Path({str(TABLE)!r})):\n"
        "    if tuple(row[n] for n in names) == wanted and row['gpu'] == 'T4 16GB':\n"
        "        print(simulate.simulated(row).allocated / 2**30, row['peak_mem_gib']); break\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found, measured = map(float, done.stdout.split())
    assert near(found, measured, 0.006), (found, measured)


def test_full_training_holds_four_copies_and_its_parameters_are_exact() -> None:
    found = simulate(LLAMA, FULL)
    model = anatomy(LLAMA)
    size = total(model)  # type: ignore[arg-type]
    assert found.total == found.trained == size
    # Weights and two states in fp32; blocks of 512 bytes and the tables of RoPE come on top.
    assert near(found.static, 12 * size, 0.02)
    assert sum(found.components.values()) == found.allocated
    assert found.allocated <= found.reserved


def test_adapters_are_counted_as_peft_counts_them() -> None:
    found = simulate(LLAMA, ADAPTED)
    wanted = lora(anatomy(LLAMA), Adapters(8, all_linear=True))  # type: ignore[arg-type]
    assert found.trained == wanted
    assert near(found.components["adapters"], 4 * found.trained, 0.05)
    assert near(found.components["optimizer"], 8 * found.trained, 0.15)


def test_only_eager_attention_stores_scores() -> None:
    long = replace(ADAPTED, tokens=2048, micro_batch=1)
    fused, eager = simulate(LLAMA, long), simulate(LLAMA, replace(long, attention="eager"))
    scores = 4 * 2048 * 2048
    # Neither score matrices nor the mask that numberless positions would otherwise bring.
    assert fused.components["activations"] < 2 * scores
    assert eager.allocated - fused.allocated > 4 * scores


def test_the_largest_moment_is_named() -> None:
    wide = {**LLAMA, "vocab_size": 64000}
    assert simulate(wide, ADAPTED).moment == "backward through the loss"
    assert simulate(wide, replace(FULL, tokens=8)).moment == "optimizer step"


def test_savings_are_seen() -> None:
    whole = simulate(LLAMA, replace(ADAPTED, checkpointing="none"))
    assert simulate(LLAMA, ADAPTED).allocated < whole.allocated
    wide = {**LLAMA, "hidden_size": 512, "intermediate_size": 2048}
    base, narrow = simulate(wide, ADAPTED), simulate(wide, replace(ADAPTED, weights="nf4"))
    assert narrow.components["weights"] < 0.5 * base.components["weights"]
    full, small = (
        simulate(wide, replace(FULL, tokens=8, optimizer=name))
        for name in ("adamw_torch", "adamw_8bit")
    )
    states = full.components["optimizer"], small.components["optimizer"]
    assert near(states[1], states[0] * 2.03 / 8, 0.1)
    paged = simulate(wide, replace(FULL, tokens=8, optimizer="paged_adamw_8bit"))
    assert "optimizer" not in paged.components


def test_dora_classes_and_encoder_decoders_run() -> None:
    assert simulate(LLAMA, replace(ADAPTED, method="dora")).allocated > 0
    classes = simulate(LLAMA, replace(FULL, compute="bf16"), stage="classification")
    assert classes.total == total(anatomy(LLAMA)) - 512 * 64 + 2 * 64  # type: ignore[arg-type]
    t5 = {
        "model_type": "t5",
        "d_model": 64,
        "d_kv": 16,
        "d_ff": 128,
        "num_layers": 2,
        "num_heads": 4,
        "vocab_size": 256,
    }
    assert simulate(t5, replace(FULL, tokens=64)).moment


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    simulate(LLAMA, ADAPTED, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(n, 6) for n in range(1, 7)]


def test_equal_runs_give_equal_figures() -> None:
    assert simulate(LLAMA, ADAPTED) == simulate(LLAMA, ADAPTED)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokens": None}, "length of a sequence"),
        ({"optimizer": "galore_adamw"}, "galore"),
        ({"sharding": "zero3"}, "several GPUs"),
        ({"weights": "gptq"}, "gptq"),
        ({"adapters": None}, "rank"),
        ({"adapters": Adapters(8, ("no_such_proj",))}, "PEFT refuses"),
        ({"loss": "fused"}, "loss fused"),
    ],
)
def test_what_is_not_simulated_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(CannotSimulate, match=said):
        simulate(LLAMA, replace(ADAPTED, **change))


def test_an_unknown_family_is_said() -> None:
    with pytest.raises(CannotSimulate, match="llamba"):
        simulate({"model_type": "llamba"}, FULL)


def test_without_the_extra_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from transxlab.facts.measured import torched

    monkeypatch.setattr(torched, "find_spec", lambda name: None if name == "peft" else object())
    with pytest.raises(CannotSimulate, match=r"needs peft: pip install 'transxlab\[torch\]'"):
        torched.package("torch")


def test_the_command_shows_it_beside_the_analytic_figure(tmp_path: Path) -> None:
    from click.testing import CliRunner
    from transxlab.cli.main import main

    config = tmp_path / "config.json"
    config.write_text(json.dumps(LLAMA))
    call = ["estimate", "--model-config", str(config), "--method", "lora", "--simulate"]
    for slot in (
        "adapter.r=8",
        "config.max_seq_length=128",
        "config.per_device_train_batch_size=2",
    ):
        call += ["--fact", slot]
    plain = CliRunner().invoke(main, [*call, "--format", "json"])
    assert plain.exit_code == 0, plain.output
    found = json.loads(plain.stdout)["simulated"]
    assert found["allocated"] == sum(found["components"].values())
    assert found["parameters"]["total"] == total(anatomy(LLAMA))  # type: ignore[arg-type]
    assert found["analytic_gap"] is not None
    said = " ".join(CliRunner().invoke(main, call).stdout.split())
    assert "simulated" in said and "the analytic figure lies" in said


def test_measuring_without_a_gpu_says_so_and_rows_have_the_tables_columns(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "benchmarks" / "measure_memory.py")]
    none = subprocess.run(script, capture_output=True, text=True, check=False, cwd=ROOT)
    if none.returncode != 2:
        pytest.skip("this machine has a GPU")
    assert none.stderr.strip() == "no CUDA device is visible to torch: nothing was measured"
    call = [*script, "--device", "cpu", "--out", str(tmp_path)]
    subprocess.run(call, capture_output=True, text=True, check=True, cwd=ROOT)
    with (tmp_path / "none.csv").open(encoding="utf-8", newline="") as file:
        made = list(csv.DictReader(file))
    assert len(made) == 1
    assert made[0]["row_kind"].startswith("estimate")  # never taken for a measurement
    assert float(made[0]["step_seconds"]) > 0
    again = subprocess.run(call, capture_output=True, text=True, check=True, cwd=ROOT)
    assert again.stdout == ""  # what is there is not run again
    if TABLE.exists():
        with TABLE.open(encoding="utf-8", newline="") as file:
            columns = csv.DictReader(file).fieldnames
        assert columns == list(made[0])[: len(columns or [])]
