"""Templates on published data sets with labels, where they lie beside the repository."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from transxlab.facts.profiled.templates.detect import detect

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "data"
THRESHOLD = 0.4
ROWS = 8000

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the data sets are not here")


def sets() -> list[dict[str, str]]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "manifest.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def texts(entry: dict[str, str]) -> list[str]:
    fields = entry["text_fields"].split(",")
    lines = (CORPUS / entry["file"]).read_text("utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    held = [[row.get(field) or "" for field in fields] for row in rows]
    joined = [" ".join(v if isinstance(v, str) else json.dumps(v) for v in r) for r in held]
    distinct = list(dict.fromkeys(joined))
    random.Random(0).shuffle(distinct)
    return distinct[:ROWS]


@pytest.mark.parametrize(
    "entry", [s for s in sets() if s["label"] != "mixed"], ids=lambda s: s["name"]
)
def test_templated_sets_are_found_and_natural_ones_are_not(entry: dict[str, str]) -> None:
    share = detect(texts(entry)).share
    assert (share >= THRESHOLD) == (entry["label"] in ("template", "grammar")), share
