"""Weights of models with an encoder and a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.facts.estimated.anatomy import (
    Anatomy,
    NormKind,
    Part,
    Stack,
    embedding,
    linear,
    norm,
)

Config = Mapping[str, Any]


def t5_attention(config: Config, at: str, layers: int) -> list[Part]:
    """Query, key, value and output projections without biases, heads as wide as ``d_kv`` says."""
    hidden, inner = config["hidden_size"], config["num_attention_heads"] * config["head_dim"]
    parts = [linear(f"{at}.{name}", hidden, inner, layers) for name in ("q", "k", "v")]
    return [*parts, linear(f"{at}.o", inner, hidden, layers)]


def t5_feedforward(config: Config, at: str, layers: int) -> list[Part]:
    """``wi`` and ``wo``, or two ``wi`` where the activation is gated."""
    hidden, width = config["hidden_size"], config["intermediate_size"]
    gated = str(config.get("feed_forward_proj", "relu")).startswith("gated")
    ups = ("wi_0", "wi_1") if gated else ("wi",)
    parts = [linear(f"{at}.{name}", hidden, width, layers) for name in ups]
    return [*parts, linear(f"{at}.wo", width, hidden, layers)]


def t5(config: Config) -> Anatomy:
    """T5, Flan-T5, mT5 and UMT5. The head is tied only where the config says so."""
    hidden, deep = config["hidden_size"], config["num_hidden_layers"]
    lower = config.get("num_decoder_layers") or deep
    buckets, heads = config["relative_attention_num_buckets"], config["num_attention_heads"]
    each = config["model_type"] == "umt5"
    parts = [
        embedding("shared", config["vocab_size"], hidden),
        *t5_attention(config, "encoder.block.N.layer.0.SelfAttention", deep),
        *t5_feedforward(config, "encoder.block.N.layer.1.DenseReluDense", deep),
        norm("encoder.block.N.layer_norm", hidden, 2 * deep),
        norm("encoder.final_layer_norm", hidden),
        *t5_attention(config, "decoder.block.N.layer.0.SelfAttention", lower),
        *t5_attention(config, "decoder.block.N.layer.1.EncDecAttention", lower),
        *t5_feedforward(config, "decoder.block.N.layer.2.DenseReluDense", lower),
        norm("decoder.block.N.layer_norm", hidden, 3 * lower),
        norm("decoder.final_layer_norm", hidden),
        Part(
            "relative_attention_bias",
            "embedding",
            buckets,
            heads,
            copies=deep + lower if each else 2,
        ),
        Part(
            "lm_head",
            "linear",
            hidden,
            config["vocab_size"],
            shared=bool(config["tie_word_embeddings"]),
        ),
    ]
    gated = str(config.get("feed_forward_proj", "relu")).startswith("gated")
    sides = _sides(config, deep, lower, config["head_dim"], gated=gated, kind="rms")
    return Anatomy(config["model_type"], config["vocab_size"], sides, tuple(parts))


def _sides(
    config: Config, deep: int, lower: int, dim: int, *, gated: bool, kind: NormKind
) -> tuple[Stack, Stack]:
    """Encoder and decoder stacks of the same widths; the decoder has one norm more per layer."""
    heads = config["num_attention_heads"]
    down = config.get("decoder_attention_heads") or heads
    width, hidden = config["intermediate_size"], config["hidden_size"]
    wide = config.get("decoder_ffn_dim") or width
    upper = Stack("encoder", deep, hidden, heads, heads, dim, width, gated, kind)
    return upper, Stack(
        "decoder", lower, hidden, down, down, dim, wide, gated, kind, norms=3, cross=True
    )


def bart(config: Config) -> Anatomy:
    """BART and mBART: learned positions with an offset of two, biases everywhere."""
    hidden = config["hidden_size"]
    deep, lower = config["num_hidden_layers"], config["num_decoder_layers"]
    final = config["model_type"] in ("mbart", "pegasus")
    reach = config["max_position_embeddings"] + 2
    parts = [embedding("shared", config["vocab_size"], hidden)]
    for side, layers, width in (
        ("encoder", deep, config["intermediate_size"]),
        ("decoder", lower, config["decoder_ffn_dim"]),
    ):
        blocks = ("self_attn", "encoder_attn") if side == "decoder" else ("self_attn",)
        at = f"{side}.layers.N"
        names = ("k_proj", "v_proj", "q_proj", "out_proj")
        parts += [
            linear(f"{at}.{b}.{n}", hidden, hidden, layers, bias=True)
            for b in blocks
            for n in names
        ]
        parts += [linear(f"{at}.fc1", hidden, width, layers, bias=True)]
        parts += [linear(f"{at}.fc2", width, hidden, layers, bias=True)]
        parts += [
            norm(f"{at}.{b}_layer_norm", hidden, layers, bias=True) for b in (*blocks, "final")
        ]
        parts += [norm(f"{side}.layernorm_embedding", hidden, bias=True)]
        parts += [embedding(f"{side}.embed_positions", reach, hidden)]
        parts += [norm(f"{side}.layer_norm", hidden, bias=True)] if final else []
    tied = bool(config.get("tie_word_embeddings", True))
    parts.append(Part("lm_head", "linear", hidden, config["vocab_size"], shared=tied))
    sides = _sides(
        config, deep, lower, hidden // config["num_attention_heads"], gated=False, kind="layer"
    )
    return Anatomy(config["model_type"], config["vocab_size"], sides, tuple(parts))
