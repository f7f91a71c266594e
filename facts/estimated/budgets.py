"""Calculators of time, cost, disk, serving, and of what would fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from transxlab.facts.calculator import NotKnown, Scope
from transxlab.facts.catalogued.gpus import Gpu
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.memory import GIB
from transxlab.facts.estimated.reading import (
    ask,
    gpu_named,
    model_named,
    model_of,
    whole,
)
from transxlab.facts.estimated.running import candidate_of, setup_of
from transxlab.facts.estimated.setup import Setup
from transxlab.facts.values import Interval, Unknown, Value

if TYPE_CHECKING:
    from transxlab.facts.estimated.time import Speed

Answer = Mapping[str, "Value | Unknown"]
SERVING = (
    "machine.serve_gpu",
    "config.max_seq_length",
    "config.max_prompt_length",
    "config.max_completion_length",
    "evaluation.generation_max_length",
    "config.stage",
)
ANSWER_TOKENS = 256
"""Length of an answer where nothing says it; the basis of the estimate says so."""


def card(scope: Scope, path: str) -> Gpu:
    """The catalogue's card of a GPU; NotKnown where it is unknown or not in the catalogue."""
    found = gpu_named(scope, path)
    if found is None:
        raise NotKnown(path)
    return found


def pace(scope: Scope, model: Anatomy, setup: Setup) -> Speed:
    """The speed of a setup on the run's GPU."""
    from transxlab.facts.estimated.time import Speed, speed

    answer = ask(speed(model, setup, card(scope, "machine.train_gpu")))
    if not isinstance(answer, Speed):
        raise NotKnown("machine.train_gpu")
    return answer


def measured(scope: Scope, path: str) -> Interval | None:
    """A factor that one's own logs gave; None without."""
    found = scope.get(path)
    return found if isinstance(found, Interval) else None


def memory_factor(scope: Scope) -> float:
    """What one's own logs say of the memory estimate; 1 without."""
    found = measured(scope, "machine.memory_factor")
    return found.expected if found else 1.0


def corrected(found: Speed, by: Interval | None) -> Speed:
    """The speed after one's own logs: their factor and scatter instead of the class's error."""
    if by is None:
        return found
    rate, step = found.tokens_per_second.expected, found.step_seconds.expected
    said = (*found.basis, f"corrected by {by.expected:.2f}, measured here")
    slow = Interval(step / by.high, step / by.expected, step / by.low)
    return replace(found, tokens_per_second=by.scaled(rate), step_seconds=slow, basis=said)


def hours_of(scope: Scope, found: Speed) -> Interval | None:
    """Hours of the run; None where the number of steps is not known."""
    steps = scope.get("run.total_steps")
    if not isinstance(steps, (int, float)):
        return None
    return found.step_seconds.scaled(steps / 3600)


def dollars(scope: Scope, hours: Interval, setup: Setup) -> Interval | None:
    """US dollars: the owner's rent, 0 on an own machine, or dated prices; None without any."""
    from transxlab.facts.estimated import cost

    if scope.get("machine.is_local") is True:
        return Interval(0.0, 0.0, 0.0)
    rent = scope.get("machine.usd_per_hour")
    if isinstance(rent, (int, float)) and not isinstance(rent, bool):
        return hours.scaled(float(rent)) if rent else Interval(0.0, 0.0, 0.0)
    offers = cost.offers(card(scope, "machine.train_gpu").name)
    return cost.cost(hours, setup.gpus, offers) if offers else None


def run_time(scope: Scope) -> Answer:
    """Speed, hours and dollars of the run."""
    model = model_of(scope)
    return _answers(scope, model, setup_of(scope, model), "estimate")


def candidate_time(scope: Scope) -> Answer:
    """Speed, hours and dollars of a candidate."""
    model, setup = candidate_of(scope)
    found = pace(scope, model, setup)
    answer: dict[str, Value | Unknown] = {"candidate.tokens_per_second": found.tokens_per_second}
    tokens = scope.get("run.tokens")
    if isinstance(tokens, (int, float)) and not isinstance(tokens, bool):
        fast = found.tokens_per_second
        hours = Interval(
            tokens / fast.high / 3600, tokens / fast.expected / 3600, tokens / fast.low / 3600
        )
        answer["candidate.hours"] = hours
        usd = dollars(scope, hours, setup)
        if usd is not None:
            answer["candidate.usd"] = usd
    return answer


def _answers(scope: Scope, model: Anatomy, setup: Setup, owner: str) -> Answer:
    found = corrected(pace(scope, model, setup), measured(scope, "machine.speed_factor"))
    answer: dict[str, Value | Unknown] = {
        f"{owner}.tokens_per_second": found.tokens_per_second,
        f"{owner}.step_seconds": found.step_seconds,
    }
    hours = hours_of(scope, found)
    if hours is not None:
        answer[f"{owner}.hours"] = hours
        usd = dollars(scope, hours, setup)
        if usd is not None:
            answer[f"{owner}.usd"] = usd
    return answer


def prompt_and_answer(scope: Scope) -> tuple[int, int]:
    """Tokens in and out of one request, from what the run was trained on."""
    answer = whole(scope, "evaluation.generation_max_length")
    answer = answer or whole(scope, "config.max_completion_length") or ANSWER_TOKENS
    prompt = whole(scope, "config.max_prompt_length")
    length = whole(scope, "config.max_seq_length")
    if prompt is None and length is None:
        raise NotKnown("config.max_seq_length")
    return prompt or max(1, (length or 0) - answer), answer


def _serving(scope: Scope, model: Anatomy, owner: str) -> Answer:
    from transxlab.facts.estimated import serving

    gpu = card(scope, "machine.serve_gpu")
    prompt, answer = prompt_and_answer(scope)
    found = serving.serve(model, gpu, prompt, answer)
    told: dict[str, Value | Unknown] = {
        f"{owner}.serve_gib": found.memory.scaled(1 / GIB),
        f"{owner}.latency_seconds": found.latency_seconds,
    }
    if owner == "estimate":
        told["estimate.first_token_seconds"] = found.prefill_seconds
        told["estimate.answer_tokens_per_second"] = found.tokens_per_second
    return told


def run_serving(scope: Scope) -> Answer:
    """Memory and latency of the run's model on the serving GPU."""
    return _serving(scope, model_of(scope), "estimate")


def candidate_serving(scope: Scope) -> Answer:
    """Memory and latency of a candidate's model on the serving GPU."""
    name = scope.value("candidate.model")
    model = model_named(name if isinstance(name, str) else None)
    if model is None:
        raise NotKnown("candidate.model")
    return _serving(scope, model, "candidate")


def checkpoint_size(scope: Scope) -> Answer:
    """Disk of one checkpoint and of all kept ones."""
    from transxlab.facts.estimated import cost

    model = model_of(scope)
    only = scope.get("config.save_only_model") is True
    size = cost.checkpoint_bytes(model, setup_of(scope, model), only_model=only)
    if size is None:
        raise NotKnown("estimate.trainable_params")
    one = Interval(size, size * 1.01, size * 1.1).scaled(1 / GIB)
    answer: dict[str, Value | Unknown] = {"estimate.checkpoint_gib": one}
    kept = scope.get("run.checkpoints_kept")
    if isinstance(kept, (int, float)) and not isinstance(kept, bool) and kept > 0:
        answer["estimate.disk_gib"] = one.scaled(float(kept))
    return answer


def within_context(scope: Scope, tokens: int) -> int:
    """A length that memory allows, no longer than the model's context."""
    context = whole(scope, "model.context_tokens")
    return min(tokens, context) if context else tokens


def largest_fit(scope: Scope) -> Answer:
    """What surely fits the training GPU, and the cheapest change where the run does not."""
    from transxlab.facts.estimated import largest

    model = model_of(scope)
    setup, gpu = setup_of(scope, model), gpu_named(scope, "machine.train_gpu")
    budget = scope.number("machine.train_vram_gib") * GIB / memory_factor(scope)
    capability = scope.get("machine.train_capability")
    estimate = largest.estimator(
        model,
        gpu.architecture if gpu else None,
        float(capability) if isinstance(capability, (int, float)) else None,
    )
    now = ask(estimate(setup))
    answer: dict[str, Value | Unknown] = {
        "estimate.max_micro_batch": largest.largest_micro_batch(estimate, setup, budget),
        "estimate.max_seq_length": within_context(
            scope, largest.largest_length(estimate, setup, budget)
        ),
    }
    if setup.adapters is not None:
        answer["estimate.max_rank"] = largest.largest_rank(estimate, setup, budget)
    if largest.fits(now, budget):
        answer["estimate.cheapest_fit"] = None
    else:
        change = largest.cheapest(estimate, replace(setup), budget)
        answer["estimate.cheapest_fit"] = change.words if change else None
    return answer
