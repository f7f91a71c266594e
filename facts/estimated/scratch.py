"""From an ``architecture_spec.yaml`` to the config of the family it is built as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transxlab.facts.estimated.anatomy import Gap

HALVES = ("encoder_decoder", "decoder", "encoder")


def family(spec: Mapping[str, Any]) -> str:
    """The family whose layers have what the spec asks for.

    Decoders: Mixtral with experts; Qwen 3 with norms on queries and keys; Llama with a gate, RoPE
    or RMSNorm; BLOOM with ALiBi; else GPT-2. Encoder-decoders: T5 with relative positions or
    RMSNorm, mBART with norms before the blocks, else BART. Encoders: BERT.
    """
    half = spec.get("model_type")
    root = spec.get("norm") == "rmsnorm"
    if half == "encoder":
        return "bert"
    if half == "encoder_decoder":
        if root or spec.get("positional_encoding") == "relative":
            return "t5"
        return "mbart" if spec.get("normalization") == "pre_norm" else "bart"
    if spec.get("n_experts"):
        return "mixtral"
    if spec.get("qk_norm"):
        return "qwen3"
    if root or spec.get("gated_ffn") or spec.get("positional_encoding") == "rope":
        return "llama"
    return "bloom" if spec.get("positional_encoding") == "alibi" else "gpt2"


def config_of_spec(spec: Mapping[str, Any]) -> dict[str, Any] | Gap:
    """A Hugging Face config with the dimensions of a spec; a Gap names what it lacks."""
    half = spec.get("model_type")
    if half not in HALVES:
        return Gap(f"model_type {half!r} of a spec is one of {', '.join(HALVES)}")
    deep = "n_encoder_layers" if half == "encoder_decoder" else "n_layers"
    layers = spec.get(deep) or spec.get(f"n_{half}_layers")
    known = {"d_model": spec.get("d_model"), deep: layers, "n_heads": spec.get("n_heads")}
    known["vocab_size"] = spec.get("vocab_size")
    lacking = [
        name
        for name, held in known.items()
        if isinstance(held, bool) or not isinstance(held, int) or held <= 0
    ]
    if lacking:
        return Gap(f"the spec needs whole numbers above 0 for {', '.join(lacking)}")
    kind, hidden = family(spec), int(spec["d_model"])
    gated = bool(spec.get("gated_ffn"))
    config = {
        "model_type": kind,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_decoder_layers": spec.get("n_decoder_layers") or layers,
        "num_attention_heads": spec["n_heads"],
        "num_key_value_heads": spec.get("n_kv_heads") or spec["n_heads"],
        "head_dim": spec.get("head_dim") or hidden // spec["n_heads"],
        "intermediate_size": spec.get("d_ff") or 4 * hidden,
        "vocab_size": spec["vocab_size"],
        "max_position_embeddings": spec.get("max_seq_len") or 512,
        "tie_word_embeddings": bool(spec.get("tied_embeddings", kind not in ("llama", "mixtral"))),
        "num_local_experts": spec.get("n_experts"),
        "num_experts_per_tok": spec.get("experts_per_token") or 2,
        "decoder_ffn_dim": spec.get("d_ff") or 4 * hidden,
        "decoder_attention_heads": spec["n_heads"],
        "feed_forward_proj": "gated-gelu" if gated else "relu",
    }
    return {key: value for key, value in config.items() if value is not None}
