"""From a Hugging Face ``config.json`` to the anatomy of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from transxlab.facts.catalogued.table import rows
from transxlab.facts.estimated import decoder, encoder, experts, seq2seq, vision
from transxlab.facts.estimated.anatomy import Anatomy, Gap, linear
from transxlab.facts.estimated.dressing import dressed

HERE = "transxlab.facts.estimated"

BUILDERS: Mapping[str, Callable[[Mapping[str, Any]], Anatomy]] = {
    "opt": decoder.opt,
    "falcon": decoder.falcon,
    "mixtral": experts.mixture,
    "qwen2_moe": experts.mixture,
    "qwen3_moe": experts.mixture,
    "olmoe": experts.mixture,
    "flex_olmo": experts.mixture,
    "gpt_oss": experts.mixture,
    "deepseek_v2": experts.deepseek,
    "deepseek_v3": experts.deepseek,
    "bert": encoder.bert,
    "roberta": encoder.bert,
    "xlm-roberta": encoder.bert,
    "camembert": encoder.bert,
    "electra": encoder.bert,
    "distilbert": encoder.distilbert,
    "albert": encoder.albert,
    "deberta-v2": encoder.deberta,
    "modernbert": encoder.modernbert,
    "t5": seq2seq.t5,
    "mt5": seq2seq.t5,
    "umt5": seq2seq.t5,
    "bart": seq2seq.bart,
    "mbart": seq2seq.bart,
}
"""Families that need more than a row of ``traits.csv``."""


@lru_cache(maxsize=1)
def aliases() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each config key with the names that other families give it."""
    return tuple(
        (row["canonical"], tuple(row["other_names"].split())) for row in rows(HERE, "aliases.csv")
    )


@lru_cache(maxsize=1)
def defaults() -> dict[str, dict[str, Any]]:
    """What the config classes of transformers fill in for a key that is absent, by family."""
    import json

    found: dict[str, dict[str, Any]] = {}
    for row in rows(HERE, "defaults.csv"):
        found.setdefault(row["model_type"], {})[row["key"]] = json.loads(row["value"])
    return found


def model_types() -> tuple[str, ...]:
    """The families whose parameters are counted, sorted."""
    return tuple(sorted({*BUILDERS, *decoder.traits()}))


def canonical(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with one name per dimension, absent keys filled as transformers fills them."""
    own = dict(config)
    for name, others in aliases():
        said = [own[other] for other in others if own.get(other) is not None]
        if said and own.get(name) is None:
            own[name] = said[0]
    return {**defaults().get(str(own.get("model_type")), {}), **own}


def refused(config: Mapping[str, Any]) -> str | None:
    """The first switch of this config that changes the weights in a way the table does not know."""
    row = decoder.traits().get(str(config.get("model_type")))
    keys = row["refuse"].split() if row else []
    return next((key for key in keys if config.get(key)), None)


def anatomy(config: Mapping[str, Any]) -> Anatomy | Gap:
    """The weights and layers that a ``config.json`` describes; a Gap for what is not counted.

    Of vision-language models the families in ``vision.py`` are counted.
    """
    kind = config.get("model_type")
    if kind is None:
        return Gap(
            "the config has no model_type, so its weights cannot be counted", ("model.family",)
        )
    if kind in vision.FAMILIES:
        return _seeing(config)
    if kind not in BUILDERS and kind not in decoder.traits():
        why = (
            "describes several models in one"
            if "vision_config" in config
            else "is not one of the counted families"
        )
        return Gap(f"model_type {kind!r} {why}, so its weights are not counted", ("model.params",))
    filled = canonical(config)
    switch = refused(filled)
    if switch is not None:
        return Gap(f"{kind} with {switch} set is not a counted variant", ("model.params",))
    try:
        return dressed(BUILDERS.get(str(kind), decoder.decoder)(filled), filled)
    except KeyError as missing:
        key = str(missing.args[0])
        return Gap(f"the config of this {kind} lacks {key}", (f"config.json {key}",))
    except TypeError:
        return Gap(f"the config of this {kind} leaves a dimension empty", ("model.params",))


def _seeing(config: Mapping[str, Any]) -> Anatomy | Gap:
    """A vision-language model: its language part, with tower and projector."""
    text = anatomy(vision.language(config))
    if isinstance(text, Gap):
        return text
    try:
        return vision.joined(config, text)
    except (KeyError, TypeError) as missing:
        said = str(missing.args[0])
        return Gap(
            f"the vision_config of this {config['model_type']} lacks {said}", ("model.params",)
        )


class _Consulted(dict[str, Any]):
    """A config that remembers which of its keys were asked for."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def consulted(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a counted config's weights follow from, with what they are taken to be."""
    kind = str(config["model_type"])
    if kind in vision.FAMILIES:
        return dict(config)
    filled = _Consulted(canonical(config))
    dressed(BUILDERS.get(kind, decoder.decoder)(filled), filled)
    held = {key: dict.get(filled, key) for key in sorted(filled.asked)}
    return {key: value for key, value in held.items() if value is not None}


def with_classes(model: Anatomy, labels: int) -> Anatomy:
    """The model with its vocabulary head replaced by a matrix of ``labels`` classes.

    Decoders: ``score`` without bias. Encoders: what each family puts before its classifier.
    """
    from dataclasses import replace

    hidden = model.hidden
    kept = tuple(p for p in model.parts if p.path != "lm_head")
    if model.stacks[-1].side == "decoder" and len(model.stacks) == 1:
        return replace(model, parts=(*kept, linear("score", hidden, labels)), head=False)
    between = {
        "roberta": ("classifier.dense",),
        "xlm-roberta": ("classifier.dense",),
        "camembert": ("classifier.dense",),
        "electra": ("classifier.dense",),
        "distilbert": ("pre_classifier",),
        "deberta-v2": ("pooler.dense",),
        "bart": ("classification_head.dense",),
        "mbart": ("classification_head.dense",),
        "t5": ("classification_head.dense",),
        "mt5": ("classification_head.dense",),
    }.get(model.model_type, ())
    poolerless = ("roberta", "xlm-roberta", "camembert")
    kept = tuple(p for p in kept if p.path != "pooler.dense" or model.model_type not in poolerless)
    extra = tuple(linear(path, hidden, hidden, bias=True) for path in between)
    last = linear("classifier", hidden, labels, bias=True)
    return replace(model, parts=(*kept, *extra, last), head=False)
