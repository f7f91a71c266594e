"""The catalogue of models: dimensions, licence and context, found by any of their names."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from transxlab.facts.catalogued.table import rows

HERE = "transxlab.facts.catalogued"
DIMENSIONS = (
    "hidden_size",
    "num_hidden_layers",
    "num_decoder_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "intermediate_size",
    "vocab_size",
    "tie_word_embeddings",
    "num_local_experts",
    "num_experts_per_tok",
    "moe_intermediate_size",
)
"""Columns of ``models.csv`` that carry the name of a config key."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One published model."""

    name: str
    """Name in the catalogue, e.g. ``mistral-7b-v0.3``."""
    model_type: str
    """Hugging Face ``model_type``."""
    kind: Literal["decoder", "encoder", "seq2seq"]
    """Which stacks of layers it has."""
    base_ids: tuple[str, ...]
    """Hub ids of the pretrained checkpoints with these dimensions."""
    instruct_ids: tuple[str, ...]
    """Hub ids of the instruction-tuned checkpoints with these dimensions."""
    licence: str
    """Licence of the weights, as the publisher names it."""
    context_tokens: int | None
    """Longest sequence the publisher states; None where positions have no such limit."""
    params: int
    """Parameters of the checkpoint, tied weights once."""
    dimensions: tuple[tuple[str, Any], ...]
    """Config keys and values: what the parameter count is computed from."""
    instruct: bool | None
    """Whether the checkpoint asked for is instruction-tuned; None for a name that says neither."""
    note: str
    """What a reader should know about the row."""
    source: str
    """Where the row was read."""
    date: str
    """When, as year and month."""

    def config(self) -> dict[str, Any]:
        """The dimensions as a Hugging Face config."""
        return {"model_type": self.model_type, **dict(self.dimensions)}


def _number(text: str) -> Any:
    return json.loads(text)


def _card(row: dict[str, str]) -> ModelCard:
    dimensions = [(key, _number(row[key])) for key in DIMENSIONS if row[key]]
    named = {key for key, _ in dimensions}
    pairs = [item.partition("=") for item in row["extra"].split(";") if item]
    dimensions += [(key, _number(value)) for key, _, value in pairs]
    reach = _number(row["context_tokens"]) if row["context_tokens"] else None
    if reach is not None and "max_position_embeddings" not in named | {p[0] for p in pairs}:
        dimensions.append(("max_position_embeddings", reach))
    base, instruct = tuple(row["base_ids"].split()), tuple(row["instruct_ids"].split())
    tuned = None if base and instruct else bool(instruct)
    return ModelCard(
        name=row["name"],
        model_type=row["model_type"],
        kind=row["kind"],  # type: ignore[arg-type]
        base_ids=base,
        instruct_ids=instruct,
        licence=row["licence"],
        context_tokens=reach,
        params=int(row["params"] or 0),
        dimensions=tuple(dimensions),
        instruct=tuned,
        note=row["note"],
        source=row["source"],
        date=row["date"],
    )


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], ...]:
    return tuple(rows(HERE, "models.csv"))


def models() -> tuple[ModelCard, ...]:
    """Every model of the catalogue, in the order of the file."""
    return tuple(_card(row) for row in _table())


SUFFIX = re.compile(r"-(hf|gguf|gptq|awq|bnb-4bit|4bit|8bit|unsloth|text)$")
"""Endings of repackaged checkpoints that leave the dimensions as they are."""


def _plain(name: str) -> str:
    """A name without case, with one kind of separator."""
    text = name.strip().lower().replace("\\", "/")
    if "_" in text or not text.isprintable() or " " in text:
        text = re.sub(r"[\s_]+", "-", text)
    return text.rstrip("/")


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[int, bool | None]]:
    """Every name in plain form, with the row it stands for and whether it is an instruct model."""
    found: dict[str, tuple[int, bool | None]] = {}
    for number, row in enumerate(_table()):
        base, tuned = row["base_ids"].split(), row["instruct_ids"].split()
        own: bool | None = None if base and tuned else bool(tuned)
        named = [*((i, False) for i in base), *((i, True) for i in tuned), (row["name"], own)]
        for name, instruct in named[:-1]:
            found.setdefault(_plain(name), (number, instruct))
        for name, instruct in named:
            short = _plain(name).rpartition("/")[2]
            found.setdefault(short, (number, instruct))
            found.setdefault(SUFFIX.sub("", short), (number, instruct))
    return found


def _candidates(name: str) -> list[str]:
    """The spellings under which a name may be listed, the most faithful first."""
    full = _plain(name)
    parts = [p for p in full.split("/") if p]
    if not parts:
        return []
    last = parts[-1]
    tries = [full, "/".join(parts[-2:]), last]
    stripped = last
    while SUFFIX.search(stripped):
        stripped = SUFFIX.sub("", stripped)
        tries.append(stripped)
    cached = [p for p in parts if p.startswith("models--")]
    tries += [p.removeprefix("models--").replace("--", "/", 1) for p in cached]
    return tries


def find_model(name: str) -> ModelCard | None:
    """The card of a hub id, a common name, or a local path that ends in one; None if none is known.

    Case and ``_`` or blanks for ``-`` make no difference. The answer says by ``instruct`` whether
    the checkpoint that was named is an instruction-tuned one.
    """
    index = _index()
    for text in _candidates(name):
        hit = index.get(text)
        if hit is not None:
            return replace(_card(_table()[hit[0]]), instruct=hit[1])
    return None


def nearest_models(name: str, count: int = 3) -> tuple[str, ...]:
    """Catalogue names nearest to one that was not found, the best first."""
    last = _plain(name).rpartition("/")[2]
    near = difflib.get_close_matches(last, _index(), n=4 * count, cutoff=0.6)
    names = dict.fromkeys(_table()[_index()[text][0]]["name"] for text in near)
    return tuple(names)[:count]
