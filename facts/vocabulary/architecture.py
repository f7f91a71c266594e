"""A transformer designed from scratch."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Text, Truth, slot, template


@template(applies='model.init == "scratch"')
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Architecture(Filled):
    """Dimensions and choices of a model that is built, not loaded (``architecture_spec.yaml``)."""

    model_type: Text = slot(knob=True, values=("encoder_decoder", "decoder", "encoder"))
    """Which halves it has."""
    size: Text = slot(knob=True, values=("small", "medium", "large", "xl"))
    """Class of size that the parameter budget allows."""
    d_model: Number = slot(knob=True, unit="features")
    """Width of the residual stream."""
    n_heads: Number = slot(knob=True, unit="heads")
    """Attention heads; ``n_heads * head_dim`` is the width of the queries."""
    n_kv_heads: Number = slot(knob=True, unit="heads")
    """Key and value heads; equals ``n_heads`` without grouping."""
    head_dim: Number = slot(knob=True, unit="features")
    """Features of one head."""
    n_layers: Number = slot(knob=True, unit="layers")
    """Layers of a model with one half."""
    n_encoder_layers: Number = slot(knob=True, unit="layers")
    """Encoder layers of an encoder-decoder."""
    n_decoder_layers: Number = slot(knob=True, unit="layers")
    """Decoder layers of an encoder-decoder."""
    d_ff: Number = slot(knob=True, unit="features")
    """Width of the feed-forward layer; 4 * d_model, or about 8/3 of it when gated."""
    gated_ffn: Truth = slot(knob=True)
    """Whether the feed-forward layer has a gate (three matrices instead of two)."""
    activation: Text = slot(knob=True)
    """Activation of the feed-forward layer."""
    vocab_size: Number = slot(knob=True, unit="tokens")
    """Tokens of the vocabulary, padding to a multiple included."""
    max_seq_len: Number = slot(knob=True, unit="tokens")
    """Longest sequence it takes."""
    positional_encoding: Text = slot(
        knob=True, values=("learned", "sinusoidal", "rope", "alibi", "relative", "none")
    )
    """How it knows positions."""
    normalization: Text = slot(knob=True, values=("pre_norm", "post_norm", "sandwich"))
    """Where normalisation stands in the block."""
    norm: Text = slot(knob=True, values=("layernorm", "rmsnorm"))
    """Kind of normalisation."""
    qk_norm: Truth = slot(knob=True)
    """Whether queries and keys are normalised."""
    tied_embeddings: Truth = slot(knob=True)
    """Whether input and output embeddings are one matrix."""
    dropout: Number = slot(knob=True)
    """Share of activations dropped while training, 0 to 1."""
    initialization: Text = slot(
        knob=True, values=("normal", "xavier", "kaiming", "scaled_normal", "mup")
    )
    """Initialisation of the weights."""
    initializer_range: Number = slot(knob=True)
    """Standard deviation of normal initialisation."""
    attention: Text = slot(knob=True, values=("full", "sliding", "sparse", "linear"))
    """Pattern of attention."""
    n_experts: Number = slot(knob=True, unit="experts")
    """Experts per layer; none in a dense model."""
    experts_per_token: Number = slot(knob=True, unit="experts")
    """Experts one token is sent to."""
    params: Number = slot(unit="parameters")
    """Parameters of this design, counted from its dimensions."""
