"""The files and folders the run touches."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Text, Truth, slot, template


@template(noun="the path")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Paths(Filled):
    """Where the run writes, as looked at on this machine."""

    output_dir: Text = slot(knob=True, noun="the output folder")
    """Folder the run writes to, as the config says it."""
    output_exists: Truth = slot()
    """Whether it is there."""
    output_writable: Truth = slot()
    """Whether the run could write there."""
    output_is_empty: Truth = slot()
    """Whether nothing is in it; true where it does not exist."""
    output_has_checkpoints: Truth = slot()
    """Whether checkpoints of an earlier run are in it."""
    output_has_final_model: Truth = slot()
    """Whether a finished model is in it."""
    output_is_network: Truth = slot()
    """Whether it lies on a network file system."""
    output_is_temporary: Truth = slot()
    """Whether it lies in a folder that is emptied at restart."""
    output_name_is_generic: Truth = slot()
    """Whether its name says nothing of the run (``out``, ``output`` ...), so runs collide."""
    resume_exists: Truth = slot()
    """Whether the checkpoint to resume from is there; none where none is named."""
    cache_dir: Text = slot(knob=True)
    """Folder for downloads and prepared data; none where the default is used."""
    cache_free_gib: Number = slot(unit="GiB")
    """Free disk where downloads go."""
    output_free_gib: Number = slot(unit="GiB")
    """Free disk where the output goes."""
