"""A rule cut down to what explaining needs: its words, its sources and its kind."""

from __future__ import annotations

from typing import Any

from transxlab.engine.rule import (
    Accept,
    Decide,
    Derive,
    Dissent,
    Exclude,
    Finding,
    Literally,
    Prefer,
    Rule,
    Source,
    Target,
    Then,
)
from transxlab.engine.shape import about

WORDS = ("name", "what", "evidence", "file", "since", "why", "costs", "instead", "message", "read")
KINDS: dict[type, str] = {
    Finding: "finding",
    Derive: "derive",
    Decide: "decide",
    Exclude: "exclude",
    Prefer: "prefer",
    Accept: "accept",
}


def cut_rule(rule: Rule) -> dict[str, Any]:
    """The rule as JSON-ready data, without conditions and examples."""
    target = about(rule)
    then: dict[str, Any] = {"kind": KINDS[type(rule.then)]}
    if target is not None:
        then["about"] = [target.alias, target.template, target.slot]
    if isinstance(rule.then, Finding):
        then["severity"] = rule.then.severity
    elif isinstance(rule.then, Decide):
        then["strength"] = rule.then.strength
    elif isinstance(rule.then, Prefer):
        then["order"], then["most"] = rule.then.order, rule.then.most is not None
    elif isinstance(rule.then, Exclude):
        then["reason"] = rule.then.why
    elif isinstance(rule.then, Accept):
        then["reason"] = rule.then.reason
    return {
        **{word: getattr(rule, word) for word in WORDS if getattr(rule, word)},
        "layer": rule.layer,
        "line": rule.line,
        "sources": [[source.id, source.where] for source in rule.sources],
        "dissent": [[dissent.id, dissent.says] for dissent in rule.dissent],
        "overrides": list(rule.overrides),
        "then": then,
    }


def grown_rule(rule_id: str, row: dict[str, Any]) -> Rule:
    """The rule that ``cut_rule`` wrote, without conditions and examples."""
    return Rule(
        id=rule_id,
        **{word: row.get(word, "") for word in WORDS},
        layer=row["layer"],
        line=row["line"],
        then=_then(row["then"]),
        sources=tuple(Source(source, where) for source, where in row["sources"]),
        dissent=tuple(Dissent(source, says) for source, says in row["dissent"]),
        overrides=tuple(row["overrides"]),
    )


def _then(row: dict[str, Any]) -> Then:
    target = Target(*row["about"]) if "about" in row else None
    match row["kind"]:
        case "finding":
            return Finding(row["severity"], target)
        case "derive":
            return Derive()
        case "decide" if target is not None:
            return Decide(target, strength=row["strength"])
        case "exclude":
            return Exclude(row["reason"])
        case "prefer":
            way = "most" if row["most"] else "least"
            return Prefer(row["order"], **{way: Literally(None)})
        case "accept":
            return Accept(row["reason"], target)
    raise ValueError(f"there is no rule that is a {row['kind']!r}")
