"""Calculators over the GPUs of the machine: the worst one decides."""

from __future__ import annotations

from collections.abc import Mapping

from transxlab.facts.calculator import NotKnown, Scope
from transxlab.facts.situation import Fact
from transxlab.facts.values import Unknown, Value

READS = (
    "gpu.role",
    "gpu.name",
    "gpu.memory_gib",
    "gpu.capability",
    "gpu.supports_bf16",
    "limits.train_vram_gib",
    "config.nodes",
)
WRITES = (
    "machine.train_gpus",
    "machine.train_gpu",
    "machine.train_vram_gib",
    "machine.train_capability",
    "machine.train_supports_bf16",
    "machine.gpus_are_equal",
)
SERVE_READS = ("gpu.role", "gpu.name", "gpu.memory_gib", "limits.serve_vram_gib")


def numbers(scope: Scope, facts: list[Fact], slot: str) -> list[float]:
    """The numbers in one slot of several facts; NotKnown if one of them is unknown or not set."""
    found = []
    for fact in facts:
        value = scope.of(fact, slot)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise NotKnown(fact.label(slot))
        found.append(float(value))
    return found


def limited(scope: Scope, path: str, memory: float) -> float:
    """The memory of the card, or the owner's limit where that is lower."""
    limit = scope.get(path)
    if isinstance(limit, (int, float)) and not isinstance(limit, bool):
        return min(float(limit), memory)
    return memory


def train_gpus(scope: Scope) -> Mapping[str, Value | Unknown]:
    """How many training GPUs there are, and the worst of each figure."""
    facts = scope.each("gpu", "train")
    if not facts:
        raise NotKnown("gpu")
    answer: dict[str, Value | Unknown] = {"machine.train_gpus": len(facts)}
    _names(scope, facts, answer)
    try:
        sizes = numbers(scope, facts, "memory_gib")
        answer["machine.train_vram_gib"] = limited(scope, "limits.train_vram_gib", min(sizes))
    except NotKnown as missing:
        answer["machine.train_vram_gib"] = Unknown(missing.needs)
    try:
        answer["machine.train_capability"] = min(numbers(scope, facts, "capability"))
    except NotKnown as missing:
        answer["machine.train_capability"] = Unknown(missing.needs)
    try:
        answer["machine.train_supports_bf16"] = all(
            bool(scope.of(fact, "supports_bf16")) for fact in facts
        )
    except NotKnown as missing:
        answer["machine.train_supports_bf16"] = Unknown(missing.needs)
    return answer


def _names(scope: Scope, facts: list[Fact], answer: dict[str, Value | Unknown]) -> None:
    """The name of the smallest GPU, and whether all are of one kind."""
    try:
        named = [str(scope.of(fact, "name")) for fact in facts]
    except NotKnown as missing:
        answer["machine.train_gpu"] = Unknown(missing.needs)
        return
    answer["machine.gpus_are_equal"] = len(set(named)) == 1
    if len(set(named)) == 1:
        answer["machine.train_gpu"] = named[0]
        return
    sizes = numbers(scope, facts, "memory_gib")
    answer["machine.train_gpu"] = min(zip(sizes, named, strict=True))[1]


def serve_gpus(scope: Scope) -> Mapping[str, Value | Unknown]:
    """The smallest serving GPU."""
    facts = scope.each("gpu", "serve")
    if not facts:
        raise NotKnown("gpu")
    sizes = numbers(scope, facts, "memory_gib")
    smallest = min(range(len(facts)), key=lambda i: sizes[i])
    answer: dict[str, Value | Unknown] = {
        "machine.serve_vram_gib": limited(scope, "limits.serve_vram_gib", sizes[smallest])
    }
    try:
        answer["machine.serve_gpu"] = scope.of(facts[smallest], "name")
    except NotKnown as missing:
        answer["machine.serve_gpu"] = Unknown(missing.needs)
    return answer
