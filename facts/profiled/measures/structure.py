"""Structured outputs: how many there are, how many parse, and what is wrong with the others.

Judged are outputs that begin like JSON, hold fenced code, or are one XML element from end to end.
Where nearly all outputs are structured, the ones that are not count as broken.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from transxlab.facts.profiled.block import Block, place
from transxlab.facts.profiled.formats import Example
from transxlab.facts.profiled.measures.counts import ranked

EXAMPLES = 20
"""Rows that are named for each fault."""

NEARLY_ALL = 0.9
"""Share of structured outputs from which on an output without structure is a fault."""

PLAIN = "has no structure while nearly all others have"
"""The fault of an output that is plain text among structured ones."""

_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
_ELEMENT = re.compile(r"\s*(?:<\?xml\b|<([A-Za-z][\w.:-]*)[\s>])")
_FENCE = "```"
_FENCED_JSON = re.compile(r"```(?:json|jsonc|json5)[ \t]*\n(.*?)```", re.DOTALL)
_NOT_XML = frozenset(
    {"html", "p", "div", "span", "br", "a", "ul", "ol", "img", "table", "h1", "h2", "b", "i",
     "think", "thinking", "thought", "thoughts", "reasoning", "answer", "scratchpad"}
)  # fmt: skip
_LEADS = frozenset("{[< \t\r\n")


@dataclass(frozen=True, slots=True)
class StructureResult:
    """How many outputs are structured, and how many of those parse."""

    share: float
    """Share of rows whose output looks structured."""
    kinds: tuple[tuple[str, int], ...]
    """``json``, ``fenced``, ``xml``, and their rows; most frequent first."""
    parse_rate: float | None
    """Share of structured outputs that parse; of all outputs where nearly all are structured; None
    where none is."""
    broken: int
    """Outputs that do not."""
    faults: tuple[tuple[str, int], ...]
    """What is wrong with them, and in how many rows; most frequent first."""
    places: tuple[tuple[str, tuple[int, ...]], ...]
    """The first rows with each fault, in the same order."""
    reason: str
    """The figures in a sentence."""


class Structure:
    """Counts structured outputs; see StructureResult."""

    def __init__(self) -> None:
        self.rows = 0
        self.kinds: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.places: dict[str, list[int]] = {}

    def update(self, block: Block) -> None:
        """Count the structured outputs of a block."""
        self.rows += len(block.examples)
        found: dict[str, list[int]] = {PLAIN: []}
        plain = found[PLAIN]
        for index, example in enumerate(block.examples):
            output = example.output
            if output[:1] not in _LEADS and _FENCE not in output:
                plain.append(index)
                continue
            kind = kind_of(output)
            if kind is None:
                plain.append(index)
                continue
            self.kinds[kind] += 1
            fault = fault_of(kind, example)
            if fault is not None:
                found.setdefault(fault, []).append(index)
        for fault, rows in found.items():
            if rows:
                self.faults[fault] += len(rows)
                first = [place(block.file, block.lines[row]) for row in rows[:EXAMPLES]]
                self.places[fault] = sorted(self.places.get(fault, []) + first)[:EXAMPLES]

    def merge(self, other: Structure) -> None:
        """Take over the counts of another part of the data."""
        self.rows += other.rows
        self.kinds.update(other.kinds)
        self.faults.update(other.faults)
        for fault, places in other.places.items():
            self.places[fault] = sorted(self.places.get(fault, []) + places)[:EXAMPLES]

    def result(self) -> StructureResult:
        """The shares."""
        found = sum(self.kinds.values())
        share = found / self.rows if self.rows else 0.0
        judged = self.rows if share >= NEARLY_ALL else found
        faults = Counter({f: n for f, n in self.faults.items() if f != PLAIN or judged > found})
        broken = sum(faults.values())
        listed = "".join(f"; {n:,}: {fault}" for fault, n in ranked(faults))
        return StructureResult(
            share=share,
            kinds=ranked(self.kinds),
            parse_rate=1 - broken / judged if judged else None,
            broken=broken,
            faults=ranked(faults),
            places=tuple((fault, tuple(self.places[fault])) for fault, _ in ranked(faults)),
            reason=f"{found:,} outputs look structured, {broken:,} outputs do not parse{listed}",
        )


def kind_of(output: str) -> str | None:
    """``json``, ``fenced`` or ``xml``; None for plain text."""
    if output[:1] in _LEADS:
        if _JSON.match(output):
            return "json"
        element = _ELEMENT.match(output)
        if element is not None and _is_element(output, element.group(1)):
            return "xml"
    return "fenced" if _FENCE in output else None


def _is_element(output: str, name: str | None) -> bool:
    """Whether the text is a document, not text that begins with a tag."""
    if name is None:
        return True
    whole = output.rstrip().endswith(f"</{name}>")
    return whole and name.lower() not in _NOT_XML and output.count(f"<{name}") == 1


def fault_of(kind: str, example: Example) -> str | None:
    """What is wrong with a structured output; None when it parses."""
    if kind == "json":
        return _json_fault(example.output, several=example.format == "chat")
    return _fence_fault(example.output) if kind == "fenced" else _xml_fault(example.output)


def _json_fault(output: str, *, several: bool) -> str | None:
    """What is wrong with JSON; with ``several``, turns of a conversation may follow."""
    if _parses(output):
        return None
    from json import JSONDecodeError, JSONDecoder

    decoder, at = JSONDecoder(), 0
    while True:
        begin = _JSON.match(output, at)
        if begin is not None:
            start = output.index(begin.group().strip()[0], at)
            try:
                _, at = decoder.raw_decode(output, start)
            except (JSONDecodeError, RecursionError):
                return "JSON that does not parse"
            if not several:
                return "text after the JSON" if output[at:].strip() else "JSON that does not parse"
        at = output.find("\n", at) + 1
        if not at:
            return None


def _parses(output: str) -> bool:
    from orjson import JSONDecodeError, loads

    try:
        loads(output.encode("utf-8", "surrogatepass"))
    except JSONDecodeError:
        return False
    return True


def _fence_fault(output: str) -> str | None:
    """Whether every code fence is closed, and what is fenced as JSON is JSON."""
    if output.count(_FENCE) % 2:
        return "code fence that is not closed"
    fine = all(_parses(inner) for inner in _FENCED_JSON.findall(output))
    return None if fine else "fenced JSON that does not parse"


def _xml_fault(output: str) -> str | None:
    """Whether a text is well-formed XML; with a document type it is not looked into."""
    from xml.parsers.expat import ExpatError, ParserCreate

    if "<!DOCTYPE" in output or "<!ENTITY" in output:
        return None
    try:
        ParserCreate().Parse(output.strip().encode("utf-8", "replace"), True)
    except ExpatError:
        return "XML that is not well-formed"
    return None
