"""Rule files for tests: a good rule to change, written to a folder and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from transxlab.engine.rule import Rule
from transxlab.engine.rulebook import Rulebook, RulebookError, load, of_file
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import builtin

HEAD = """id: {id}
what: What it says.
"""
TAIL = """evidence: practice
sources: [{id: house}]
examples:
  - {name: nothing known, facts: {}, fires: unknown}
"""


def rule_text(body: str, id: str = "TST001", tail: str = TAIL) -> str:
    """A whole rule file around a body of ``when``, ``then`` and so on."""
    return HEAD.replace("{id}", id) + body.strip("\n") + "\n" + tail


def problems_of(
    text: str | bytes,
    name: str = "a-rule.yaml",
    calculators: Mapping[str, Calculator] | None = None,
) -> list[str]:
    """Every mistake of one rule file, each as ``line: message``."""
    content = text if isinstance(text, bytes) else text.encode()
    _, problems = of_file(content, name, builtin(), calculators or {})
    return [f"{problem.line}: {problem.message}" for problem in problems]


def one_rule(body: str, calculators: Mapping[str, Calculator] | None = None) -> Rule:
    """The rule of a body that has no mistake."""
    rules, problems = of_file(rule_text(body).encode(), "a-rule.yaml", builtin(), calculators or {})
    assert not problems
    return rules[0]


def book(
    folder: Path, *files: Mapping[str, str], calculators: Mapping[str, Calculator] | None = None
) -> Rulebook:
    """The rulebook of files by name, one mapping per layer."""
    places = []
    for layer, named in enumerate(files):
        root = folder / str(layer)
        for name, text in named.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        places.append((layer, root))
    return load(places, builtin(), calculators or {}, examples=True)


def mistakes(folder: Path, *files: Mapping[str, str]) -> tuple[str, ...]:
    """The sentences of the rulebook's error; empty where there is none."""
    try:
        book(folder, *files)
    except RulebookError as error:
        return error.messages
    return ()
