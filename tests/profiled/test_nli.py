"""Inference rows: the quick look at tokens leaves out no row that the wording gives away."""

from __future__ import annotations

from itertools import product

import pytest
from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.formats import Example
from transxlab.facts.profiled.measures.nli import Nli, _cues, is_worded

FRAMES = [f"{a} and {b}" for a, b in _cues().frames]
ASKED = [
    f"The cat sat. {q.capitalize()}... the cat lay?" for q in (_cues().questions[0], "is the claim")
]


@pytest.mark.parametrize("text", [*FRAMES, *(text.upper() for text in FRAMES)])
def test_every_frame_is_seen(text: str) -> None:
    block = Block(0)
    block.add(1, Example("text", "", f"Here stand {text}: so it is."))
    block.add(2, Example("text", "", "Here stands nothing of the kind, hypothesis or not."))
    measure = Nli()
    measure.update(block)
    assert (measure.by_wording, measure.places) == (1, [1])


@pytest.mark.parametrize(("asked", "answer"), list(product(ASKED, sorted(_cues().answers))))
def test_every_answer_is_seen(asked: str, answer: str) -> None:
    block = Block(0)
    for line, output in enumerate((answer, f' "{answer.capitalize()}."', "No idea, I am afraid.")):
        block.add(line, Example("instruction", asked, output))
    assert [is_worded(example, _cues()) for example in block.examples] == [True, True, False]
    measure = Nli()
    measure.update(block)
    assert measure.by_wording == 2
