"""What could not be judged, grouped by the question that would settle it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from transxlab.cli.render.words import amount
from transxlab.engine.case import Case

LINES = 5
"""Most lines that text output spends on what was not judged (output contract)."""


def lines(case: Case) -> Iterator[str]:
    """At most five lines; nothing where everything was judged."""
    if not case.not_judged:
        return
    groups = grouped(case)
    shown = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    for question, rules in shown[: LINES - 1]:
        names = ", ".join(sorted(rules)[:6]) + (" ..." if len(rules) > 6 else "")
        yield click.style(
            f"not judged: {question}  ({amount(len(rules), 'rule')}: {names})", dim=True
        )
    rest = shown[LINES - 1 :]
    if rest:
        left = set().union(*(rules for _, rules in rest))
        yield click.style(
            f"not judged: {amount(len(left), 'rule')} more; --format json lists their needs",
            dim=True,
        )


def grouped(case: Case) -> dict[str, set[str]]:
    """Rule ids by the question (with the option that answers it) that would settle them."""
    from transxlab.facts.asked.questions import question_for

    groups: dict[str, set[str]] = {}
    for item in case.not_judged:
        for need in item.needs:
            path = re.sub(r"\[[^\]]*\]", "", need)
            question = question_for(path)
            text = question.text if question else f"what is {path}? (--fact {path}=...)"
            groups.setdefault(text, set()).add(item.rule.id)
    return groups
