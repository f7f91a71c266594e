"""The plan for the data."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Number, Text, Truth, slot, template


@template(noun="the data strategy")
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Strategy(Filled):
    """What data the run should have, and where it should come from."""

    approach: Text = slot(
        knob=True,
        values=("collect", "distillation", "augmentation", "existing", "synthetic", "corpus"),
    )
    """Where the rows come from."""
    rows_min: Number = slot(knob=True, unit="rows")
    """Fewest rows worth training on."""
    rows_max: Number = slot(knob=True, unit="rows")
    """Rows beyond which quality pays more than quantity."""
    tokens_min: Number = slot(knob=True, unit="tokens")
    """Fewest tokens of a corpus worth training on."""
    row_format: Text = slot(knob=True)
    """Format each row should have."""
    outputs_per_input: Number = slot(knob=True, unit="outputs")
    """Different outputs each input should come with."""
    val_share: Number = slot(knob=True, unit="share 0 to 1")
    """Share held out for validation."""
    test_rows: Number = slot(knob=True, unit="rows")
    """Rows held out for a test used once."""
    stratified: Truth = slot(knob=True)
    """Whether splits keep the shares of labels."""
    split_by: Text = slot(knob=True)
    """What must not be shared between splits (``row``, ``prompt``, ``document``, ``entity``)."""
    template_share_max: Number = slot(knob=True, unit="share 0 to 1")
    """Share of templated rows that is still acceptable."""
    self_bleu_max: Number = slot(knob=True, unit="0 to 1")
    """Self-BLEU the outputs should stay under."""
    parse_rate_min: Number = slot(knob=True, unit="share 0 to 1")
    """Share of outputs that must parse."""
    duplicate_share_max: Number = slot(knob=True, unit="share 0 to 1")
    """Share of duplicates that is still acceptable."""
    replay_share: Number = slot(knob=True, unit="share 0 to 1")
    """Share of general data mixed in against forgetting."""
    curriculum: Text = slot(
        knob=True, values=("none", "short_to_long", "general_to_special", "quality_last")
    )
    """Order of the data over the run."""
    augmentation: Text = slot(knob=True, values=("none", "paraphrase", "back_translation", "noise"))
    """How rows are varied."""
    teacher: Text = slot(knob=True)
    """Model that writes the rows of a distillation."""
    avoid: Text = slot(knob=True)
    """Rows to leave out, in words."""
    quality_filter: Truth = slot(knob=True)
    """Whether rows are filtered by a judge or a classifier."""
    consent: Truth = slot(knob=True)
    """Whether the right to train on the texts is cleared."""
