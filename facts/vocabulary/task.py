"""What the run is for."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Names, Number, Text, Truth, slot, template

KINDS = (
    "classification",
    "token_classification",
    "embedding",
    "creative_generation",
    "structured_generation",
    "instruction",
    "chat",
    "style_transfer",
    "domain_adaptation",
    "summarisation",
    "translation",
    "question_answering",
    "code",
    "reasoning",
    "tool_use",
    "nli",
    "preference",
    "pretraining",
    "distillation",
    "multimodal",
)
CHANGES = ("format", "style", "behaviour", "skill", "knowledge", "language")


@template()
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Task(Filled):
    """What the model is to do once it is trained, as its owner says it."""

    kind: Text = slot(values=KINDS, noun="the kind of task")
    """The kind of task; free words are mapped to it by ``facts/asked/words.yaml``."""
    description: Text = slot()
    """The task in the owner's own words."""
    modality: Text = slot(
        values=(
            "text_to_text",
            "text_to_class",
            "text_to_tokens",
            "text_to_embedding",
            "multimodal",
        )
    )
    """What goes in and what comes out."""
    change: Text = slot(values=CHANGES, noun="how far the model must move")
    """What training must change in a pretrained model, from format (least) to language (most)."""
    output_length: Text = slot(values=("fixed", "variable"))
    """Whether every output has one length."""
    input_format: Text = slot()
    """What an input looks like, in words."""
    output_format: Text = slot()
    """What an output looks like, in words."""
    output_is_structured: Truth = slot()
    """Whether outputs must parse (JSON, code, a schema)."""
    creativity: Text = slot(values=("creativity", "balance", "consistency"))
    """Which matters more: different outputs, or the same output each time."""
    outputs_per_input: Number = slot(unit="outputs")
    """How many different outputs one input should be able to get."""
    input_tokens: Number = slot(unit="tokens")
    """Longest input that must be taken whole."""
    output_tokens: Number = slot(unit="tokens")
    """Longest output that must be produced whole."""
    context_tokens: Number = slot(unit="tokens")
    """Input and output together: the context the model needs."""
    labels: Number = slot(unit="labels")
    """Number of classes of a classification task."""
    multi_label: Truth = slot()
    """Whether one text may carry several labels."""
    languages: Names = slot()
    """Languages of the texts, as ISO 639-1 codes."""
    domain: Text = slot()
    """Subject of the texts, in words."""
    domain_is_special: Truth = slot()
    """Whether the texts are full of terms that a general tokenizer splits badly."""
    licence_use: Text = slot(values=("commercial", "research", "private"))
    """What the trained model will be used for, as licences distinguish it."""
    prompting_tried: Truth = slot()
    """Whether a prompted model without training was measured on this task."""
    prompting_is_enough: Truth = slot()
    """Whether that prompted model was good enough."""
    facts_change: Truth = slot()
    """Whether the knowledge the answers need changes often (then retrieval serves it better)."""
    keep_general_ability: Truth = slot()
    """Whether the model must stay good at what it could do before."""
    data_is_private: Truth = slot()
    """Whether the training texts may not leave the house."""
