"""LLaMA-Factory's own way: frames of turns, both halves of a pair cut, history masked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from families import saved, tokenizer
from hypothesis import given
from hypothesis import strategies as st
from transxlab.facts.profiled.seen.codec import codec
from transxlab.facts.profiled.seen.lens import Lens
from transxlab.facts.profiled.seen.pairs import shares
from transxlab.facts.profiled.seen.view import View, view

TALK = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": "And of Spain?"},
    {"role": "assistant", "content": "Madrid, the city"},
]
THOUGHT = "<think>\n\n</think>\n\n"


@pytest.fixture
def seen(tmp_path: Any) -> Callable[..., View]:
    def look(
        turns: list[dict[str, str]],
        family: str,
        frame: str,
        tokenizer: str | None = None,
        **set: Any,
    ) -> View:
        lens = Lens(
            saved(tmp_path, tokenizer or family), frame=frame, chat="pairs", asked="pairs", **set
        )
        found = view({"messages": turns}, lens, codec(lens))
        assert found is not None
        return found

    return look


def pieces(family: str, said: list[tuple[str, bool]]) -> tuple[list[int], list[bool]]:
    """Every piece tokenised on its own."""
    kit = tokenizer(family)
    ids: list[int] = []
    mask: list[bool] = []
    for text, trained in said:
        part = kit.encode(text, add_special_tokens=False)
        ids += part
        mask += [trained] * len(part)
    return ids, mask


def test_chatml(seen: Callable[..., View]) -> None:
    found = seen(TALK, "chatml", "chatml")
    expected = pieces(
        "chatml",
        [
            (
                "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
                "<|im_start|>assistant\n",
                False,
            ),
            ("Paris.<|im_end|>\n", True),
            ("<|im_start|>user\nAnd of Spain?<|im_end|>\n<|im_start|>assistant\n", False),
            ("Madrid, the city<|im_end|>\n", True),
        ],
    )
    assert (list(found.ids), list(found.trained)) == expected
    assert found.stops


def test_the_stop_token_becomes_the_end_of_sequence(seen: Callable[..., View]) -> None:
    """gemma's own end of sequence is <eos>; the frame ends turns with <end_of_turn>."""
    found = seen(TALK[:2], "gemma", "gemma")
    assert found.stops
    assert tokenizer("gemma").decode(list(found.ids)).startswith("<bos><start_of_turn>user\n")


def test_a_system_prompt_goes_into_the_first_question(seen: Callable[..., View]) -> None:
    turns = [{"role": "system", "content": "Be brief."}, *TALK[:2]]
    text = tokenizer("llama2").decode(list(seen(turns, "llama2", "llama2").ids))
    assert text == (
        "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nWhat is the capital of France? [/INST]Paris.</s>"
    )
    named = seen(TALK[:2], "chatml", "qwen")
    assert "You are Qwen" in tokenizer("chatml").decode(list(named.ids))


def test_an_empty_thought_is_trained(seen: Callable[..., View]) -> None:
    found = seen(TALK[:2], "qwen3", "qwen3")
    kit = tokenizer("qwen3")
    taught = kit.decode([i for i, bit in zip(found.ids, found.trained, strict=True) if bit])
    assert taught == THOUGHT + "Paris.<|im_end|>\n"
    plain = seen(TALK[:2], "qwen3", "qwen3_nothink")
    assert THOUGHT not in kit.decode(list(plain.ids))


def test_history_can_be_masked(seen: Callable[..., View]) -> None:
    found = seen(TALK, "llama3", "llama3", last_only=True)
    kit = tokenizer("llama3")
    taught = kit.decode([i for i, bit in zip(found.ids, found.trained, strict=True) if bit])
    assert taught == "Madrid, the city<|eot_id|>"


def test_history_goes_first_where_only_the_last_answer_counts(seen: Callable[..., View]) -> None:
    whole = seen(TALK, "llama3", "llama3", last_only=True)
    short = seen(TALK, "llama3", "llama3", last_only=True, max_tokens=whole.whole - 5)
    assert short.stops
    assert not short.lost_end
    assert len(short.ids) == whole.whole - 5
    first = seen(TALK, "llama3", "llama3", max_tokens=20)
    assert first.lost_end
    assert len(first.ids) <= 20


def test_turns_out_of_order_are_dropped(seen: Callable[..., View]) -> None:
    assert seen(TALK[1:], "llama3", "llama3").fate == "refused"
    assert seen(TALK[:3], "llama3", "llama3").fate == "refused"


def test_prompts_can_be_trained(seen: Callable[..., View]) -> None:
    found = seen(TALK, "llama3", "llama3", prompts_too=True)
    assert found.trains == len(found.ids)


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(1, 3000))
def test_a_cut_pair_fits_and_wastes_nothing(source: int, target: int, limit: int) -> None:
    left, right = shares(source, target, limit)
    assert 0 <= left <= source
    assert 0 <= right <= target
    assert left + right <= limit
    assert left + right >= min(limit, source + target) - 1
