"""The folders the run would write to, looked at without writing anything."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from transxlab.facts.observed.filling import fill
from transxlab.facts.situation import Facts

GIB = 2**30
GENERIC = frozenset(
    {
        "out",
        "output",
        "outputs",
        "results",
        "result",
        "checkpoints",
        "model",
        "tmp",
        "test",
        "run",
        "results1",
    }
)
"""Names that say nothing of the run, so that two runs write over each other."""
FINAL = (
    "model.safetensors",
    "pytorch_model.bin",
    "adapter_model.safetensors",
    "model.safetensors.index.json",
)
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "lustre", "glusterfs", "ceph", "fuse.sshfs", "gpfs")
MOST_ENTRIES = 10_000


def observe(facts: Facts) -> None:
    """Fill ``paths`` about the output folder that the config names."""
    known = facts.known("paths.output_dir")
    if known is not None and isinstance(known.value, str):
        fill(facts, "paths", look(Path(known.value).expanduser()), "this machine")
    resume = facts.known("config.resume_from")
    if resume is not None:
        there = Path(resume.value).expanduser().exists() if isinstance(resume.value, str) else None
        fill(facts, "paths", {"resume_exists": there}, "this machine")


def look(folder: Path) -> dict[str, object]:
    """What can be seen of an output folder; a folder that cannot be looked at tells less."""
    exists = folder.exists()
    ground = next((p for p in (folder, *folder.absolute().parents) if p.exists()), Path("/"))
    slots: dict[str, object] = {
        "output_exists": exists,
        "output_writable": ground.is_dir() and os.access(ground, os.W_OK | os.X_OK),
        "output_name_is_generic": folder.name.lower().strip("./") in GENERIC or not folder.name,
        "output_is_temporary": _inside(folder, Path(tempfile.gettempdir())),
        "output_is_network": _file_system(ground) in NETWORK,
    }
    with contextlib.suppress(OSError):
        slots["output_free_gib"] = shutil.disk_usage(ground).free // GIB
        slots |= _content(folder)
    return slots


def _content(folder: Path) -> dict[str, object]:
    names = set()
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False):
                names.add(entry.name)
    return {
        "output_is_empty": not names,
        "output_has_checkpoints": any(name.startswith("checkpoint-") for name in names),
        "output_has_final_model": any(name in names for name in FINAL),
    }


def _inside(path: Path, folder: Path) -> bool:
    return folder.resolve() in path.absolute().resolve().parents


def _file_system(path: Path) -> str:
    """Type of the file system a path lies on; empty where the system does not say."""
    try:
        mounts = [row.split()[1:3] for row in Path("/proc/mounts").read_text().splitlines()]
    except (OSError, IndexError):
        return ""
    place = str(path.resolve())
    inside = [m for m in mounts if place == m[0] or place.startswith(m[0].rstrip("/") + "/")]
    return max(inside, key=lambda m: len(m[0]))[1] if inside else ""
