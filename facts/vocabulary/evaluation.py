"""How the run is watched and judged."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.vocabulary.template import Filled, Names, Number, Text, Truth, slot, template


@template()
@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Evaluation(Filled):
    """What is evaluated, how often, and what decides."""

    strategy: Text = slot(knob=True, values=("no", "steps", "epoch"))
    """When evaluation runs."""
    eval_steps: Number = slot(knob=True, unit="optimizer steps")
    """Steps between evaluations (a share of all steps where below 1); none where not set."""
    evals_per_epoch: Number = slot(knob=True)
    """Evaluations per epoch, where the trainer counts so."""
    has_data: Truth = slot(noun="whether there is anything to evaluate on")
    """Whether the config names evaluation data or holds some rows out."""
    holdout: Number = slot(knob=True, unit="rows, or a share below 1")
    """Rows held out of the training data; 0 holds nothing out."""
    metrics: Names = slot(knob=True)
    """Metrics computed beside the loss."""
    metric_for_best_model: Text = slot(knob=True)
    """Metric that picks the best checkpoint; none: the loss or nothing."""
    greater_is_better: Truth = slot(knob=True)
    """Whether that metric is better when larger."""
    load_best_model_at_end: Truth = slot(knob=True)
    """Whether the best checkpoint is what remains."""
    early_stopping_patience: Number = slot(knob=True, unit="evaluations")
    """Evaluations without progress before the run stops; none: it never does."""
    predict_with_generate: Truth = slot(knob=True)
    """Whether evaluation generates text (encoder-decoder trainers)."""
    generation_max_length: Number = slot(knob=True, unit="tokens")
    """Longest text generated in evaluation."""
    generation_planned: Truth = slot(knob=True, noun="whether generations are looked at")
    """Whether anything the model generates is looked at while it trains."""
    generation_every_steps: Number = slot(knob=True, unit="optimizer steps")
    """Steps between such looks."""
    novel_queries: Truth = slot(knob=True, noun="whether the queries are novel")
    """Whether they use queries that share nothing with the training rows."""
    novel_query_rows: Number = slot(knob=True, unit="rows")
    """How many such queries."""
    self_bleu_max: Number = slot(knob=True, unit="0 to 1")
    """Self-BLEU that generations must stay under."""
    parse_rate_min: Number = slot(knob=True, unit="share 0 to 1")
    """Share of generations that must parse."""
    baseline_planned: Truth = slot(knob=True)
    """Whether the untrained model with a good prompt is measured beside it."""
    memorization_test: Truth = slot(knob=True)
    """Whether continuations of training rows are checked for verbatim copies."""
    forgetting_test: Truth = slot(knob=True)
    """Whether abilities that must stay are measured before and after."""
    human_review: Truth = slot(knob=True)
    """Whether people read a sample."""
    seeds: Number = slot(knob=True, unit="runs")
    """Runs with different seeds that are compared."""
    test_is_untouched: Truth = slot(knob=True)
    """Whether a test split is used once, at the end."""
    on_start: Truth = slot(knob=True)
    """Whether an evaluation runs before the first step."""
    judge: Text = slot(knob=True, values=("human", "model", "metric", "none"))
    """Who judges generations."""
