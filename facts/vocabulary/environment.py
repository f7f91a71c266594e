"""The software the run would start in."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Release, Text, Truth, slot, template


@template()
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Environment(Filled):
    """Python, torch, CUDA and the driver, as observed; none where looked for and absent."""

    python_version: Release = slot()
    """Version of the Python the trainer would run in."""
    virtual_env: Truth = slot()
    """Whether that Python is in an environment of its own."""
    torch_version: Release = slot()
    """Installed torch; none where it is not installed."""
    torch_cuda_version: Release = slot()
    """CUDA that torch was built for; none for a CPU build."""
    torch_built_for: Text = slot(values=("cuda", "rocm", "cpu", "mps", "xpu"))
    """What the installed torch can run on."""
    cuda_available: Truth = slot()
    """Whether torch sees a GPU."""
    driver_version: Release = slot()
    """NVIDIA driver; none where there is none."""
    driver_cuda_version: Release = slot()
    """Newest CUDA the driver can run."""
    transformers_version: Release = slot()
    """Installed transformers; none where it is not installed."""
    trl_version: Release = slot()
    """Installed TRL; none where it is not installed."""
    peft_version: Release = slot()
    """Installed PEFT; none where it is not installed."""
    bitsandbytes_version: Release = slot()
    """Installed bitsandbytes; none where it is not installed."""
    accelerate_version: Release = slot()
    """Installed accelerate; none where it is not installed."""
    deepspeed_version: Release = slot()
    """Installed DeepSpeed; none where it is not installed."""
    flash_attn_version: Release = slot()
    """Installed flash-attn; none where it is not installed."""
    hub_offline: Truth = slot()
    """Whether the environment forbids downloads from the hub."""
    hub_token_present: Truth = slot()
    """Whether a token for gated models is set; its value is never read."""
    alloc_conf: Text = slot()
    """``PYTORCH_CUDA_ALLOC_CONF`` (or its successor); none where not set."""
    tracker_key_present: Truth = slot()
    """Whether the tracker the config reports to has a key."""
