"""The machine-readable documents of a design."""

from __future__ import annotations

from typing import Any

from transxlab.cli.render.contract import plain
from transxlab.engine.case import Case

SECTIONS = ("task", "limits", "model", "architecture", "tokenizer", "config", "adapter")
PREFIXES = (("estimates", "estimate"), ("data", "strategy"), ("evaluation", "evaluation"))

TRAINING_KEYS: tuple[tuple[str, str], ...] = (
    ("lr", "config.learning_rate"),
    ("warmup_steps", "config.warmup_steps"),
    ("batch_size", "run.effective_batch"),
    ("epochs", "config.num_train_epochs"),
    ("precision", "config.precision"),
    ("label_smoothing", "config.label_smoothing"),
    ("weight_decay", "config.weight_decay"),
)
"""Keys of ``architecture_spec.yaml``'s training section and the slots that fill them."""


def design_spec(case: Case) -> dict[str, Any]:
    """``design_spec.yaml``: what was asked, what was decided and by which rule."""
    spec: dict[str, Any] = {}
    for template in SECTIONS:
        _put(spec, template, _slots(case, template))
    for name, template in PREFIXES:
        _put(spec, name, _slots(case, template))
    spec["decisions"] = [
        {
            "slot": made.label,
            "value": plain(made.value),
            "range": plain(made.range),
            "strength": made.strength,
            "rule": made.rule.id,
        }
        for made in case.decisions
    ]
    spec["rulebook"] = case.digest
    return spec


def architecture_spec(case: Case) -> dict[str, Any] | None:
    """``architecture_spec.yaml``: a scratch design; None for any other."""
    init = case.facts.known("model.init")
    dimensions = _slots(case, "architecture")
    if init is None or init.value != "scratch" or not dimensions:
        return None
    params = dimensions.pop("params", None)
    spec = dict(dimensions)
    training = {key: _value(case, path) for key, path in TRAINING_KEYS}
    spec["training"] = {key: held for key, held in training.items() if held is not None}
    estimates = {
        "parameters": params,
        "vram_training_gib": _value(case, "estimate.peak_gib"),
        "vram_inference_gib": _value(case, "estimate.serve_gib"),
        "hours": _value(case, "estimate.hours"),
    }
    spec["estimates"] = {key: held for key, held in estimates.items() if held is not None}
    return spec


def as_yaml(spec: dict[str, Any]) -> str:
    """A specification as YAML, keys in the order given."""
    import yaml

    return yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=100)


def _slots(case: Case, template: str) -> dict[str, Any]:
    fact = case.facts.one(template)
    order = case.facts.vocabulary[template].slots
    return {
        slot: plain(fact.slots[slot].value)
        for slot in order
        if slot in fact.slots and fact.slots[slot].value is not None
    }


def _put(spec: dict[str, Any], name: str, section: dict[str, Any]) -> None:
    if section:
        spec[name] = section


def _value(case: Case, path: str) -> Any:
    known = case.facts.known(path)
    return None if known is None else plain(known.value)
