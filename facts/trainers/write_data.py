"""Data sets whose columns are known, in each trainer's spelling.

Sources: axolotl docs "Dataset formats" (chat_template, custom instruction, completion) and "RLHF"
(user-defined formats); LLaMA-Factory data/README; TRL docs "Dataset formats"; torchtune docs
"Datasets"; litgpt data/json_data.py. As read in 2026-09.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from transxlab.facts.situation import Fact

Columns = Mapping[str, str]

_BUILDERS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv",
             ".parquet": "parquet", ".arrow": "arrow", ".txt": "text"}  # fmt: skip
"""Builder of ``datasets`` for the ending of a file, compressed or not."""


def columns(fact: Fact) -> dict[str, str]:
    """What the columns of a data set hold: part to column; empty where that is not known."""
    known = fact.slots.get("columns")
    held = known.value if known is not None and isinstance(known.value, tuple) else ()
    return dict(str(pair).split("=", 1) for pair in held)


def builder(name: str) -> str | None:
    """The builder of Hugging Face ``datasets`` that reads a file of this name."""
    endings = [s.lower() for s in PurePosixPath(name).suffixes if s not in (".gz", ".zst", ".bz2")]
    return _BUILDERS.get(endings[-1]) if endings else None


def kind(parts: Columns) -> str | None:
    """``preference``, ``kto``, ``chat``, ``pair``, ``text``; None for anything else."""
    if "chosen" in parts and "rejected" in parts:
        return "preference"
    if "tag" in parts:
        return "kto"
    if "messages" in parts:
        return "chat"
    if "output" in parts and ("prompt" in parts or "input" in parts):
        return "pair"
    return "text" if "text" in parts and "label" not in parts else None


def axolotl(parts: Columns) -> dict[str, object]:
    """The keys of an entry of ``datasets`` that say how its rows are read."""
    found = kind(parts)
    if found == "chat":
        turn = {p: parts[p] for p in ("role", "content") if parts.get(p, p) != p}
        mapped = {"message_property_mappings": {p: parts.get(p, p) for p in ("role", "content")}}
        renamed = parts["messages"] != "messages"
        return {
            "type": "chat_template",
            **({"field_messages": parts["messages"]} if renamed else {}),
            **(mapped if turn else {}),
        }
    if found == "pair":
        return {"type": _instruction(parts)}
    if found == "text":
        renamed = parts["text"] != "text"
        return {"type": "completion", **({"field": parts["text"]} if renamed else {})}
    if found == "preference" and "prompt" in parts:
        fields = {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}
        return {"type": _fields(parts, fields)}
    if found == "kto" and "prompt" in parts:
        named = {"prompt": "prompt", "completion": "output"}
        return {"type": {**_fields(parts, named), "field_label": parts["tag"]}}
    return {}


def _instruction(parts: Columns) -> object:
    told = {part: parts.get(part) for part in ("system", "prompt", "input", "output")}
    alpaca = {"system": None, "prompt": "instruction", "input": "input", "output": "output"}
    if told == alpaca:
        return "alpaca"
    asked = parts.get("prompt") or parts["input"]
    both = "prompt" in parts and "input" in parts
    return {
        **({"field_system": parts["system"]} if "system" in parts else {}),
        "field_instruction": asked,
        **({"field_input": parts["input"]} if both else {}),
        "field_output": parts["output"],
        "format": "{instruction}\n\n{input}\n\n" if both else "{instruction}\n\n",
        "no_input_format": "{instruction}\n\n",
    }


def _fields(parts: Columns, named: Columns) -> dict[str, object]:
    fields = {f"field_{theirs}": parts[ours] for theirs, ours in named.items()}
    return {**fields, **{f"{theirs}_format": f"{{{theirs}}}" for theirs in named}}


_TRL = {
    "chat": {"messages": "messages", "role": "role", "content": "content"},
    "pair": {"prompt": "prompt", "output": "completion"},
    "text": {"text": "text"},
    "preference": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    "kto": {"prompt": "prompt", "output": "completion", "tag": "label"},
}
_LITGPT = {"pair": {"prompt": "instruction", "input": "input", "output": "output"}}
WANTED: dict[str, dict[str, dict[str, str]]] = {"trl": _TRL, "litgpt": _LITGPT}
"""Columns a trainer reads by name only, by kind of rows."""


def renaming(trainer: str, fact: Fact) -> str | None:
    """A sentence on what to rename so that the trainer finds its columns; None where it does."""
    parts = columns(fact)
    found = kind(parts)
    name = fact.slots["name"].value
    if found is None:
        return None
    wanted = WANTED[trainer].get(found)
    if wanted is None:
        kinds = " or ".join(sorted(WANTED[trainer]))
        return f"{name} holds {found} rows; {trainer} reads {kinds} here: convert it first."
    other = {parts[p]: theirs for p, theirs in wanted.items() if parts.get(p, theirs) != theirs}
    if "input" in parts and "input" not in wanted and found == "pair":
        other[parts["input"]] = f"{wanted['prompt']} (joined)"
    if not other:
        return None
    told = ", ".join(f"{ours} to {theirs}" for ours, theirs in other.items())
    return f"{trainer} reads {', '.join(wanted.values())}: rename in {name} {told}."


def label(name: str) -> str:
    """A name for a data set: the file's, without folders and endings."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", PurePosixPath(name).name.split(".")[0]) or "data"


def dataset_info(facts: Mapping[str, Fact]) -> str:
    """LLaMA-Factory's ``dataset_info.json`` for data sets by the name they are called."""
    return json.dumps({name: _described(fact) for name, fact in facts.items()}, indent=2) + "\n"


def _described(fact: Fact) -> dict[str, object]:
    parts = columns(fact)
    found = kind(parts)
    path = fact.slots["path"].value if "path" in fact.slots else None
    name = str(fact.slots["name"].value)
    said: dict[str, object] = {"hf_hub_url": name} if path is None else {"file_name": name}
    ours = {"system": "system", "prompt": "prompt", "query": "input", "response": "output"}
    held = {theirs: parts[part] for theirs, part in ours.items() if part in parts}
    if found == "chat":
        tags = {f"{p}_tag": parts[p] for p in ("role", "content", "user", "assistant", "system")
                if p in parts}  # fmt: skip
        said |= {"formatting": "sharegpt", "columns": {"messages": parts["messages"]}, "tags": tags}
    elif found == "text":
        said["columns"] = {"prompt": parts["text"]}
    elif found == "preference":
        held |= {side: parts[side] for side in ("chosen", "rejected")}
        said |= {"ranking": True, "columns": held}
    elif found == "kto":
        said["columns"] = {**held, "kto_tag": parts["tag"]}
    elif held:
        said["columns"] = held
    return said
