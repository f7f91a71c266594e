"""Gaps between the analytic and the simulated memory over a grid of families and settings.

    python benchmarks/grid.py [--family WORD]... [--method WORD]... [--worst N] [--whole]

Each family is a model of the catalogue with its own widths and vocabulary, cut to a few layers:
the gap of one layer and that of the ends show beside each other. A point takes about a second.
Neither side is a measurement; ``simulate.py`` has the error of the simulator against a T4.
Needs the extra ``torch``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from transxlab.facts.catalogued.models import find_model
from transxlab.facts.estimated.anatomy import Anatomy
from transxlab.facts.estimated.config import anatomy, with_classes
from transxlab.facts.estimated.parameters import Adapters
from transxlab.facts.estimated.peak import Peak, peak
from transxlab.facts.estimated.setup import Setup, settled
from transxlab.facts.measured.simulated import Simulated, simulate
from transxlab.facts.measured.torched import CannotSimulate

MIB = 2**20
LAYERS = 6
TOKENS, ROWS = 512, 8
FAMILIES = """
llama-3.2-1b llama-2-7b qwen2.5-1.5b qwen3-1.7b gemma-2b gemma-2-2b gemma-3-1b phi-3-mini
phi-2 mistral-7b-v0.1 stablelm-2-1.6b olmo-2-1b starcoder2-3b mpt-7b gpt2-xl pythia-1b
gpt-neo-1.3b gpt-j-6b bloom-1b1 opt-1.3b falcon-7b mixtral-8x7b qwen3-30b-a3b olmoe-1b-7b
bert-base roberta-base deberta-v3-base distilbert-base albert-base-v2 electra-base
modernbert-base t5-base flan-t5-base bart-base mbart-large
"""
"""Models of the catalogue, one or two per family."""
METHODS: dict[str, dict[str, Any]] = {
    "bf16": {"method": "full", "weights": "bf16", "compute": "bf16"},
    "amp": {"method": "full", "weights": "fp32", "compute": "bf16"},
    "lora": {"method": "lora", "weights": "bf16", "compute": "bf16"},
    "qlora": {"method": "qlora", "weights": "nf4", "compute": "bf16"},
}
"""What trains and in which types: 16-bit weights, fp32 ones under autocast, adapters."""


@dataclass(frozen=True)
class Point:
    """One point of the grid with both estimates."""

    family: str
    """Name of the model."""
    method: str
    """A key of METHODS."""
    checkpointing: str
    """``none`` or ``full``."""
    attention: str
    """``flash`` or ``eager``."""
    body: bool
    """Whether the vocabulary was cut down, so that the layers make the peak."""
    analytic: Peak
    """The analytic peak."""
    simulated: Simulated
    """The simulated one."""

    @property
    def gap(self) -> float:
        """Analytic against simulated allocated memory, as a share, library workspaces aside."""
        return self.analytic.allocated / self.simulated.allocated - 1

    @property
    def moving(self) -> float:
        """The same of what comes and goes: weights, adapters and states aside."""
        mine = self.analytic.allocated - sum(
            self.analytic.components.get(n, 0) for n in ("weights", "adapters", "optimizer states")
        )
        return mine / max(1, self.simulated.allocated - self.simulated.static) - 1


def cut(config: dict[str, Any], *, body: bool) -> dict[str, Any]:
    """A config with few layers and, for ``body``, a small vocabulary."""
    own = {**config, "num_hidden_layers": LAYERS}
    for key in ("num_decoder_layers", "max_window_layers"):
        if own.get(key):
            own[key] = LAYERS
    if own.get("num_local_experts"):
        own["num_local_experts"] = min(8, own["num_local_experts"])
    if body:
        own["vocab_size"] = 1024
    own.pop("layer_types", None)
    return own


def setup(method: str, checkpointing: str, attention: str, *, plain: bool) -> Setup:
    """The settings of a point, all stated."""
    adapters = Adapters(16, ("all-linear",)) if "lora" in method else None
    return Setup(
        **METHODS[method],
        tokens=TOKENS,
        micro_batch=ROWS,
        accumulation=1,
        optimizer="sgd",  # no states: what forward and backward make is what shows
        checkpointing=checkpointing,  # type: ignore[arg-type]
        attention=attention,  # type: ignore[arg-type]
        adapters=adapters,
        lengths="fixed",
        trainer="loop" if plain else "hf",
    )


def point(
    name: str, method: str, checkpointing: str, attention: str, *, body: bool, plain: bool
) -> Point:
    """Both estimates of one point; CannotSimulate says why one is missing."""
    card = find_model(name)
    if card is None:
        raise CannotSimulate(f"{name} is not in the catalogue")
    config = cut(card.config(), body=body)
    model = anatomy(config)
    if not isinstance(model, Anatomy):
        raise CannotSimulate(model.reason)
    stage = None if model.head else "classification"
    model = model if model.head else with_classes(model, 2)
    run = setup(method, checkpointing, "eager" if model.eager_only else attention, plain=plain)
    found = peak(model, settled(run)[0])
    if not isinstance(found, Peak):
        raise CannotSimulate(found.reason)
    other = simulate(config, run, stage=stage, plain=plain)
    return Point(name, method, checkpointing, attention, body, found, other)


def points(args: argparse.Namespace) -> Iterator[Point]:
    """The points that the command line asks for; what has no simulation is said."""
    names = [n for n in FAMILIES.split() if not args.family or any(w in n for w in args.family)]
    methods = [m for m in METHODS if not args.method or m in args.method]
    kernels = ("flash", "eager") if args.whole or args.eager else ("flash",)
    for name, body, method, checkpointing, attention in product(
        names, (False, True), methods, ("none", "full"), kernels
    ):
        try:
            yield point(name, method, checkpointing, attention, body=body, plain=args.plain)
        except CannotSimulate as problem:
            print(f"{name} {method} {checkpointing} {attention}: {problem}", file=sys.stderr)


def line(one: Point) -> str:
    """A point for people."""
    kind = "layers" if one.body else "logits"
    words = f"{one.family:17} {kind} {one.method:5} {one.checkpointing:4} {one.attention:5}"
    mine, other = one.analytic.allocated / MIB, one.simulated.allocated / MIB
    moments = f"{one.analytic.moment} | {one.simulated.moment}"
    return f"{words} {mine:8.0f} {other:8.0f} MiB {one.gap:+6.1%} {one.moving:+6.1%}  {moments}"


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--family", action="append", help="only models whose name holds this")
    parser.add_argument("--method", action="append", choices=tuple(METHODS))
    parser.add_argument("--eager", action="store_true", help="eager attention too")
    parser.add_argument("--whole", action="store_true", help="the whole grid")
    parser.add_argument("--plain", action="store_true", help="a loop of one's own, no autocast")
    parser.add_argument("--parts", action="store_true", help="what both peaks consist of")
    return parser.parse_args()


def main() -> int:
    """Print the gap of each point, and by family."""
    args = arguments()
    gaps: dict[str, list[float]] = {}
    for one in points(args):
        print(line(one), flush=True)
        if args.parts:
            mine = {k: round(v / MIB) for k, v in one.analytic.components.items()}
            other = {k: round(v / MIB) for k, v in one.simulated.components.items()}
            print(f"    analytic  {mine}\n    simulated {other}")
        gaps.setdefault(one.family, []).append(one.gap)
    for name, found in gaps.items():
        worst = max(found, key=abs)
        mean = statistics.fmean(map(abs, found))
        print(f"{name}: {len(found)} points, mean gap {mean:.1%}, worst {worst:+.1%}")
    every = [abs(gap) for found in gaps.values() for gap in found]
    if every:
        beyond = sum(gap > 0.05 for gap in every) / len(every)
        print(
            f"all: {len(every)} points, mean {statistics.fmean(every):.1%}, beyond 5%: {beyond:.0%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
