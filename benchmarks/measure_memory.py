"""Measure memory and time of real training steps on this machine's GPU, one row per run.

    python benchmarks/measure_memory.py [--models A,B] [--minutes N] [--dry-run] [--out DIR]

Runs a grid (full, LoRA, QLoRA; lengths, batches, kernels, checkpointing, optimizers), each case in
a process of its own, and appends rows with the columns of the table of published runs and versions
to DIR (default: benchmarks/measured), in one file per GPU. Rows that are there already are not run
again; a case that runs out of memory gets no row. Weights are random: nothing is downloaded.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steps import GIB, Case, Meter, PretendMeter, Taken, run
from transxlab.facts.measured.torched import CannotSimulate, package

TABLE = (
    "id source model n_params method lora_r target_modules precision optimizer seq_len "
    "micro_batch grad_accum packing grad_checkpointing attention liger_or_chunked_ce "
    "parallelism n_gpus gpu peak_mem_gib tokens_per_sec_per_gpu mfu notes row_kind mem_measures "
    "mem_unit_original framework model_key trainable_params eval_set"
)
"""Columns of the table of published runs."""
ADDED = (
    "allocated_gib reserved_gib process_gib step_seconds torch cuda driver transformers peft "
    "bitsandbytes compute_capability date"
)
"""Columns that only rows measured here have."""
SMALL = ("smollm2-135m", "qwen2.5-0.5b", "tinyllama-1.1b", "llama-3.2-1b", "qwen2.5-1.5b")
LARGE = ("qwen2.5-3b", "mistral-7b-v0.3", "llama-3.1-8b", "qwen2.5-7b")
TINY = Case("smollm2-135m", "lora", 16, 1, checkpointing=False)
"""The case that runs on a CPU, to see that a row comes out."""


def columns() -> list[str]:
    """All columns of a row, in order."""
    return [*TABLE.split(), *ADDED.split()]


def grid(models: tuple[str, ...]) -> list[Case]:
    """The cases for some models: each setting is varied around a base, the smallest first."""
    cases = []
    for model in models:
        small = model in SMALL
        for method in ("full", "lora", "qlora") if small else ("lora", "qlora"):
            base = Case(model, method, 1024, 2)
            cases += [base]
            cases += [replace(base, tokens=n, micro_batch=b) for n, b in ((512, 4), (2048, 1))]
            cases += [replace(base, tokens=4096, micro_batch=1), replace(base, micro_batch=8)]
            cases += [replace(base, attention=a) for a in ("eager", "flash_attention_2")]
            cases += [replace(base, checkpointing=False), replace(base, loop="trainer")]
            cases += [replace(base, accumulation=4)]
            cases += [replace(base, optimizer=o) for o in ("adamw_torch_fused", "adamw_8bit")]
            if method == "full":
                cases += [
                    replace(base, weights="fp32"),
                    replace(base, optimizer="paged_adamw_8bit"),
                ]
            else:
                cases += [replace(base, rank=64)]
    return cases


def runnable(case: Case) -> bool:
    """Whether the packages that a case needs are installed."""
    needs = {
        "bitsandbytes": case.method == "qlora" or "8bit" in case.optimizer,
        "flash_attn": case.attention == "flash_attention_2",
    }
    return all(find_spec(name) is not None for name, wanted in needs.items() if wanted)


def key(case: Case, gpu: str) -> str:
    """The id of a case on a GPU: equal cases, equal ids."""
    text = json.dumps({**asdict(case), "gpu": gpu}, sort_keys=True)
    return "m" + hashlib.sha256(text.encode()).hexdigest()[:10]


def installed(name: str) -> str:
    """The version of a package; empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def about(device: str) -> dict[str, str]:
    """The GPU and the versions that a row was measured with."""
    torch = package("torch")
    names = {name: installed(name) for name in ("torch", "transformers", "peft", "bitsandbytes")}
    if device != "cuda":
        return {**names, "gpu": "none", "cuda": "", "driver": "", "compute_capability": ""}
    found = torch.cuda.get_device_properties(0)
    try:
        ask = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = subprocess.run(ask, capture_output=True, text=True, check=False).stdout
    except OSError:
        driver = ""
    return {
        **names,
        "gpu": found.name,
        "cuda": str(torch.version.cuda),
        "driver": (driver.splitlines() or [""])[0].strip(),
        "compute_capability": f"{found.major}.{found.minor}",
    }


def row(case: Case, taken: Taken, machine: dict[str, str], *, pretended: bool) -> dict[str, Any]:
    """A measured case as a row of the table."""
    tokens = case.tokens * case.micro_batch * case.accumulation
    kept = f"nf4 (fp32 norms/embeddings/head) / {case.weights}"
    process = "" if taken.process is None else round(taken.process / GIB, 4)
    beside = f"reserved={taken.reserved / GIB:.4f} GiB"
    return {
        **dict.fromkeys(columns(), ""),
        **{name: held for name, held in machine.items() if name in columns()},
        "id": key(case, machine["gpu"]),
        "source": "transxlab:benchmarks/measure_memory.py",
        "model": case.model,
        "model_key": case.model,
        "n_params": taken.total,
        "method": case.method,
        "lora_r": case.rank if case.method != "full" else "",
        "target_modules": "all linear" if case.method != "full" else "",
        "precision": kept if case.method == "qlora" else precision(case),
        "optimizer": case.optimizer,
        "seq_len": case.tokens,
        "micro_batch": case.micro_batch,
        "grad_accum": case.accumulation,
        "packing": "no padding (random ids)",
        "grad_checkpointing": "full (HF per layer)" if case.checkpointing else "none",
        "attention": case.attention,
        "liger_or_chunked_ce": "no",
        "parallelism": "single",
        "n_gpus": 1,
        "peak_mem_gib": round(taken.allocated / GIB, 4),
        "tokens_per_sec_per_gpu": round(tokens / taken.seconds, 1),
        "notes": beside,
        "row_kind": "estimate (no GPU)" if pretended else "measured",
        "mem_measures": "torch max_memory_allocated",
        "mem_unit_original": "bytes",
        "framework": "hf+peft" if case.loop == "plain" else "hf trainer",
        "trainable_params": taken.trained,
        "eval_set": "own_measured",
        "allocated_gib": round(taken.allocated / GIB, 4),
        "reserved_gib": round(taken.reserved / GIB, 4),
        "process_gib": process,
        "step_seconds": round(taken.seconds, 5),
        "date": time.strftime("%Y-%m-%d"),
    }


def precision(case: Case) -> str:
    """Types of weights and products, as the table writes them."""
    if case.weights == "fp32":
        return "fp32 weights / bf16 autocast"
    return f"{case.weights} / bf16"


def append(path: Path, found: dict[str, Any]) -> None:
    """Add one row to a file, with the header where it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns())
        if fresh:
            writer.writeheader()
        writer.writerow(found)


def known(path: Path) -> set[str]:
    """Ids of the rows that are there already."""
    if not path.exists():
        return set()
    with path.open(encoding="utf-8", newline="") as file:
        return {line["id"] for line in csv.DictReader(file)}


def apart(case: Case, device: str) -> dict[str, Any] | str:
    """The row of a case that is run in a process of its own, or why there is none."""
    command = [sys.executable, __file__, "--device", device, "--one", json.dumps(asdict(case))]
    environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=900, env=environment
        )
    except subprocess.TimeoutExpired:
        return "took longer than 15 minutes"
    if done.returncode == 0:
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found
    if "OutOfMemoryError" in done.stderr:
        return "out of memory"
    return (done.stderr.strip().splitlines() or ["no message"])[-1]


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", default=",".join((*SMALL, *LARGE)), help="catalogue names")
    parser.add_argument("--minutes", type=float, default=60.0, help="start no case after that")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "measured")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--dry-run", action="store_true", help="list the cases, run none")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def one(args: argparse.Namespace) -> int:
    """Run the case that another process hands over; its row is the last line."""
    case = Case(**json.loads(args.one))
    meter = Meter() if args.device == "cuda" else PretendMeter()
    taken = run(case, args.device, meter)
    found = row(case, taken, about(args.device), pretended=args.device != "cuda")
    print(json.dumps(found))
    return 0


def main() -> int:
    """Run the grid; 2 where there is no GPU or torch."""
    args = arguments()
    if args.one:
        return one(args)
    cases = [TINY] if args.device == "cpu" else grid(tuple(args.models.split(",")))
    if args.dry_run:
        for case in cases:
            print(json.dumps(asdict(case)), "" if runnable(case) else "(packages missing)")
        print(f"{len(cases)} cases")
        return 0
    try:
        torch = package("torch")
    except CannotSimulate as problem:
        print(problem, file=sys.stderr)
        return 2
    if args.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device is visible to torch: nothing was measured", file=sys.stderr)
        return 2
    return measure(args, [case for case in cases if runnable(case)])


def measure(args: argparse.Namespace, cases: list[Case]) -> int:
    """Run cases one after another until the time is up, appending each row at once."""
    machine = about(args.device)
    path = args.out / f"{machine['gpu'].lower().replace(' ', '-')}.csv"
    there, end = known(path), time.monotonic() + 60 * args.minutes
    for number, case in enumerate(cases, 1):
        if key(case, machine["gpu"]) in there:
            continue
        if time.monotonic() > end:
            print(f"time is up: {len(cases) - number + 1} cases were not run")
            break
        found = apart(case, args.device)
        said = found if isinstance(found, str) else f"{found['peak_mem_gib']} GiB"
        print(f"{number}/{len(cases)} {json.dumps(asdict(case))}: {said}", flush=True)
        if not isinstance(found, str):
            append(path, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
