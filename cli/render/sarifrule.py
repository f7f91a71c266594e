"""A rule as SARIF describes it."""

from __future__ import annotations

from typing import Any

from transxlab.cli.knowledge import sources
from transxlab.cli.render.statistics import severity
from transxlab.engine.rule import Rule, Severity

LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "advice": "note"}


def descriptor(rule: Rule) -> dict[str, Any]:
    """A reportingDescriptor with its help."""
    table = sources()
    cited = [table.cite(source.id, source.where, rule.evidence) for source in rule.sources]
    cited += [f"{table.cite(one.id)} says otherwise: {one.says}" for one in rule.dissent]
    parts = [rule.what, rule.why, rule.costs, rule.instead]
    said = [part for part in parts if part]
    described: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": " ".join(part for part in (rule.what, rule.why) if part)},
        "help": {
            "text": "\n".join([*said, *(f"Source: {text}" for text in cited)]),
            "markdown": "\n\n".join(said) + "\n\n" + "\n".join(f"- {text}" for text in cited),
        },
        "defaultConfiguration": {"level": LEVELS[severity(rule)]},
        "properties": {
            "tags": [rule.id.rstrip("0123456789")],
            "evidence": rule.evidence,
            "read": rule.read or None,
        },
    }
    return described
