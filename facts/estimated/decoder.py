"""Weights of decoder-only models, built from the table of family traits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Part, Stack, embedding, linear, norm

Config = Mapping[str, Any]
Traits = Mapping[str, str]


@lru_cache(maxsize=1)
def traits() -> dict[str, Traits]:
    """What each family's layers are called and carry, by ``model_type``."""
    return {row["model_type"]: row for row in rows("transxlab.facts.estimated", "traits.csv")}


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions that every decoder states."""

    hidden: int
    """Width of the residual stream."""
    layers: int
    """Number of layers."""
    heads: int
    """Query heads."""
    kv: int
    """Key and value heads."""
    dim: int
    """Width of one head."""
    ffn: int
    """Width of the feed-forward part."""


def shape(config: Config) -> Shape:
    """The dimensions of a decoder; KeyError names a key that is missing."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    kv = 1 if config.get("multi_query") else config.get("num_key_value_heads") or heads
    if config["model_type"] == "gpt_bigcode" and not config.get("multi_query"):
        kv = heads  # its num_key_value_heads is not read
    width = config.get("intermediate_size") or 4 * hidden
    if config["model_type"] == "qwen":
        width //= 2  # Qwen 1 states the width of gate and up projection together
    dim = config.get("head_dim") or hidden // heads
    return Shape(hidden, config["num_hidden_layers"], heads, kv, dim, width)


def said(config: Config, trait: str) -> bool:
    """Whether a trait holds: ``1``, empty, or the name of the config key that says so."""
    return trait == "1" or (trait != "" and bool(config.get(trait)))


def attention(config: Config, s: Shape, t: Traits) -> list[Part]:
    """Projections of query, key, value and output, and the norms on queries and keys."""
    query, key, at = s.heads * s.dim, s.kv * s.dim, "layers.N.self_attn."
    names, bias = t["qkv"].split(), said(config, t["qkv_bias"])
    widths = (query, key, key) if len(names) == 3 else (query + 2 * key,)
    parts = [
        linear(at + name, s.hidden, width, s.layers, bias=bias)
        for name, width in zip(names, widths, strict=True)
    ]
    parts.append(linear(at + t["out"], query, s.hidden, s.layers, bias=said(config, t["out_bias"])))
    kind, _, switch = t["qk_norm"].partition(" if ")
    if kind and (not switch or config.get(switch)):
        wide = (query, key) if kind == "full" else (s.dim, s.dim)
        parts += [
            norm(at + n, w, s.layers, bias=kind == "head+bias")
            for n, w in zip(("q_norm", "k_norm"), wide, strict=True)
        ]
    return parts


def feedforward(config: Config, s: Shape, t: Traits) -> list[Part]:
    """Up (and gate) and down projections; none for a family whose feed-forward part is experts."""
    if not t["up"]:
        return []
    bias, at = said(config, t["mlp_bias"]), "layers.N.mlp."
    parts = []
    for name in t["up"].split():
        single, _, times = name.partition("*")
        wide = s.ffn * int(times or 1)
        parts.append(linear(at + single, s.hidden, wide, s.layers, bias=bias))
    return [*parts, linear(at + t["down"], s.ffn, s.hidden, s.layers, bias=bias)]


def norms(config: Config, s: Shape, t: Traits) -> list[Part]:
    """Normalisations of the residual width; ``plain`` ones have no weights."""
    if t["norm"] == "plain":
        return []
    bias = said(config, t["norm_bias"])
    inside = [
        norm(f"layers.N.{name}", s.hidden, s.layers, bias=bias) for name in present(config, t)
    ]
    return inside + [norm(name, s.hidden, bias=bias) for name in t["outside_norms"].split()]


def present(config: Config, t: Traits) -> list[str]:
    """Names of a layer's norms; one written ``name!switch`` is there unless the switch is on."""
    named = [name.partition("!") for name in t["norms"].split()]
    return [name for name, _, switch in named if not switch or not config.get(switch)]


def ends(config: Config, hidden: int, t: Traits) -> list[Part]:
    """Token and learned position embeddings, and the head, tied or not."""
    vocab, tied = config["vocab_size"], bool(config.get("tie_word_embeddings"))
    bias = vocab if said(config, t["head_bias"]) else 0
    parts = [embedding("embed_tokens", vocab, hidden)]
    if t["positions"]:
        reach = config["max_position_embeddings"] + int(t["positions_offset"])
        parts.append(embedding(t["positions"], reach, hidden))
    return [*parts, Part("lm_head", "linear", hidden, vocab, bias, shared=tied)]


def layer_stack(config: Config, s: Shape, t: Traits, width: int | None = None) -> Stack:
    """The layer stack; ``width`` replaces the feed-forward width where experts share the work."""
    ups = t["up"].split()
    return Stack(
        side="decoder",
        layers=s.layers,
        hidden=s.hidden,
        heads=s.heads,
        kv_heads=s.kv,
        head_dim=s.dim,
        intermediate=s.ffn if width is None else width,
        gated=not ups or len(ups) == 2 or ups[0].endswith("*2"),
        norm=t["norm"],  # type: ignore[arg-type]
        norms=len(present(config, t)),
        parallel=said(config, t["parallel"]),
    )


def decoder(config: Config) -> Anatomy:
    """A dense decoder of any family in the table of traits."""
    t, s = traits()[config["model_type"]], shape(config)
    parts = [
        *attention(config, s, t),
        *feedforward(config, s, t),
        *norms(config, s, t),
        *ends(config, s.hidden, t),
    ]
    capped = bool(config.get("final_logit_softcapping"))
    stacks = (layer_stack(config, s, t),)
    return Anatomy(config["model_type"], config["vocab_size"], stacks, tuple(parts), softcap=capped)


def opt(config: Config) -> Anatomy:
    """OPT, whose 350M size projects a narrower embedding and normalises after each block."""
    found = decoder(config)
    hidden, narrow = (
        config["hidden_size"],
        config.get("word_embed_proj_dim") or config["hidden_size"],
    )
    parts = list(found.parts)
    if not config.get("do_layer_norm_before", True):
        parts = [p for p in parts if p.path != "final_layer_norm"]
    if narrow != hidden:
        tied, vocab = bool(config.get("tie_word_embeddings")), config["vocab_size"]
        swap = {
            "embed_tokens": embedding("embed_tokens", vocab, narrow),
            "lm_head": Part("lm_head", "linear", narrow, vocab, shared=tied),
        }
        parts = [swap.get(p.path, p) for p in parts]
        parts += [linear("project_in", narrow, hidden), linear("project_out", hidden, narrow)]
    return Anatomy("opt", found.vocab, found.stacks, tuple(parts))


def falcon(config: Config) -> Anatomy:
    """Falcon: one query-key-value matrix and, in the new architecture, two norms side by side."""
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    new, single = bool(config.get("new_decoder_architecture")), bool(config.get("multi_query"))
    kv = (config.get("num_key_value_heads") or heads) if new else 1 if single else heads
    s = Shape(hidden, config["num_hidden_layers"], heads, kv, hidden // heads, 4 * hidden)
    beside = bool(config.get("parallel_attn", True))
    pair = config.get("num_ln_in_parallel_attn") or (2 if new else 1)
    names = (
        ("ln_attn ln_mlp" if pair == 2 else "input_layernorm")
        if beside
        else "input_layernorm post_attention_layernorm"
    )
    width = config.get("ffn_hidden_size") or config.get("intermediate_size")
    s = Shape(s.hidden, s.layers, heads, kv, s.dim, width or s.ffn)
    bias = "bias"
    t = {
        **dict.fromkeys(("qk_norm", "head_bias", "positions", "positions_offset"), ""),
        **{
            "qkv": "query_key_value",
            "out": "dense",
            "up": "dense_h_to_4h",
            "down": "dense_4h_to_h",
        },
        **{"qkv_bias": bias, "out_bias": bias, "mlp_bias": bias, "norms": names, "norm": "layer"},
        **{"norm_bias": "1", "outside_norms": "ln_f", "parallel": "1" if beside else ""},
    }
    parts = [
        *attention(config, s, t),
        *feedforward(config, s, t),
        *norms(config, s, t),
        *ends(config, hidden, t),
    ]
    return Anatomy("falcon", config["vocab_size"], (layer_stack(config, s, t),), tuple(parts))
