"""Weights of encoder-only models: the BERT family, with or without a head for classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.facts.estimated.anatomy import Anatomy, Part, Stack, embedding, linear, norm

Config = Mapping[str, Any]


BERT = (
    "attention.self.query attention.self.key attention.self.value attention.output.dense "
    "intermediate.dense output.dense attention.output.LayerNorm output.LayerNorm"
)
"""What a layer's matrices and norms are called: projections, feed-forward part, two norms."""
DISTILBERT = (
    "attention.q_lin attention.k_lin attention.v_lin attention.out_lin ffn.lin1 ffn.lin2 "
    "sa_layer_norm output_layer_norm"
)
ALBERT = (
    "attention.query attention.key attention.value attention.dense ffn ffn_output "
    "attention.LayerNorm full_layer_layer_norm"
)
DEBERTA = (
    BERT.replace("query", "query_proj").replace("key", "key_proj").replace("value", "value_proj")
)


def block(
    config: Config, layers: int, names: str = BERT, at: str = "encoder.layer.N."
) -> list[Part]:
    """One BERT layer: four projections, two feed-forward matrices, two norms, all with biases."""
    hidden, width = config["hidden_size"], config["intermediate_size"]
    *square, up, down, first, second = names.split()
    return [
        *(linear(at + name, hidden, hidden, layers, bias=True) for name in square),
        linear(at + up, hidden, width, layers, bias=True),
        linear(at + down, width, hidden, layers, bias=True),
        norm(at + first, hidden, layers, bias=True),
        norm(at + second, hidden, layers, bias=True),
    ]


def tables(config: Config, width: int) -> list[Part]:
    """Token, position and token-type embeddings and their norm."""
    parts = [
        embedding("embeddings.word_embeddings", config["vocab_size"], width),
        embedding("embeddings.position_embeddings", config["max_position_embeddings"], width),
        norm("embeddings.LayerNorm", width, bias=True),
    ]
    if config.get("type_vocab_size"):
        parts.append(
            embedding("embeddings.token_type_embeddings", config["type_vocab_size"], width)
        )
    return parts


def stack(config: Config, **more: Any) -> Stack:
    """The encoder's layer stack."""
    heads, hidden = config["num_attention_heads"], config["hidden_size"]
    usual: dict[str, Any] = {
        "gated": False,
        "norm": "layer",
        "intermediate": config["intermediate_size"],
    }
    usual.update(more)
    return Stack(
        side="encoder",
        layers=config["num_hidden_layers"],
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=hidden // heads,
        **usual,
    )


def finish(config: Config, parts: list[Part], layers: Stack) -> Anatomy:
    """The anatomy of an encoder that has no head over the vocabulary."""
    return Anatomy(config["model_type"], config["vocab_size"], (layers,), tuple(parts), head=False)


def bert(config: Config) -> Anatomy:
    """BERT, RoBERTa, XLM-RoBERTa, CamemBERT and Electra; the first four with a pooler."""
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    electra = config["model_type"] == "electra"
    narrow = config["embedding_size"] if electra else hidden
    parts = [*tables(config, narrow), *block(config, layers)]
    if electra and narrow != hidden:
        parts.append(linear("embeddings_project", narrow, hidden, bias=True))
    if not electra:
        parts.append(linear("pooler.dense", hidden, hidden, bias=True))
    return finish(config, parts, stack(config))


def distilbert(config: Config) -> Anatomy:
    """DistilBERT: no token types and no pooler."""
    plain = {**config, "type_vocab_size": 0}
    layers = block(config, config["num_hidden_layers"], DISTILBERT, "transformer.layer.N.")
    return finish(config, [*tables(plain, config["hidden_size"]), *layers], stack(config))


def albert(config: Config) -> Anatomy:
    """ALBERT: one block of weights for all layers, and a narrow embedding."""
    hidden, narrow = config["hidden_size"], config["embedding_size"]
    groups = (config.get("num_hidden_groups") or 1) * (config.get("inner_group_num") or 1)
    parts = [
        *tables(config, narrow),
        linear("encoder.embedding_hidden_mapping_in", narrow, hidden, bias=True),
        *block(config, groups, ALBERT, "encoder.albert_layer_groups.N.albert_layers.N."),
        linear("pooler", hidden, hidden, bias=True),
    ]
    return finish(config, parts, stack(config))


def deberta(config: Config) -> Anatomy:
    """DeBERTa V2 and V3: a table of relative positions, and no absolute ones by default."""
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    narrow = config.get("embedding_size") or hidden
    parts = [
        p
        for p in tables(config, narrow)
        if "position" not in p.path or config["position_biased_input"]
    ]
    parts += block(config, layers, DEBERTA)
    if narrow != hidden:
        parts = [p for p in parts if p.path != "embeddings.LayerNorm"]
        parts += [
            linear("embeddings.embed_proj", narrow, hidden),
            norm("embeddings.LayerNorm", hidden, bias=True),
        ]
    if config.get("relative_attention"):
        reach = config.get("max_relative_positions") or -1
        reach = config["max_position_embeddings"] if reach < 1 else reach
        buckets = config.get("position_buckets") or -1
        parts.append(
            embedding("encoder.rel_embeddings", 2 * (buckets if buckets > 0 else reach), hidden)
        )
        kinds = config.get("pos_att_type") or ()
        if not config.get("share_att_key"):
            pairs = (("c2p", "pos_key_proj"), ("p2c", "pos_query_proj"))
            at = "encoder.layer.N.attention.self."
            parts += [
                linear(at + name, hidden, hidden, layers, bias=True)
                for kind, name in pairs
                if kind in kinds
            ]
    return finish(config, [*parts, *deberta_extras(config, hidden)], stack(config))


def deberta_extras(config: Config, hidden: int) -> list[Part]:
    """The norm of relative positions and the convolution, where the config has them."""
    parts = []
    if "layer_norm" in str(config.get("norm_rel_ebd") or ""):
        parts.append(norm("encoder.LayerNorm", hidden, bias=True))
    kernel = config.get("conv_kernel_size") or 0
    if kernel > 0:
        numbers = hidden * (hidden // (config.get("conv_groups") or 1)) * kernel
        parts.append(Part("encoder.conv.conv", "vector", numbers, 1, hidden))
        parts.append(norm("encoder.conv.LayerNorm", hidden, bias=True))
    return parts


def modernbert(config: Config) -> Anatomy:
    """ModernBERT: fused projections without biases; its first layer has no attention norm."""
    hidden, layers, width = (
        config["hidden_size"],
        config["num_hidden_layers"],
        config["intermediate_size"],
    )
    shift, extra = bool(config.get("norm_bias")), bool(config.get("attention_bias"))
    wide = bool(config.get("mlp_bias"))
    parts = [
        embedding("embeddings.tok_embeddings", config["vocab_size"], hidden),
        norm("embeddings.norm", hidden, bias=shift),
        linear("layers.N.attn.Wqkv", hidden, 3 * hidden, layers, bias=extra),
        linear("layers.N.attn.Wo", hidden, hidden, layers, bias=extra),
        linear("layers.N.mlp.Wi", hidden, 2 * width, layers, bias=wide),
        linear("layers.N.mlp.Wo", width, hidden, layers, bias=wide),
        norm("layers.N.attn_norm", hidden, layers - 1, bias=shift),
        norm("layers.N.mlp_norm", hidden, layers, bias=shift),
        norm("final_norm", hidden, bias=shift),
    ]
    return finish(config, parts, stack(config, gated=True))
