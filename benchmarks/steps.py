"""One real training run of a few steps on this machine's GPU, and what it took.

Weights are random, at their real sizes, and are made on the device. ``measure_memory.py`` runs each
case in a process of its own, so that nothing of one is left in the next.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from transxlab.facts.catalogued.models import find_model
from transxlab.facts.measured import building
from transxlab.facts.measured.torched import package

GIB = 2**30
STEPS = 5
"""Optimizer steps: the first two allocate states and warm up, the others are timed."""
TIMED = 3


@dataclass(frozen=True)
class Case:
    """One run of the grid."""

    model: str
    """Name in the catalogue."""
    method: str
    """``full``, ``lora`` or ``qlora``."""
    tokens: int
    """Tokens of a sequence."""
    micro_batch: int
    """Sequences of a forward pass."""
    attention: str = "sdpa"
    """``sdpa``, ``eager`` or ``flash_attention_2``."""
    checkpointing: bool = True
    """Whether each layer is recomputed in backward."""
    optimizer: str = "adamw_torch"
    """``adamw_torch``, ``adamw_torch_fused``, ``adamw_8bit`` or ``paged_adamw_8bit``."""
    weights: str = "bf16"
    """Type of the weights; of what is not quantised under QLoRA."""
    loop: str = "plain"
    """``plain`` keeps outputs and does not autocast adapters; ``trainer`` does as accelerate."""
    rank: int = 16
    """Rank of the adapters, on all linear layers."""
    accumulation: int = 1
    """Forward passes per optimizer step."""


@dataclass(frozen=True)
class Taken:
    """What a run took."""

    allocated: float
    """Peak of live tensors, bytes."""
    reserved: float
    """Peak of the allocator's segments, bytes."""
    process: float | None
    """Device memory of the process at its end, bytes; None where nothing tells."""
    seconds: float
    """Median of the timed steps."""
    trained: int
    """Parameters that train."""
    total: int
    """Parameters of the model without adapters."""


class Meter:
    """Memory of a CUDA device as torch and the driver count it."""

    def reset(self) -> None:
        """Forget the peaks so far and give back what is free."""
        torch = package("torch")
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def read(self) -> tuple[float, float, float | None]:
        """Peaks of allocated and reserved memory, and that of the process, in bytes."""
        torch = package("torch")
        torch.cuda.synchronize()
        peaks = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
        return float(peaks[0]), float(peaks[1]), process_bytes()


class PretendMeter:
    """A meter for machines without a GPU: counts weights and gradients, to test the row format."""

    def __init__(self) -> None:
        self.model: Any = None
        """The model whose numbers are counted."""

    def reset(self) -> None:
        """Nothing was counted yet."""

    def read(self) -> tuple[float, float, float | None]:
        """Bytes of the weights, twice, and no process."""
        size = sum(p.numel() * p.element_size() for p in self.model.parameters())
        return float(size), float(size), None


def process_bytes() -> float | None:
    """Device memory that the driver counts for this process; None where it does not say."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    ask = [tool, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=30)
    for line in done.stdout.splitlines():
        pid, _, used = line.partition(",")
        if pid.strip() == str(os.getpid()) and used.strip().isdigit():
            return float(used) * 2**20
    return _lone_process()


def _lone_process() -> float | None:
    """All used memory of the device where only this process can hold any (a container)."""
    torch = package("torch")
    if os.environ.get("MEASURE_DEVICE_IS_IDLE") != "1":
        return None
    free, whole = torch.cuda.mem_get_info()
    return float(whole - free)


def built(case: Case, device: str) -> tuple[Any, int, int]:
    """The model of a case on the device, its parameters, and the rows of its vocabulary."""
    torch, card = package("torch"), find_model(case.model)
    if card is None:
        raise SystemExit(f"{case.model} is not in the catalogue")
    config = building.configured(card.config())
    kind = building.dtype(case.weights)
    with torch.device(device):
        model = building.maker(config, None).from_config(
            config, dtype=kind, attn_implementation=case.attention
        )
    total = sum(p.numel() for p in model.parameters())
    if case.method == "qlora":
        quantized(model, kind, device)
        model = package("peft").prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=False
        )
    if case.method in ("lora", "qlora"):
        lora = package("peft").LoraConfig(
            r=case.rank, lora_alpha=2 * case.rank, target_modules="all-linear", lora_dropout=0.0
        )
        model = package("peft").get_peft_model(model, lora)
    if case.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if case.method != "full":
            model.enable_input_require_grads()
    return model.train(), total, config.get_text_config().vocab_size


def quantized(model: Any, kind: Any, device: str) -> None:
    """Replace linear layers but the head by bitsandbytes' nf4 ones, as transformers does."""
    torch, bnb = package("torch"), package("bitsandbytes")
    head = model.get_output_embeddings()
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is not torch.nn.Linear or child is head:
                continue
            new = bnb.nn.Linear4bit(
                child.in_features,
                child.out_features,
                bias=child.bias is not None,
                compute_dtype=kind,
                quant_type="nf4",
                device="meta",
            )
            new.weight = bnb.nn.Params4bit(
                child.weight.data.cpu(), requires_grad=False, quant_type="nf4"
            )
            new.bias = child.bias
            setattr(module, name, new.to(device))
    model.is_loaded_in_4bit = True


def optimizer(case: Case, model: Any) -> Any:
    """The optimizer of a case."""
    optim = package("torch").optim
    weights = [p for p in model.parameters() if p.requires_grad]
    if case.optimizer in ("adamw_torch", "adamw_torch_fused"):
        fused = case.optimizer.endswith("fused")
        return optim.AdamW(weights, lr=1e-5, fused=fused, foreach=not fused)
    bnb = package("bitsandbytes")
    return {"adamw_8bit": bnb.optim.AdamW8bit, "paged_adamw_8bit": bnb.optim.PagedAdamW8bit}[
        case.optimizer
    ](weights, lr=1e-5)


def run(case: Case, device: str, meter: Meter | PretendMeter) -> Taken:
    """Build, train a few steps, and say what it took."""
    torch = package("torch")
    model, total, vocabulary = built(case, device)
    if isinstance(meter, PretendMeter):
        meter.model = model
    made = optimizer(case, model)
    shape = (case.micro_batch, case.tokens)
    ids = torch.randint(0, vocabulary, shape, device=device)
    mixed = case.weights == "fp32" or (case.loop == "trainer" and case.method != "full")
    meter.reset()
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        for _ in range(case.accumulation):
            forward_backward(case, model, ids, device, mixed=mixed)
        made.step()
        made.zero_grad()
        synchronize(torch, device)
        seconds.append(time.perf_counter() - start)
    allocated, reserved, process = meter.read()
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    middle = sorted(seconds[-TIMED:])[TIMED // 2]
    return Taken(allocated, reserved, process, middle, trained, total)


def forward_backward(case: Case, model: Any, ids: Any, device: str, *, mixed: bool) -> None:
    """One micro-batch; outputs live through backward in a plain loop, as in many scripts."""
    torch = package("torch")
    with torch.autocast(device, torch.bfloat16, enabled=mixed):
        out = model(input_ids=ids, labels=ids)
    loss = out.loss
    if case.loop == "trainer":
        if mixed:
            out = out.logits.float()
        out = None
    loss.backward()
    del out, loss


def synchronize(torch: Any, device: str) -> None:
    """Wait until the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
