"""The machine as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Range, Text, Truth, slot, template


@template()
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Machine(Filled):
    """The machine, with the worst of its training GPUs; the GPU figures come from calculators."""

    train_gpus: Number = slot(unit="GPUs", noun="the number of training GPUs")
    """Training GPUs over all nodes."""
    train_gpu: Text = slot(noun="the training GPU")
    """Name of the smallest training GPU."""
    train_vram_gib: Number = slot(unit="GiB", noun="the GPU memory")
    """Memory of the smallest training GPU, or the limit the owner set below it."""
    train_capability: Number = slot(noun="the GPU's compute capability")
    """Lowest compute capability of the training GPUs."""
    train_supports_bf16: Truth = slot()
    """Whether every training GPU multiplies bf16 in hardware."""
    serve_gpu: Text = slot(noun="the serving GPU")
    """Name of the smallest serving GPU."""
    serve_vram_gib: Number = slot(unit="GiB")
    """Memory of the smallest serving GPU."""
    gpus_are_equal: Truth = slot()
    """Whether all training GPUs are of one kind."""
    is_local: Truth = slot()
    """Whether the machine is the owner's: then an hour costs nothing."""
    usd_per_hour: Number = slot(unit="US dollars per hour")
    """Rent of the whole machine, where the owner says it."""
    host_memory_gib: Number = slot(unit="GiB")
    """Main memory."""
    cpus: Number = slot(unit="processors")
    """Processors a program may use."""
    disk_free_gib: Number = slot(unit="GiB")
    """Free disk where the output goes."""
    system: Text = slot(values=("linux", "windows", "mac"))
    """Operating system."""
    interconnect: Text = slot(values=("nvlink", "pcie", "none"))
    """What joins the GPUs of one node."""
    nodes: Number = slot(unit="machines")
    """Machines in the run."""
    speed_factor: Range = slot()
    """Measured over estimated training speed of this kind of run here, from one's own logs."""
    memory_factor: Range = slot()
    """Measured over estimated peak memory of this kind of run here, from one's own logs."""
