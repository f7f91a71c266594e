"""The software on this machine, from the metadata of installed packages: nothing is imported."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from transxlab.facts.observed.filling import fill
from transxlab.facts.situation import Facts

PACKAGES = {
    "transformers": "transformers_version",
    "trl": "trl_version",
    "peft": "peft_version",
    "bitsandbytes": "bitsandbytes_version",
    "accelerate": "accelerate_version",
    "deepspeed": "deepspeed_version",
    "flash-attn": "flash_attn_version",
}
"""Distributions looked for, and the slots of ``environment`` that hold their versions."""
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
CUDA = re.compile(r"cu(\d\d)(\d)\b")
"""Local tag of a torch wheel: ``cu121`` is CUDA 12.1."""
ALLOCATOR = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")


def observe(facts: Facts) -> None:
    """Fill ``environment`` with what is installed here."""
    fill(facts, "environment", interpreter(), "this Python")
    fill(facts, "environment", packages(), "installed packages")
    fill(facts, "environment", variables(), "environment variables")
    driver = _driver()
    if driver is not None:
        fill(facts, "environment", {"driver_version": driver}, "nvidia-smi")


def interpreter() -> dict[str, object]:
    """The Python that runs, and whether it is in an environment of its own."""
    own = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    return {"python_version": platform.python_version(), "virtual_env": own}


def packages() -> dict[str, object]:
    """Versions of the training stack; None for what is not installed."""
    found: dict[str, object] = {slot: _plain(installed(name)) for name, slot in PACKAGES.items()}
    torch = installed("torch")
    found["torch_version"] = _plain(torch)
    if torch is not None:
        local = torch.partition("+")[2]
        cuda = CUDA.match(local)
        if cuda is not None:
            found |= {"torch_built_for": "cuda", "torch_cuda_version": f"{cuda[1]}.{cuda[2]}"}
        elif local.startswith("rocm"):
            found |= {"torch_built_for": "rocm", "torch_cuda_version": None}
        elif local == "cpu":
            found |= {"torch_built_for": "cpu", "torch_cuda_version": None, "cuda_available": False}
    return found


def installed(name: str) -> str | None:
    """Version of an installed distribution; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plain(text: str | None) -> str | None:
    return None if text is None else text.partition("+")[0]


def variables() -> dict[str, object]:
    """What the environment variables say; a token's value is never read into a fact."""
    home = os.path.expanduser(os.environ.get("HF_HOME", "~/.cache/huggingface"))  # noqa: PTH111
    stored = os.path.isfile(os.path.join(home, "token"))  # noqa: PTH113, PTH118
    return {
        "hub_offline": any(os.environ.get(name, "").lower() in ("1", "true") for name in OFFLINE),
        "hub_token_present": stored or any(os.environ.get(name) for name in TOKENS) is True,
        "alloc_conf": next((os.environ[n] for n in ALLOCATOR if os.environ.get(n)), None),
    }


def _driver() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.splitlines()[0].strip() if done.stdout.strip() else None
