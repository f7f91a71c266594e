"""Findings that another rule accepts: what somebody has said is fine here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from transxlab.engine.case import Concluded, Firing
from transxlab.engine.decisions import environment
from transxlab.engine.memory import Memory
from transxlab.engine.rule import Accept, Derive, Exclude, Prefer
from transxlab.engine.shape import about
from transxlab.engine.terms import fill


def silenced(
    findings: Iterable[Concluded], firings: Iterable[Firing], memory: Memory
) -> list[Concluded]:
    """The findings, those that a firing overrides marked with its rule and reason.

    A rule silences the findings of the rules in its ``overrides`` on the same slot (any, where it
    names none) and the same subject (any, where it is about the whole run).
    """
    silencers = [f for f in firings if f.rule.overrides and _speaks(f)]
    return [_marked(finding, silencers, memory) for finding in findings]


def _speaks(firing: Firing) -> bool:
    return not isinstance(firing.rule.then, (Derive, Exclude, Prefer))


def _marked(finding: Concluded, silencers: list[Firing], memory: Memory) -> Concluded:
    for firing in silencers:
        target = about(firing.rule)
        if (
            finding.rule.id in firing.rule.overrides
            and firing.subject in (None, finding.subject)
            and (target is None or target.path == finding.about)
        ):
            return replace(finding, silenced=f"{firing.rule.id}: {_reason(firing, memory)}")
    return finding


def _reason(firing: Firing, memory: Memory) -> str:
    then = firing.rule.then
    if isinstance(then, Accept):
        return fill(then.reason, environment(firing, memory), memory.facts.vocabulary)
    return firing.rule.what
