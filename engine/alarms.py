"""Alarms: whether the value that will run lies outside what the standing decision allows."""

from __future__ import annotations

from dataclasses import replace

from transxlab.engine.case import Concluded, Decision, Firing
from transxlab.engine.comparing import same
from transxlab.engine.decisions import Standing, bounds_of, environment
from transxlab.engine.findings import say
from transxlab.engine.memory import Memory
from transxlab.engine.rule import Alarm, Decide, Literally, Term
from transxlab.engine.shape import Shape
from transxlab.engine.terms import fill, paths_of
from transxlab.engine.wording import say as say_value
from transxlab.facts.situation import Known
from transxlab.facts.values import Unknown, Value


def ring(shape: Shape, standing: Standing, memory: Memory) -> Concluded | Unknown | None:
    """The finding of a decision that stands, what its bounds wait for, or None.

    Looks at what will run: a given value always, a trainer's default when nothing is filled in.
    """
    then = standing.decision.rule.then
    assert isinstance(then, Decide)
    alarm, held = then.alarm, standing.held
    if alarm is None or not will_run(held, memory):
        return None
    assert held is not None
    firing = _with_alarm(standing, alarm, memory)
    out = _outside(alarm, held.value, firing, memory)
    if isinstance(out, Unknown):
        return out
    if not out:
        return None
    decision = standing.decision
    message = firing.rule.message
    env = environment(firing, memory)
    text = (
        fill(message, env, memory.facts.vocabulary)
        if message
        else _usual(standing.slot, held.value, decision)
    )
    better: dict[str, Value | tuple[Value, Value]] = {}
    if decision.range is not None:
        better[then.target.path] = decision.range
    elif not standing.open and then.value is not None:
        better[then.target.path] = decision.value
    notes: tuple[str, ...] = ()
    if decision.provisional:
        notes = (f"provisional: {', '.join(decision.provisional)} could not be judged",)
    return say(
        shape, firing, alarm.severity, then.target, text, better, alarm.error_when, memory, notes
    )


def will_run(held: Known | None, memory: Memory) -> bool:
    """Whether a held value is one the run will use."""
    if held is None or held.value is None:
        return False
    return held.origin.kind != "default" or not memory.design


def could_ring(rule_alarm: Alarm, value: Value) -> bool:
    """Whether an alarm may ring for a value: not where it lies inside constant bounds."""
    if rule_alarm.other_than is not None and not _among(value, rule_alarm.other_than):
        return True
    if rule_alarm.outside is None:
        return False
    low, high = rule_alarm.outside
    for end, sign in ((low, 1), (high, -1)):
        if end is None:
            continue
        if not isinstance(end, Literally):
            return True
        if _beyond(value, end.value, sign):
            return True
    return False


def _outside(alarm: Alarm, value: Value, firing: Firing, memory: Memory) -> bool | Unknown:
    if alarm.other_than is not None and not _among(value, alarm.other_than):
        return True
    if alarm.outside is None:
        return False
    low, high = bounds_of(alarm.outside, environment(firing, memory))
    needs: frozenset[str] = frozenset()
    for end, sign in ((low, 1), (high, -1)):
        if isinstance(end, Unknown):
            needs |= end.needs
        elif end is not None and _beyond(value, end, sign):
            return True
    return Unknown(needs) if needs else False


def _among(value: Value, others: tuple[Value, ...]) -> bool:
    return any(same(value, other) for other in others)


def _beyond(value: Value, end: Value, sign: int) -> bool:
    """Whether a number lies below an end (sign 1) or above it (sign -1)."""
    numbers = [n for n in (value, end) if isinstance(n, (int, float)) and not isinstance(n, bool)]
    return len(numbers) == 2 and sign * numbers[0] < sign * numbers[1]


def _with_alarm(standing: Standing, alarm: Alarm, memory: Memory) -> Firing:
    """The firing, with the held value and the bounds among what it read."""
    firing = standing.decision.firing
    env = environment(firing, memory)
    ends: list[Term] = [end for end in alarm.outside or () if end is not None]
    read = [(env[a], s) for term in ends for a, s in paths_of(term) if a in env]
    support = dict.fromkeys((*firing.support, (standing.fact, standing.slot), *read))
    return replace(firing, support=tuple(support))


def _usual(slot: str, value: Value, decision: Decision) -> str:
    """What is said where the rule has no message of its own."""
    if decision.range is not None:
        low, high = decision.range
        if low is None:
            usual = f"at most {say_value(high)}"
        elif high is None:
            usual = f"at least {say_value(low)}"
        else:
            usual = f"{say_value(low)} to {say_value(high)}"
    else:
        usual = say_value(decision.value)
    return f"{slot} is {say_value(value)}; {usual} is usual here."
