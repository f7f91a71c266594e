"""What a model's layers compute beside their weights: activation functions, dropout, kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Stack

Config = Mapping[str, Any]
FUNCTION = ("hidden_act", "hidden_activation", "activation_function", "activation", "dense_act_fn")
"""Keys under which families of transformers name their activation function."""
DROPOUT = (
    "hidden_dropout_prob",
    "hidden_dropout",
    "resid_pdrop",
    "resid_dropout",
    "residual_dropout",
    "dropout_rate",
    "dropout",
)
"""Keys of the dropout on what layers add to the residual stream."""
ATTENTION_DROPOUT = (
    "attention_probs_dropout_prob",
    "attention_dropout",
    "attn_pdrop",
    "dropout_rate",
)
"""Keys of the dropout on attention's weights."""


PLACED = ("wpe", "embed_positions", "embeddings.position_embeddings", "relative_attention_bias")
"""Tables of positions: a model that has one does not turn queries and keys."""


@lru_cache(maxsize=1)
def usual() -> dict[str, dict[str, str]]:
    """What each family's layers do where its config does not say, by ``model_type``."""
    return {r["model_type"]: r for r in rows("transxlab.facts.estimated", "layers.csv")}


def dressed(model: Anatomy, config: Config) -> Anatomy:
    """The anatomy with what its config, or else its family, says its layers compute."""
    family = usual().get(str(config.get("model_type")), {})
    placed = any(p.kind == "embedding" and p.path in PLACED for p in model.parts)
    turned = not (placed or config.get("alibi") or family.get("alibi") == "1")
    normed = any(p.path.endswith(("q_norm", "k_norm")) for p in model.parts)
    stacks = tuple(_stack(one, config, family, normed, turned) for one in model.stacks)
    return replace(model, stacks=stacks, eager_only=family.get("eager_only") == "1")


def _stack(
    one: Stack, config: Config, family: Mapping[str, str], normed: bool, turned: bool
) -> Stack:
    said = next((config[key] for key in FUNCTION if isinstance(config.get(key), str)), None)
    own = family.get("activation") or "silu"
    if config.get("feed_forward_proj"):  # T5: "relu", "gated-gelu", "gated-silu"
        said = str(config["feed_forward_proj"]).rpartition("-")[2]
        said = "gelu_new" if said == "gelu" else said
    return replace(
        one,
        activation=own if own == "bloom_gelu" else said or own,
        rms=family.get("rms", ""),
        post_norm=family.get("post_norm") == "1",
        dropout=_rate(config, DROPOUT, family.get("dropout", "")),
        attention_dropout=_rate(config, ATTENTION_DROPOUT, family.get("attention_dropout", "")),
        rotary=turned,
        qk_norm=normed and one.norm == "rms",
    )


def _rate(config: Config, keys: tuple[str, ...], usually: str) -> float:
    """The first dropout rate that the config states, else the family's."""
    for key in keys:
        if isinstance(config.get(key), (int, float)):
            return float(config[key])
    return float(usually or 0)
