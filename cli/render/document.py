"""An audit as the JSON that other tools rely on, one file after the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from transxlab.cli.render import contract
from transxlab.cli.render.statistics import rows
from transxlab.engine.rulebook import Rulebook

if TYPE_CHECKING:
    from transxlab.cli.auditing.report import Report, Total

BETWEEN = ","


def begin(rules: Rulebook) -> str:
    """The head of the document."""
    head = {
        "version": contract.VERSION,
        "rulebook": {"rules": len(rules.rules), "digest": rules.digest},
    }
    return contract.dumps(head)[: -len("\n}\n")] + ',\n  "files": ['


def one(report: Report) -> str:
    """One element of ``files``."""
    found = {
        "path": report.path,
        "run": contract.run(report.run),
        "trainer": report.trainer,
        "stage": report.word("stage"),
        "method": report.word("method"),
        "findings": [contract.finding(one, report.case.facts) for one in report.findings],
        "not_judged": [contract.waiting(item) for item in report.not_judged],
        "unknown_keys": list(report.unknown_keys),
    }
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    return ("\n" + text).replace("\n", "\n    ")


def end(total: Total) -> str:
    """The tail of the document."""
    tail: dict[str, object] = {
        "errors": [{"path": path, "message": message} for path, message in total.errors],
        "summary": total.summary(),
    }
    if total.task.given.get("statistics"):
        tail["statistics"] = rows(total)
    if total.task.given.get("report_waivers"):
        tail["stale_waivers"] = total.stale
    return ("\n  ]," if total.files else "],") + contract.dumps(tail)[1:]
