"""Weights of vision-language models: a language model, a vision tower, and what joins them.

Activations, time and the KV cache are those of the language model: images become tokens of its
sequence, and towers are mostly frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated.anatomy import Anatomy, Gap, Part, linear, norm

Config = Mapping[str, Any]


def counted() -> tuple[str, ...]:
    """The families whose tower and join are counted."""
    return tuple(sorted(FAMILIES))


def patches(config: Config) -> int:
    """Patches of one image: the square of how many fit side by side."""
    return int(config["image_size"] // config["patch_size"]) ** 2


def vit_layers(config: Config, at: str) -> list[Part]:
    """The layers of CLIP and SigLIP: biased projections, two LayerNorms."""
    hidden, width, deep = (
        config["hidden_size"],
        config["intermediate_size"],
        config["num_hidden_layers"],
    )
    square = ("q_proj", "k_proj", "v_proj", "out_proj")
    parts = [linear(f"{at}.self_attn.{name}", hidden, hidden, deep, bias=True) for name in square]
    return [
        *parts,
        linear(f"{at}.mlp.fc1", hidden, width, deep, bias=True),
        linear(f"{at}.mlp.fc2", width, hidden, deep, bias=True),
        norm(f"{at}.layer_norms", hidden, 2 * deep, bias=True),
    ]


def clip(config: Config, at: str) -> list[Part]:
    """CLIP's tower: a class token, unbiased patches, a norm before the layers and one after."""
    hidden = config["hidden_size"]
    pixels = config.get("num_channels", 3) * config["patch_size"] ** 2
    return [
        *vit_layers(config, at),
        Part(f"{at}.class_embedding", "vector", hidden),
        Part(f"{at}.patch_embedding", "vector", hidden * pixels),
        Part(f"{at}.position_embedding", "embedding", patches(config) + 1, hidden),
        norm(f"{at}.outer_norms", hidden, 2, bias=True),
    ]


def siglip(config: Config, at: str) -> list[Part]:
    """SigLIP's tower without its pooling head."""
    hidden = config["hidden_size"]
    pixels = config.get("num_channels", 3) * config["patch_size"] ** 2
    return [
        *vit_layers(config, at),
        Part(f"{at}.patch_embedding", "vector", hidden * pixels, 1, hidden),
        Part(f"{at}.position_embedding", "embedding", patches(config), hidden),
        norm(f"{at}.post_layernorm", hidden, bias=True),
    ]


TOWERS: Mapping[str, Callable[[Config, str], list[Part]]] = {
    "clip_vision_model": clip,
    "siglip_vision_model": siglip,
}


def qwen(config: Config, wide: int, out: int, kind: str) -> list[Part]:
    """The tower of Qwen2-VL and of Qwen2.5-VL with its merger; the latter has RMSNorm and gates."""
    deep, newer, at = config["depth"], kind == "qwen2_5_vl", "visual"
    channels = config.get("in_channels") or config.get("in_chans") or 3
    pixels = channels * config.get("temporal_patch_size", 2) * config["patch_size"] ** 2
    merged = wide * config.get("spatial_merge_size", 2) ** 2
    parts = [
        Part(f"{at}.patch_embed.proj", "vector", wide * pixels),
        linear(f"{at}.attn.qkv", wide, 3 * wide, deep, bias=True),
        linear(f"{at}.attn.proj", wide, wide, deep, bias=True),
        norm(f"{at}.norms", wide, 2 * deep, bias=not newer),
        norm(f"{at}.merger.ln_q", wide, bias=not newer),
        linear(f"{at}.merger.mlp.0", merged, merged, bias=True),
        linear(f"{at}.merger.mlp.2", merged, out, bias=True),
    ]
    if not newer:
        width = int(wide * config.get("mlp_ratio", 4))
        names: tuple[str, ...] = ("fc1",)
        last = "fc2"
    else:
        width, names, last = config["intermediate_size"], ("gate_proj", "up_proj"), "down_proj"
    parts += [linear(f"{at}.mlp.{name}", wide, width, deep, bias=True) for name in names]
    return [*parts, linear(f"{at}.mlp.{last}", width, wide, deep, bias=True)]


def towered(config: Config, text: Anatomy) -> list[Part]:
    """Tower and projector of LLaVA, PaliGemma and Gemma 3; KeyError names what is missing."""
    seen = config["vision_config"]
    parts = TOWERS[seen["model_type"]](seen, "vision_tower")
    hidden, wide, at = seen["hidden_size"], text.hidden, "multi_modal_projector"
    if config["model_type"] == "llava":
        bias = bool(config.get("multimodal_projector_bias", True))
        return [
            *parts,
            linear(f"{at}.linear_1", hidden, wide, bias=bias),
            linear(f"{at}.linear_2", wide, wide, bias=bias),
        ]
    if config["model_type"] == "paligemma":
        return [*parts, linear(f"{at}.linear", hidden, config["projection_dim"], bias=True)]
    return [
        *parts,
        Part(f"{at}.mm_input_projection_weight", "vector", hidden * wide),
        norm(f"{at}.mm_soft_emb_norm", hidden),
    ]


def visual(config: Config, text: Anatomy) -> list[Part]:
    """The tower of the Qwen models, whose keys for its widths differ by generation."""
    seen, kind = config["vision_config"], str(config["model_type"])
    if kind == "qwen2_vl":
        return qwen(seen, seen["embed_dim"], seen.get("hidden_size") or text.hidden, kind)
    return qwen(seen, seen["hidden_size"], seen.get("out_hidden_size") or text.hidden, kind)


FAMILIES: Mapping[str, tuple[str, Callable[[Config, Anatomy], list[Part]]]] = {
    "llava": ("llama", towered),
    "paligemma": ("gemma", towered),
    "gemma3": ("gemma3_text", towered),
    "qwen2_vl": ("qwen2", visual),
    "qwen2_5_vl": ("qwen2", visual),
}
"""Each family with the language model it has where its config does not say, and what joins."""


def language(config: Config) -> dict[str, Any]:
    """The config of the language part, with what its class fills in; flat configs are it."""
    usual, _ = FAMILIES[str(config["model_type"])]
    own = {k: v for k, v in (config.get("text_config") or config).items() if v is not None}
    named = str(own.get("model_type") or usual)
    kind = usual if named == config["model_type"] or named.endswith("_vl_text") else named
    filled = {
        r["key"]: int(r["value"])
        for r in rows("transxlab.facts.estimated", "language.csv")
        if r["model_type"] == kind
    }
    tied = config.get("tie_word_embeddings", own.get("tie_word_embeddings"))
    own = {**filled, **own, "model_type": kind}
    return own if tied is None else {**own, "tie_word_embeddings": tied}


def joined(config: Config, text: Anatomy) -> Anatomy | Gap:
    """The language model together with tower and projector; a Gap where those are not counted."""
    kind = str(config["model_type"])
    seen = config.get("vision_config") or {}
    named = str(seen.get("model_type", ""))
    if FAMILIES[kind][1] is towered and (
        named not in TOWERS
        or (named == "siglip_vision_model" and seen.get("vision_use_head", True))
    ):
        why = f"the vision tower {named!r} of this {kind} is not a counted variant"
        return Gap(why, ("model.params",))
    parts = (*text.parts, *FAMILIES[kind][1](config, text))
    return replace(text, model_type=kind, parts=parts)
