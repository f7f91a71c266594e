"""Quantised linear layers as bitsandbytes runs them: bytes at rest, 16 bits while they multiply."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from transxlab.facts.measured.torched import package

BLOCK = 64
"""Weights per quantisation constant of nf4 and fp4 (Dettmers 2023)."""
NESTED = 256
"""Constants per constant of double quantisation (Dettmers 2023)."""


def multiply(ctx: Any, x: Any, weight: Any, shape: tuple[int, int], kept: Any) -> Any:
    """``x W^T`` by a weight that is widened for it and let go again."""
    ctx.save_for_backward(weight, kept)
    ctx.shape = shape
    wide = x.new_empty(shape)
    return x @ wide.t()


def multiply_backward(ctx: Any, gradient: Any) -> Any:
    """The gradient of the input, by a second widened copy."""
    wide = gradient.new_empty(ctx.shape)
    return gradient @ wide, None, None, None


@lru_cache(maxsize=1)
def product() -> Any:
    """The product with a quantised weight as a differentiable function."""
    base = package("torch").autograd.Function
    parts = {"forward": staticmethod(multiply), "backward": staticmethod(multiply_backward)}
    return type("QuantizedProduct", (base,), parts)


def stored(weights: str, outputs: int, inputs: int, *, double: bool) -> list[tuple[int, str]]:
    """Numbers and types that a quantised matrix consists of, beside its bias.

    nf4 and fp4: half a byte each, one fp32 constant per 64 weights; double quantisation makes those
    one byte each, with one fp32 constant per 256 (Dettmers 2023). int8: one byte each and one fp32
    scale per row (Dettmers 2022).
    """
    size = outputs * inputs
    if weights == "int8":
        return [(size, "int8"), (outputs, "float32")]
    blocks = -(-size // BLOCK)
    parts = [(-(-size // 2), "uint8"), (16, "float32")]
    if not double:
        return [*parts, (blocks, "float32")]
    return [*parts, (blocks, "uint8"), (-(-blocks // NESTED), "float32"), (256, "float32")]


def forward(self: Any, x: Any) -> Any:
    """bitsandbytes' ``Linear4bit``: computes in its type, answers in that of its input."""
    inside = x.to(self.compute)
    made = product().apply(inside, self.weight, (self.out_features, self.in_features), None)
    if self.bias is not None:
        made = made + self.bias.to(self.compute)
    return made.to(x.dtype)


def widths(layer: Any) -> tuple[int, int]:
    """Output and input width of a linear layer; GPT-2's ``Conv1D`` is quantised too."""
    if hasattr(layer, "nx"):
        return layer.nf, layer.nx
    return layer.out_features, layer.in_features


def quantize(model: Any, weights: str, compute: Any, *, double: bool, head: bool) -> list[Any]:
    """Replace every linear layer but the head by a quantised one; returns the new layers.

    ``head`` quantises the head too. The layers lie on the meta device, as the model does.
    """
    torch = package("torch")
    linear = torch.nn.Linear
    quantised = type("Linear4bit", (linear,), {"forward": forward})
    output = model.get_output_embeddings()
    made = []
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if not (type(child) is linear or hasattr(child, "nx")) or (
                child is output and not head
            ):
                continue
            given, into = widths(child)
            new = quantised(into, given, bias=False, device="meta")
            sizes = stored(weights, given, into, double=double)
            tensors = [torch.empty(n, dtype=getattr(torch, t), device="meta") for n, t in sizes]
            new.weight = torch.nn.Parameter(tensors[0], requires_grad=False)
            for number, constant in enumerate(tensors[1:]):
                new.register_buffer(f"constants_{number}", constant, persistent=False)
            new.bias, new.compute = child.bias, compute
            setattr(module, name, new)
            made.append(new)
    return made


def adapted(self: Any, x: Any, *_: Any, **__: Any) -> Any:
    """PEFT's LoRA on a ``Linear4bit``: a defensive copy, and no cast under autocast."""
    torch = package("torch")
    result = self.base_layer(x).clone()
    casts = torch.is_autocast_enabled("cpu")
    for name in self.active_adapters:
        down, up = self.lora_A[name], self.lora_B[name]
        inside = x if casts else x.to(down.weight.dtype)
        if name in self.lora_variant:
            result = self.lora_variant[name].forward(
                self, active_adapter=name, x=inside, result=result
            )
            continue
        added = up(down(self.lora_dropout[name](inside))) * self.scaling[name]
        result = result + (added if casts else added.to(result.dtype))
    return result
