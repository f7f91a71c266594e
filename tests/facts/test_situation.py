"""Facts: written and read back, completeness, names that are nearly right, what a scope reads."""

from __future__ import annotations

import json

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from transxlab.facts.calculator import NotKnown, Scope
from transxlab.facts.origin import KINDS, Origin, given
from transxlab.facts.situation import Facts, from_plain, to_plain
from transxlab.facts.values import Interval
from transxlab.facts.vocabulary.template import Slot, builtin

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SLOTS = [builtin().slot(path) for path in builtin().paths()]
ORIGINS = st.builds(
    Origin,
    st.sampled_from(KINDS),
    st.text(min_size=1, max_size=8),
    st.none() | st.integers(1, 999),
    st.none() | st.text(min_size=1, max_size=8),
)


def values(slot: Slot) -> st.SearchStrategy[object]:
    texts = st.sampled_from(slot.values) if slot.values else st.text(max_size=8)
    of_type: dict[str, st.SearchStrategy[object]] = {
        "number": FINITE | st.integers(-(2**40), 2**40),
        "text": texts,
        "list": st.lists(texts, max_size=3),
        "truth": st.booleans(),
        "interval": st.lists(FINITE, min_size=3, max_size=3).map(
            lambda ends: Interval(*sorted(ends))
        ),
        "version": st.from_regex(r"[1-9]\.[0-9]\.[0-9]", fullmatch=True),
    }
    return st.none() | of_type[slot.type]


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    facts = Facts()
    for slot in draw(st.lists(st.sampled_from(SLOTS), max_size=8)):
        several = facts.vocabulary[slot.template].several
        fact = facts.new(slot.template, "a") if several else facts.one(slot.template)
        facts.put(fact, slot.name, draw(values(slot)), draw(ORIGINS))
    for name in draw(st.sets(st.sampled_from(["gpu", "split", "candidate"]))):
        facts.mark_complete(name)
    return facts


@over(situations())
def test_facts_survive_being_written_and_read(facts: Facts) -> None:
    plain = json.loads(json.dumps(to_plain(facts)))
    again = from_plain(plain)
    assert to_plain(again) == to_plain(facts)
    assert [fact.slots for fact in again if fact.slots] == [f.slots for f in facts if f.slots]


def test_a_role_may_be_complete_alone() -> None:
    facts = Facts()
    facts.mark_complete("gpu", "train")
    assert facts.is_complete("gpu", "train")
    assert not facts.is_complete("gpu", "serve")
    assert not facts.is_complete("gpu")
    facts.mark_complete("gpu")
    assert facts.is_complete("gpu", "serve")


@pytest.mark.parametrize(
    ("path", "near"),
    [("config.leaning_rate", "learning_rate"), ("confg.learning_rate", "config")],
)
def test_a_name_nearly_right_is_named(path: str, near: str) -> None:
    with pytest.raises(KeyError, match=near):
        Facts().set(path, 1, given("x"))


def test_a_value_nearly_right_is_named() -> None:
    with pytest.raises(ValueError, match="nearest: sft"):
        Facts().set("config.stage", "sfft", given("x"))


def test_a_copy_can_be_changed_alone() -> None:
    facts = Facts()
    facts.set("run.rows", 1, given("x"))
    other = facts.copy()
    other.set("run.rows", 2, given("x"))
    known = facts.known("run.rows")
    assert known is not None
    assert known.value == 1


def test_a_scope_records_what_it_read() -> None:
    facts = Facts()
    facts.set("run.rows", 8, given("x"))
    scope = Scope(facts, {}, ("run.rows", "run.epochs", "split.role"))
    assert scope.number("run.rows") == 8
    assert set(scope.support) == {("run", "rows")}
    with pytest.raises(NotKnown) as missing:
        scope.number("run.epochs")
    assert missing.value.needs == {"run.epochs"}
    with pytest.raises(LookupError):
        scope.value("config.stage")
    with pytest.raises(NotKnown):
        scope.each("split", "train")
    facts.mark_complete("split", "train")
    assert scope.each("split", "train") == []
