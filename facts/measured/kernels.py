"""What CUDA does and a CPU does not, where it decides the memory of a training step.

The simulated tensors lie on the CPU, since torch without CUDA cannot differentiate tensors of a
CUDA device. Four things differ there and are put right: attention keeps no score matrix, softmax
makes a product in backward but no copy of a 16-bit input, dropout keeps one byte per number, and
autocast computes more in fp32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from transxlab.facts.measured.torched import package

Handler = Callable[..., Any]


def attend(ctx: Any, query: Any, key: Any, value: Any, bias: Any) -> Any:
    """Fused attention: its output, laid out as FlashAttention lays it out, and one sum per row."""
    torch = package("torch")
    batch, heads, length, _ = query.shape
    out = query.new_empty((batch, length, heads, value.shape[-1])).transpose(1, 2)
    sums = query.new_empty((batch, heads, length), dtype=torch.float32)
    ctx.save_for_backward(query, key, value, out, sums, bias)
    return out


def attend_backward(ctx: Any, gradient: Any) -> Any:
    """Gradients of fused attention; FlashAttention 2 sums that of the queries in fp32.

    With grouped queries it makes gradients of keys and values for every query head, then sums
    them (Dao 2023; torch's flash_api.cpp).
    """
    torch = package("torch")
    query, key, value, out, sums, _ = ctx.saved_tensors
    kept = [torch.empty_like(x) for x in (query, key, value)]
    passing = [torch.empty_like(sums)]
    if query.element_size() == 2:
        passing.append(query.new_empty(query.shape, dtype=torch.float32))
        if key.shape[1] != query.shape[1]:
            passing += [torch.empty_like(query), torch.empty_like(out)]
    del passing, gradient
    return (*kept, None)


def shares(ctx: Any, scores: Any, kind: Any, log: bool) -> Any:
    """Softmax, or its logarithm, in a wider type than its input: CUDA makes no copy in between."""
    out = scores.new_empty(scores.shape, dtype=kind)
    ctx.save_for_backward(out)
    ctx.narrow, ctx.log = scores.dtype, log
    return out


def shares_backward(ctx: Any, _: Any) -> Any:
    """The gradient in the type of the scores; softmax makes the product of both first.

    (torch's ``softmax_backward_cuda_out``: ``tmp = grad * output``.)
    """
    (out,) = ctx.saved_tensors
    product = None if ctx.log else out.new_empty(out.shape)
    made = out.new_empty(out.shape, dtype=ctx.narrow)
    del product
    return made, None, None


def drops(ctx: Any, given: Any) -> Any:
    """Dropout's output; its mask is one byte per number (torch's ``native_dropout_cuda``)."""
    ctx.save_for_backward(given.new_empty(given.shape, dtype=package("torch").bool))
    return given.new_empty(given.shape)


def drops_backward(_: Any, gradient: Any) -> Any:
    """The gradient where nothing was dropped."""
    return gradient.new_empty(gradient.shape)


@lru_cache(maxsize=1)
def fused() -> tuple[Any, Any, Any]:
    """The three kernels as differentiable functions: attention, softmax and dropout."""
    base = package("torch").autograd.Function
    made = [
        type(name, (base,), {"forward": staticmethod(f), "backward": staticmethod(b)})
        for name, f, b in (
            ("Attention", attend, attend_backward),
            ("Softmax", shares, shares_backward),
            ("Dropout", drops, drops_backward),
        )
    ]
    return made[0], made[1], made[2]


def dropout(given: Any, p: float = 0.5, training: bool = True, **_: Any) -> Any:
    """Dropout as CUDA runs it; nothing where nothing is dropped."""
    return fused()[2].apply(given) if training and p > 0 else given


class Device:
    """A CUDA device as autocast and attention see it."""

    def __init__(self, autocast: Any) -> None:
        self.autocast = autocast
        """Type that autocast computes matrix products in; None outside of it."""

    def casts(self) -> bool:
        """Whether autocast is on at this place of the model."""
        enabled = package("torch").is_autocast_enabled("cpu")
        return self.autocast is not None and bool(enabled)

    def attention(self, query: Any, key: Any, value: Any, attn_mask: Any = None, **_: Any) -> Any:
        """``scaled_dot_product_attention`` by a fused kernel; a mask becomes a 16-bit bias."""
        torch = package("torch")
        if self.casts():
            query, key, value = (x.to(self.autocast) for x in (query, key, value))
        bias = attn_mask
        if bias is not None and bias.dtype == torch.bool:
            bias = query.new_empty(bias.shape)
        return fused()[0].apply(query, key, value, bias)

    def softmax(self, scores: Any, *rest: Any, **more: Any) -> Any:
        """Softmax, in fp32 where that is asked for or autocast decides it."""
        torch = package("torch")
        wanted = more.get("dtype") or next((x for x in rest if isinstance(x, torch.dtype)), None)
        if wanted is None and self.casts():
            wanted = torch.float32
        return fused()[1].apply(scores, wanted or scores.dtype, False)

    def entropy(self, scores: Any, target: Any, *rest: Any, **more: Any) -> Any:
        """Cross entropy; under autocast its log-softmax widens 16-bit scores by itself."""
        torch = package("torch")
        functional = torch.nn.functional
        narrow = scores.element_size() == 2 and self.casts()
        if rest or not narrow or target.is_floating_point():
            return functional.cross_entropy(scores, target, *rest, **more)
        kept = {k: v for k, v in more.items() if k in ("weight", "ignore_index", "reduction")}
        shares = fused()[1].apply(scores, torch.float32, True)
        return functional.nll_loss(shares, target, **kept)

    def in_fp32(self, function: Handler) -> Handler:
        """A function whose 16-bit inputs autocast makes fp32 on CUDA."""
        torch = package("torch")
        narrow = (torch.float16, torch.bfloat16)

        def cast(x: Any) -> Any:
            return x.float() if isinstance(x, torch.Tensor) and x.dtype in narrow else x

        def call(*args: Any, **kwargs: Any) -> Any:
            if not self.casts():
                return function(*args, **kwargs)
            return function(*map(cast, args), **{k: cast(v) for k, v in kwargs.items()})

        return call

    def handlers(self) -> dict[Any, Handler]:
        """The functions that run otherwise on CUDA, by the function that is called.

        The list of fp32 functions is torch's autocast documentation, "CUDA ops that autocast to
        float32", as far as transformers call them.
        """
        torch = package("torch")
        functional, tensor = torch.nn.functional, torch.Tensor
        wide = [functional.layer_norm, torch.layer_norm, functional.group_norm, functional.nll_loss]
        wide += [functional.mse_loss, functional.l1_loss, functional.cosine_similarity]
        for name in ("pow", "rsqrt", "exp", "log", "norm", "cumsum", "sum", "prod", "reciprocal"):
            wide += [getattr(torch, name), getattr(tensor, name)]
        wide += [tensor.__pow__, functional.softplus]
        table: dict[Any, Handler] = {f: self.in_fp32(f) for f in wide}
        table[functional.scaled_dot_product_attention] = self.attention
        table[functional.cross_entropy] = self.entropy
        for softmax in (functional.softmax, torch.softmax, tensor.softmax):
            table[softmax] = self.softmax
        table.update({functional.dropout: dropout, torch.dropout: dropout})
        return table


def on_cuda(autocast: Any = None) -> Any:
    """The function mode under which tensors on the CPU take the memory they would take on CUDA."""
    base = package("torch.overrides").TorchFunctionMode
    table = Device(autocast).handlers()

    def function(_: Any, func: Any, __: Any, args: Any = (), kwargs: Any = None) -> Any:
        return table.get(func, func)(*args, **(kwargs or {}))

    return type("OnCuda", (base,), {"__torch_function__": function})()
