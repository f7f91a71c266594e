"""The program that runs the training."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Names, Release, Text, slot, template


@template()
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Trainer(Filled):
    """Which trainer reads the config, and how it is started."""

    name: Text = slot(noun="the trainer")
    """Its short name: ``axolotl``, ``trl``, ``hf``, ``llamafactory``, ``own`` ..."""
    version: Release = slot()
    """Its version, observed or given."""
    entry_point: Text = slot()
    """The script, recipe or class it runs: ``sft``, ``dpo``, ``lora_finetune_single_device``."""
    loader: Text = slot(
        values=("pyyaml", "yaml12", "omegaconf", "toml", "json", "argparse", "python")
    )
    """How the config's text becomes values; ``pyyaml`` reads ``1e-4`` as text."""
    config_file: Text = slot()
    """The config that was read."""
    launcher: Text = slot()
    """What starts the processes: ``accelerate``, ``torchrun``, ``deepspeed``, ``none``."""
    companions: Names = slot()
    """Files the config points to that hold settings of their own (DeepSpeed, FSDP)."""
