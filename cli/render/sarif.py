"""An audit as SARIF 2.1.0 (OASIS standard, 27 March 2020), one result after the other."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from transxlab.cli.auditing.baseline import fingerprint
from transxlab.cli.render import contract
from transxlab.cli.render.flow import flow
from transxlab.cli.render.sarifrule import LEVELS, descriptor
from transxlab.cli.render.spots import file_of
from transxlab.engine.case import Concluded
from transxlab.engine.rulebook import Rulebook

if TYPE_CHECKING:
    from transxlab.cli.auditing.report import Report, Total

BETWEEN = ","
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def begin(_: Rulebook) -> str:
    """The head of the document: the rules that were cited are known only at its end."""
    head = contract.dumps({"$schema": SCHEMA, "version": "2.1.0"})[: -len("\n}\n")]
    return (
        f'{head},\n  "runs": [\n    {{\n'
        '      "columnKind": "unicodeCodePoints",\n      "results": ['
    )


def one(report: Report) -> str:
    """The results of one file."""
    results = [result(report, at) for at in range(len(report.findings))]
    return ",".join(_indented(found, 8) for found in results)


def end(total: Total) -> str:
    """The rules that were cited, and what was not audited."""
    from importlib.metadata import version

    known = {rule.id: rule for rule in total.rules.rules}
    driver = {
        "name": "transxlab",
        "semanticVersion": version("transxlab"),
        "rules": [descriptor(known[rule]) for rule in total.cited()],
    }
    notes = [
        {
            "level": "error" if total.unusable else "note",
            "message": {"text": message},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(path)}}}],
        }
        for path, message in total.errors
    ]
    tail: dict[str, Any] = {
        "tool": {"driver": driver},
        "invocations": [
            {"executionSuccessful": not total.unusable, "toolExecutionNotifications": notes}
        ],
        "properties": {"rulebook": total.rules.digest},
    }
    text = textwrap.indent(contract.dumps(tail)[2:-2], "    ")
    return f"\n      ],\n{text}\n    }}\n  ]\n}}\n"


def _indented(found: dict[str, Any], by: int) -> str:
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    return ("\n" + text).replace("\n", "\n" + " " * by)


def result(report: Report, at: int) -> dict[str, Any]:
    """One finding."""
    found = report.findings[at]
    text = " ".join(part for part in (found.message, found.rule.instead) if part)
    made: dict[str, Any] = {
        "ruleId": found.rule.id,
        "level": LEVELS[found.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(report, found)}],
        "partialFingerprints": {"transxlabFinding/v1": fingerprint(found)},
        "codeFlows": [flow(report, found)],
        "properties": {
            "about": found.about,
            "subject": found.subject,
            "value": contract.plain(found.value),
            "recommend": contract.plain(found.recommend),
            "notes": list(found.notes),
        },
    }
    fixed = _fix(report, found)
    if fixed is not None:
        made["fixes"] = [fixed]
    if found.silenced is not None:
        waiver = report.waived_by.get(at)
        made["suppressions"] = [
            {
                "kind": waiver.kind if waiver else "external",
                "status": "accepted",
                "justification": found.silenced,
            }
        ]
    return made


def _place(report: Report, found: Concluded) -> dict[str, Any]:
    """Where a finding stands; one about a whole file has its first line, for GitHub needs one."""
    file = file_of(found) or report.path
    region: dict[str, Any] = {"startLine": found.line or 1}
    spot, line = report.spot(found), report.line(found)
    if spot is not None:
        region |= columns(*spot.whole)
    if line is not None and len(line) <= 400:
        region["snippet"] = {"text": line}
    return {"artifactLocation": {"uri": uri(file)}, "region": region}


def columns(start: int, stop: int) -> dict[str, int]:
    """Columns of a region, from 1, the end not included."""
    return {"startColumn": start + 1, "endColumn": stop + 1}


def uri(path: str) -> str:
    """A file as a relative reference where it is named relatively, else as an absolute URI."""
    name = Path(path)
    return name.as_uri() if name.is_absolute() else quote(name.as_posix())


def _fix(report: Report, found: Concluded) -> dict[str, Any] | None:
    """The change of one line that clears a finding; None where it is not one line of this file."""
    line, spot = report.line(found), report.spot(found)
    if found.fix is None or spot is None or line is None or found.line is None:
        return None
    changed = _changed(found, line[slice(*spot.key)])
    if changed is None:
        return None
    kind, text = changed
    place = spot.key if kind == "key" else spot.value
    if place is None:
        return None
    region: dict[str, int] = {"startLine": found.line, **columns(*place)}
    if kind == "line":
        region = {
            "startLine": found.line,
            "startColumn": 1,
            "endLine": found.line + 1,
            "endColumn": 1,
        }
    replacement: dict[str, Any] = {"deletedRegion": region, "insertedContent": {"text": text}}
    change = {"artifactLocation": {"uri": uri(report.path)}, "replacements": [replacement]}
    return {"description": {"text": found.rule.instead or text}, "artifactChanges": [change]}


def _changed(found: Concluded, key: str) -> tuple[str, str] | None:
    """What a fix puts in place of the key, the value or the line, where it is a single change."""
    fix = found.fix or {}
    if len(fix) != 1:
        return None
    ((verb, change),) = fix.items()
    if verb == "rename" and isinstance(change, dict) and list(change) == [found.key]:
        last = str(change[found.key]).rsplit(".", 1)[-1]
        return "key", key.replace(key.strip("\"'").lstrip("-"), last)
    if verb == "remove" and change == [found.key]:
        return "line", ""
    if verb == "set" and isinstance(change, dict) and list(change) == [found.about]:
        value = change[found.about]
        return None if isinstance(value, (list, tuple, dict)) else ("value", _scalar(value))
    return None


def _scalar(value: object) -> str:
    if isinstance(value, float) and value != 0 and not 1e-3 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:e}".split("e")
        digits = mantissa.rstrip("0").rstrip(".")
        return f"{digits if '.' in digits else digits + '.0'}e{int(exponent)}"
    return json.dumps(value)
