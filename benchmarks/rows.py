"""Rows of a table of measured runs, as the estimators' inputs."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from transxlab.facts.catalogued.gpus import Gpu, find_gpu
from transxlab.facts.catalogued.models import find_model
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.config import anatomy, with_classes
from transxlab.facts.estimated.parameters import Adapters
from transxlab.facts.estimated.setup import Setup

GB_PER_GIB = 1.073741824
MODULES = {
    "q": ("q_proj",),
    "k": ("k_proj",),
    "v": ("v_proj",),
    "o": ("o_proj", "dense", "out_proj"),
    "gate": ("gate_proj",),
    "up": ("up_proj", "fc1", "gate_up_proj", "dense_h_to_4h"),
    "down": ("down_proj", "fc2", "dense_4h_to_h"),
    "mlp": (
        "gate_proj",
        "up_proj",
        "down_proj",
        "fc1",
        "fc2",
        "gate_up_proj",
        "dense_h_to_4h",
        "dense_4h_to_h",
    ),
    "head": ("lm_head",),
    "output": ("lm_head",),
}
"""What the table's short names for target modules stand for."""
TRAINERS = {
    "hf+peft": "loop",
    "hf trainer": "hf",
    "hf+fa2": "hf",
    "hf+swift": "swift",
    "nemo-automodel": "nemo",
    "nemo/megatron": "nemo",
}


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table, by column name."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(row: dict[str, str], column: str) -> float | None:
    """The number in a column; None where there is none."""
    try:
        return float(row.get(column) or "")
    except ValueError:
        return None


def whole(row: dict[str, str], column: str) -> int | None:
    """The whole number in a column; None where there is none."""
    found = number(row, column)
    return None if found is None else int(found)


def model_of(row: dict[str, str]) -> Anatomy | None:
    """The model of a row, from its key or its name."""
    for name in (row.get("model_key") or "", row["model"]):
        card = find_model(name) if name else None
        if card is not None:
            found = anatomy(card.config())
            if isinstance(found, Anatomy):
                classes = "classification" in row["model"].lower()
                return with_classes(found, 2) if classes else found
    return None


def gpu_of(row: dict[str, str]) -> Gpu | None:
    """The GPU of a row."""
    return find_gpu(row["gpu"]) if row["gpu"] else None


def storage(row: dict[str, str]) -> tuple[str, bool]:
    """How the row's weights are stored, and whether quantisation constants are quantised too."""
    text = f"{row['precision']} {row['method']}".lower()
    double = "nf4-dq" in text
    if "gptq" in text:
        return ("gptq8" if "int8" in text else "gptq"), False
    if "nf4" in text or "bnb int4" in text or "bnb.nf4" in text:
        return "nf4", double
    if "int4" in text:
        return "gptq", False
    if "int8" in text:
        return "int8", False
    if row["method"].startswith("qlora"):
        return "nf4", double
    if text.startswith("fp32") or "fp32 weights" in text or "amp" in text:
        return "fp32", False
    if text.startswith("fp16"):
        return "fp16", False
    return "bf16", False


def compute(row: dict[str, str]) -> str:
    """The type of matrix products."""
    text = row["precision"].lower()
    if "amp" in text or "fp16" in text:
        return "bf16" if "bf16" in text else "fp16"
    if text.startswith("fp32") and "bf16" not in text:
        return "fp32"
    return "bf16"


def targets(row: dict[str, str], model: Anatomy) -> tuple[str, ...]:
    """The target modules of a row, by the names this model gives them."""
    text = row["target_modules"].lower()
    lasts = {p.path.rpartition(".")[2] for p in model.parts if p.kind == "linear"}
    if "all" in text or "linear" in text:
        return ("all-linear",)
    found: list[str] = []
    for word in re.split(r"[ ,()+]+", row["target_modules"]):
        if word in lasts:
            found.append(word)
        elif word.lower() in MODULES:
            found += [name for name in MODULES[word.lower()] if name in lasts]
            if word in ("q", "k", "v") and not found:
                found += [n for n in lasts if n in FUSED]
    return tuple(dict.fromkeys(found))


DROPPING = ("litgpt", "hf+swift", "swift")
"""Trainers whose default dropout of adapters is 0.05 (litgpt 0.4 finetune, ms-swift 1.x)."""
FUSED = ("c_attn", "query_key_value", "W_pack", "qkv_proj", "Wqkv", "wqkv")


def adapters(row: dict[str, str], model: Anatomy) -> Adapters | None:
    """The adapters of a row; None for a row without."""
    rank = whole(row, "lora_r")
    if rank is None or not row["method"].startswith(("lora", "qlora", "dora")):
        return None
    saved = ("embed_tokens", "lm_head") if "emb" in row["method"] else ()
    dropout = 0.05 if row["framework"] in DROPPING else 0.0
    return Adapters(
        rank,
        targets(row, model),
        saved=saved,
        dropout=dropout,
        dora=row["method"].startswith("dora"),
    )


def checkpointing(row: dict[str, str]) -> str | None:
    """Gradient checkpointing of a row; None where it is not stated."""
    text = row["grad_checkpointing"].lower()
    if not text:
        return None
    if "offload" in text:
        return "offload"
    if "selective" in text:
        return "selective"
    return "none" if text.startswith("none") else "full"


def kernel(row: dict[str, str]) -> str | None:
    """Attention kernel of a row; None where it is not stated."""
    text = row["attention"].lower()
    if not text:
        return None
    return "eager" if "eager" in text else "flash"


def loss(row: dict[str, str], model: Anatomy) -> str | None:
    """Kind of loss of a row; None where its trainer decides."""
    text = row["liger_or_chunked_ce"].lower()
    if "cce" in text or "cut" in text:
        return "cut"
    if "liger" in text and not text.startswith("no"):
        return "fused"
    if "litgpt" in text:
        return "chunked_head"
    if "chunk" in text:
        return "chunked"
    return None if model.head else "none"


def sharding(row: dict[str, str]) -> str:
    """What the data-parallel GPUs of a row share."""
    text = row["parallelism"].lower()
    for name in ("zero3", "zero2", "zero1"):
        if name in text.replace("-", "").replace(" ", ""):
            return name
    if "shard_grad_op" in text:
        return "zero2"
    if "fsdp" in text:
        return "zero3"
    return "ddp" if "ddp" in text else "none"


def degree(row: dict[str, str], name: str) -> int:
    """A degree of parallelism such as the 2 of ``tp2``."""
    found = re.search(rf"\b{name}(\d+)", row["parallelism"].lower())
    return int(found[1]) if found else 1


def lengths(row: dict[str, str]) -> str | None:
    """Whether batches of a row vary in shape."""
    text = row["packing"].lower()
    if "padded to longest" in text:
        return "fixed"  # the counter that is compared there does not see the allocator's pool
    if "truncated" in text or "variable" in text:
        return "varied"
    return "fixed" if text else None


def optimizer(row: dict[str, str]) -> tuple[str, bool]:
    """The optimizer of a row and whether it steps inside backward."""
    text = row["optimizer"].lower()
    inside = "in_bwd" in text or "in_backward" in text
    short = text.split("(")[0].split("+")[0].strip().replace(" ", "_")
    if "8bit" in text or "8-bit" in text:
        short = "paged_adamw_8bit" if "paged" in text else "adamw_8bit"
    return short or "adamw_torch", inside


def setup_of(row: dict[str, str], model: Anatomy) -> Setup:
    """How a row's run trains, as far as the row says."""
    kept, double = storage(row)
    name, inside = optimizer(row)
    method = re.split(r"[ (+]", row["method"])[0]
    method = "full" if method == "pretrain" else method
    trainer = TRAINERS.get(row["framework"], row["framework"])
    parallel = row["parallelism"].lower()
    amp = kept == "fp32" and compute(row) != "fp32"
    return Setup(
        method=method,
        tokens=whole(row, "seq_len"),
        micro_batch=whole(row, "micro_batch"),
        accumulation=whole(row, "grad_accum"),
        weights=kept,  # type: ignore[arg-type]
        double_quantized=double,
        compute=compute(row),  # type: ignore[arg-type]
        optimizer=name,
        checkpointing=checkpointing(row),  # type: ignore[arg-type]
        attention=kernel(row),  # type: ignore[arg-type]
        loss=loss(row, model),
        adapters=adapters(row, model),
        fp8="float8" in row["notes"].lower() or "fp8" in row["precision"].lower(),
        compiled="compile" in row["notes"] and "without" not in row["notes"],
        lengths=lengths(row),  # type: ignore[arg-type]
        dropout=0.1 if not model.head else 0.0,
        trainer=trainer,
        in_backward=inside,
        master=masters(row, method) and not amp,
        sharding=sharding(row),  # type: ignore[arg-type]
        unsynced="fsdp" in parallel and trainer in ("litgpt", "hf", "trl", "axolotl"),
        gpus=whole(row, "n_gpus") or 1,
        tensor_parallel=degree(row, "tp"),
        pipeline_parallel=degree(row, "pp"),
        context_parallel=degree(row, "cp"),
        offload="all" if "cpu offload" in parallel else "none",
    )


def masters(row: dict[str, str], method: str) -> bool:
    """Whether fp32 master weights stand beside 16-bit ones: said, or done by DeepSpeed."""
    text = f"{row['parallelism']} {row['framework']} {row['optimizer']}".lower()
    return "master" in row["precision"] or (method == "full" and "deepspeed" in text)


def measure(row: dict[str, str]) -> str:
    """What the row's figure measures: allocated, reserved or process."""
    text = row["mem_measures"].lower()
    if "allocated" in text or "active" in text:
        return "allocated"
    return "reserved" if "reserved" in text else "process"
