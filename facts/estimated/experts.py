"""Weights of decoders with a mixture of experts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from transxlab.facts.estimated.anatomy import Anatomy, Part, Stack, linear, norm
from transxlab.facts.estimated.decoder import (
    Shape,
    attention,
    ends,
    layer_stack,
    norms,
    shape,
    traits,
)

Config = Mapping[str, Any]


def routed(
    s: Shape, layers: int, count: int, top: int, width: int, *, bias: bool = False
) -> list[Part]:
    """A router per layer, and the gate, up and down matrices of its experts."""
    at = "layers.N.mlp."
    sizes = {
        "gate_proj": (s.hidden, width),
        "up_proj": (s.hidden, width),
        "down_proj": (width, s.hidden),
    }
    parts = [Part(f"{at}gate", "router", s.hidden, count, count if bias else 0, layers)]
    for name, (inputs, outputs) in sizes.items():
        path = f"{at}experts.N.{name}"
        extra = outputs if bias else 0
        parts.append(Part(path, "experts", inputs, outputs, extra, layers * count, layers * top))
    return parts


def plain(s: Shape, layers: int, width: int, at: str, *, bias: bool = False) -> list[Part]:
    """An ordinary gated feed-forward part: dense layers and shared experts."""
    if not layers or not width:
        return []
    return [
        linear(f"{at}gate_proj", s.hidden, width, layers, bias=bias),
        linear(f"{at}up_proj", s.hidden, width, layers, bias=bias),
        linear(f"{at}down_proj", width, s.hidden, layers, bias=bias),
    ]


def sparse_layers(config: Config, layers: int) -> int:
    """How many layers have experts: not the dense ones at the start, nor those between steps."""
    if "first_k_dense_replace" in config and config["model_type"].startswith("deepseek"):
        return layers - min(layers, int(config["first_k_dense_replace"]))
    step, dense = (
        int(config.get("decoder_sparse_step") or 1),
        set(config.get("mlp_only_layers") or ()),
    )
    return sum(1 for i in range(layers) if i not in dense and (i + 1) % step == 0)


def mixture(config: Config) -> Anatomy:
    """Mixtral, Qwen MoE, OLMoE and gpt-oss."""
    kind = config["model_type"]
    t, s = traits()[kind], shape(config)
    width = config.get("moe_intermediate_size") or s.ffn
    count, top = config["num_local_experts"], config["num_experts_per_tok"]
    sparse, oss = sparse_layers(config, s.layers), kind == "gpt_oss"
    shared = config.get("shared_expert_intermediate_size") or 0 if kind == "qwen2_moe" else 0
    parts = [
        *attention(config, s, t),
        *routed(s, sparse, count, top, width, bias=oss),
        *plain(s, s.layers - sparse, s.ffn, "layers.N.mlp."),
        *plain(s, sparse, shared, "layers.N.mlp.shared_expert."),
        *norms(config, s, t),
        *ends(config, s.hidden, t),
    ]
    if shared:
        parts.append(linear("layers.N.mlp.shared_expert_gate", s.hidden, 1, sparse))
    if oss:
        parts.append(Part("layers.N.self_attn.sinks", "vector", s.heads, copies=s.layers))
    stack = replace(layer_stack(config, s, t, width=top * width + shared), routed=top)
    return Anatomy(kind, config["vocab_size"], (stack,), tuple(parts))


def latent_attention(config: Config, s: Shape) -> list[Part]:
    """DeepSeek's multi-head latent attention: low-rank queries, keys and values."""
    at, bias = "layers.N.self_attn.", bool(config.get("attention_bias"))
    nope, rope, value = config["qk_nope_head_dim"], config["qk_rope_head_dim"], config["v_head_dim"]
    low, query = config["kv_lora_rank"], config.get("q_lora_rank")
    wide = s.heads * (nope + rope)
    if query:
        parts = [
            linear(f"{at}q_a_proj", s.hidden, query, s.layers, bias=bias),
            norm(f"{at}q_a_layernorm", query, s.layers),
            linear(f"{at}q_b_proj", query, wide, s.layers),
        ]
    else:
        parts = [linear(f"{at}q_proj", s.hidden, wide, s.layers)]
    return [
        *parts,
        linear(f"{at}kv_a_proj_with_mqa", s.hidden, low + rope, s.layers, bias=bias),
        norm(f"{at}kv_a_layernorm", low, s.layers),
        linear(f"{at}kv_b_proj", low, s.heads * (nope + value), s.layers),
        linear(f"{at}o_proj", s.heads * value, s.hidden, s.layers, bias=bias),
    ]


def deepseek(config: Config) -> Anatomy:
    """DeepSeek V2 and V3, without the multi-token prediction layer that transformers drops."""
    t, s = traits()["mixtral"], shape(config)
    width, count = config["moe_intermediate_size"], config["num_local_experts"]
    top, shared = config["num_experts_per_tok"], (config.get("n_shared_experts") or 0) * width
    sparse = sparse_layers(config, s.layers)
    bias = config["model_type"] == "deepseek_v2" and bool(config.get("mlp_bias"))
    parts = [
        *latent_attention(config, s),
        *routed(s, sparse, count, top, width),
        *plain(s, s.layers - sparse, s.ffn, "layers.N.mlp.", bias=bias),
        *plain(s, sparse, shared, "layers.N.mlp.shared_experts.", bias=bias),
        *norms(config, s, t),
        *ends(config, s.hidden, t),
    ]
    stack = Stack(
        side="decoder",
        layers=s.layers,
        hidden=s.hidden,
        heads=s.heads,
        kv_heads=s.heads,
        head_dim=config["qk_nope_head_dim"] + config["qk_rope_head_dim"],
        intermediate=top * width + shared,
        gated=True,
        norm="rms",
        routed=top,
        latent=config["kv_lora_rank"] + config["qk_rope_head_dim"],
    )
    return Anatomy(config["model_type"], config["vocab_size"], (stack,), tuple(parts))
