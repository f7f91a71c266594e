"""Optimizers whose step takes the memory it takes on a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transxlab.facts.estimated.setup import Optimizer
from transxlab.facts.measured.torched import CannotSimulate, package

SMALLEST = 4096
"""Parameters below which bitsandbytes keeps its state in fp32 (``min_8bit_size``)."""
BLOCK = 256
"""Numbers per fp32 scale of an 8-bit state (Dettmers 2022)."""
TABLES = 2 * 256
"""Numbers in the two quantisation tables of an 8-bit AdamW."""


def optimizer(kind: Optimizer, trained: Iterable[Any]) -> Any:
    """The optimizer a row of ``optimizers.csv`` stands for; CannotSimulate for one not modelled."""
    optim = package("torch").optim
    weights = list(trained)
    if kind.name in ("adamw", "adamw_hf"):
        return optim.AdamW(weights, lr=1e-4, foreach=kind.name == "adamw")
    if kind.name == "adamw_fused":
        return optim.AdamW(weights, lr=1e-4, fused=True)
    if kind.name in ("sgd", "sgd_momentum"):
        return optim.SGD(weights, lr=1e-4, momentum=0.9 * (kind.name != "sgd"), foreach=True)
    if kind.name == "rmsprop":
        return optim.RMSprop(weights, lr=1e-4, foreach=True)
    if kind.name == "adagrad":
        return optim.Adagrad(weights, lr=1e-4, foreach=True)
    if kind.name == "adafactor":
        return package("transformers").optimization.Adafactor(
            weights, lr=1e-4, scale_parameter=False, relative_step=False
        )
    if kind.name.startswith("paged_"):
        return Quiet(weights, states=0)
    if kind.name in ("adamw_8bit", "lion_8bit"):
        return Quiet(weights, states=2 if kind.name == "adamw_8bit" else 1)
    raise CannotSimulate(f"the optimizer {kind.name} is not simulated")


class Quiet:
    """A bitsandbytes optimizer: 8-bit states, updated in place by one kernel.

    Paged ones hold their states in unified memory, which torch's allocator does not see.
    """

    def __init__(self, weights: list[Any], states: int) -> None:
        self.weights = weights
        """What is trained."""
        self.states = states
        """States per weight; 0 for a paged optimizer."""
        self.state: dict[Any, dict[str, Any]] = {}
        """The tensors of each weight's states."""

    def step(self) -> None:
        """Make the states of every weight that has a gradient and none yet."""
        torch = package("torch")
        for weight in self.weights:
            if self.states and weight.grad is not None and weight not in self.state:
                small = weight.numel() < SMALLEST
                own = {}
                for number in range(self.states):
                    kind = torch.float32 if small else torch.uint8
                    own[f"state{number}"] = torch.empty(weight.shape, dtype=kind)
                    if not small:
                        scales = -(-weight.numel() // BLOCK)
                        own[f"absmax{number}"] = torch.empty(scales, dtype=torch.float32)
                self.state[weight] = own

    def zero_grad(self) -> None:
        """Let go of all gradients."""
        for weight in self.weights:
            weight.grad = None
