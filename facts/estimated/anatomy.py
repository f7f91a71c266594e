"""What a transformer consists of: its weight matrices by name, and the shape of its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartKind = Literal["linear", "embedding", "norm", "experts", "router", "vector"]
NormKind = Literal["rms", "layer", "plain"]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of weight, and how often the model has it."""

    path: str
    """Module path as in the checkpoint, ``N`` for a layer's number: ``layers.N.mlp.up_proj``."""
    kind: PartKind
    """``experts`` are matrices of routed experts; ``vector`` is whatever is none of the rest."""
    inputs: int
    """Input width of a matrix; length of a vector."""
    outputs: int = 1
    """Output width of a matrix; 1 for a vector."""
    bias: int = 0
    """Numbers in its bias vector."""
    copies: int = 1
    """How many the model has."""
    active: int | None = None
    """How many of the copies one token passes through; None: all of them."""
    shared: bool = False
    """Whether it is another name for a weight that is counted elsewhere (a tied head)."""

    @property
    def size(self) -> int:
        """Parameters of one copy."""
        return self.inputs * self.outputs + self.bias

    @property
    def total(self) -> int:
        """Parameters of all copies; of a shared weight only its bias, which is its own."""
        return (self.bias if self.shared else self.size) * self.copies

    @property
    def used(self) -> int:
        """Parameters of the copies that one token passes through."""
        copies = self.copies if self.active is None else self.active
        return (self.bias if self.shared else self.size) * copies


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of equal layers, as activations and the KV cache see it."""

    side: Literal["decoder", "encoder"]
    """Which sequence runs through it; a model with one stack trains on that one sequence."""
    layers: int
    """Number of layers."""
    hidden: int
    """Width of the residual stream."""
    heads: int
    """Query heads."""
    kv_heads: int
    """Key and value heads; fewer than ``heads`` with grouped queries."""
    head_dim: int
    """Width of one head."""
    intermediate: int
    """Width of the feed-forward part that one token sees (all its active experts together)."""
    gated: bool
    """Whether the feed-forward part multiplies a gate with an up projection."""
    norm: NormKind
    """``rms`` keeps an fp32 copy of its input, ``layer`` is a fused LayerNorm."""
    norms: int = 2
    """Normalisations of the residual width in one layer."""
    parallel: bool = False
    """Whether attention and feed-forward read the same normalised input."""
    cross: bool = False
    """Whether each layer also attends to the encoder's output."""
    latent: int = 0
    """Numbers per token and layer in a compressed KV cache (MLA); 0: keys and values are kept."""
    routed: int = 0
    """Experts that one token is routed to; 0 in dense layers."""
    post_norm: bool = False
    """Whether what a layer hands on is the output of a normalisation (BERT, BART)."""
    rotary: bool = False
    """Whether queries and keys are turned by their positions, so that they are new tensors."""
    qk_norm: bool = False
    """Whether queries and keys are normalised too."""
    activation: str = "silu"
    """Activation function of the feed-forward part, a row of ``functions.csv``."""
    rms: str = ""
    """Whose RMS norm it is where it keeps more than Llama's: ``gemma``, ``t5``."""
    dropout: float = 0.0
    """Dropout on what layers add to the residual stream, as the model's config has it."""
    attention_dropout: float = 0.0
    """Dropout on attention's weights, as the model's config has it."""

    @property
    def query(self) -> int:
        """Width of all query heads together."""
        return self.heads * self.head_dim

    @property
    def key(self) -> int:
        """Width of all key heads together."""
        return self.kv_heads * self.head_dim


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A model: everything that memory, time and parameter counts are computed from."""

    model_type: str
    """Hugging Face ``model_type``."""
    vocab: int
    """Rows of the token embedding; of the head too where there is one."""
    stacks: tuple[Stack, ...]
    """The layer stacks: one, or encoder and decoder."""
    parts: tuple[Part, ...]
    """Every weight."""
    head: bool = True
    """Whether the model ends in logits over the vocabulary."""
    softcap: bool = False
    """Whether logits pass through ``tanh`` before the loss (Gemma 2)."""
    eager_only: bool = False
    """Whether transformers has no SDPA attention for the family, so that scores are stored."""

    @property
    def hidden(self) -> int:
        """Width of the residual stream of the stack that ends in the head."""
        return self.stacks[-1].hidden

    @property
    def layers(self) -> int:
        """Layers of all stacks together."""
        return sum(stack.layers for stack in self.stacks)


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a figure cannot be computed, and what would settle it."""

    reason: str
    """One sentence for people."""
    needs: tuple[str, ...] = ()
    """Slots or files that would settle it: ``model.params``, ``config.json hidden_size``."""


def linear(path: str, inputs: int, outputs: int, copies: int = 1, *, bias: bool = False) -> Part:
    """A weight matrix, with a bias as long as its output or without."""
    return Part(path, "linear", inputs, outputs, outputs if bias else 0, copies)


def norm(path: str, width: int, copies: int = 1, *, bias: bool = False) -> Part:
    """A normalisation's scale, with an equally long shift or without."""
    return Part(path, "norm", width, 1, width if bias else 0, copies)


def embedding(path: str, rows: int, width: int) -> Part:
    """A table of vectors."""
    return Part(path, "embedding", rows, width)
