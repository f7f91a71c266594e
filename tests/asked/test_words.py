"""Free words for a task, and the questions that settle slots."""

from __future__ import annotations

import pytest
from transxlab.facts.asked.questions import next_questions, question_for, questions
from transxlab.facts.asked.words import misunderstood, slots_of
from transxlab.facts.origin import given
from transxlab.facts.situation import Facts
from transxlab.facts.vocabulary.task import KINDS
from transxlab.facts.vocabulary.template import builtin


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("creative hypothesis generation", "creative_generation"),
        ("style transfer", "style_transfer"),
        ("NER", "token_classification"),
        ("sentiment", "classification"),
        ("summarization", "summarisation"),
        ("instruction tuning", "instruction"),
        ("Alpaca-style instruction tuning", "instruction"),
        ("retrieval augmented generation", "question_answering"),
        ("question answering over code", "question_answering"),
    ],
)
def test_words_of_a_task(text: str, kind: str) -> None:
    found = slots_of(text)
    assert found is not None
    assert found["kind"] == kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_by_its_name(kind: str) -> None:
    found = slots_of(kind)
    assert found is not None
    assert found["kind"] == kind


def test_two_kinds_are_asked_about_and_none_is_guessed() -> None:
    assert slots_of("sentiment translation") is None
    assert "classification or translation" in misunderstood("sentiment translation")
    assert slots_of("frobnication") is None


def test_questions_settle_slots_that_exist() -> None:
    vocabulary = builtin()
    for question in questions():
        for slot in question.slots:
            assert slot in vocabulary or vocabulary.slot(slot)
    assert len({question.id for question in questions()}) == len(questions())


@pytest.mark.parametrize("path", ["gpu", "split.rows", "candidate.params", "model.name"])
def test_a_question_names_its_option(path: str) -> None:
    question = question_for(path)
    assert question is not None
    assert "--" in question.text


def test_what_is_known_is_not_asked_again() -> None:
    facts = Facts()
    assert "task" in {question.id for question in next_questions(facts)}
    facts.set("task.kind", "chat", given("run.yaml"))
    assert "task" not in {question.id for question in next_questions(facts)}
