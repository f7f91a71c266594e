"""The closed lists of words that several templates and rooms share."""

from __future__ import annotations

STAGES = (
    "pretrain",
    "cpt",
    "sft",
    "dpo",
    "ipo",
    "orpo",
    "simpo",
    "kto",
    "rm",
    "prm",
    "ppo",
    "grpo",
    "rloo",
    "online_dpo",
    "distill",
    "embedding",
    "classification",
    "token_classification",
    "mlm",
)
METHODS = (
    "full",
    "freeze",
    "lora",
    "qlora",
    "dora",
    "qdora",
    "oft",
    "adalora",
    "ia3",
    "vera",
    "prompt",
    "prefix",
    "llama_adapter",
    "bitfit",
    "galore",
    "badam",
)
ADAPTER_METHODS = (
    "lora",
    "qlora",
    "dora",
    "qdora",
    "oft",
    "adalora",
    "ia3",
    "vera",
    "prompt",
    "prefix",
    "llama_adapter",
)
PRECISIONS = ("bf16", "fp16", "fp32", "fp8", "pure_bf16", "pure_fp16")
QUANTIZATIONS = ("none", "nf4", "fp4", "int8", "int4", "gptq", "awq", "hqq", "fp8", "mxfp4")
