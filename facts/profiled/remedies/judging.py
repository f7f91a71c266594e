"""Why each row goes: one reason a row, the first of the kinds that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.heldout import Index
from transxlab.facts.profiled.measures.near import Near
from transxlab.facts.profiled.problem import Report
from transxlab.facts.profiled.remedies.defects import broken, empty, long, roles
from transxlab.facts.profiled.remedies.leaking import HeldOut
from transxlab.facts.profiled.remedies.templated import Windows
from transxlab.facts.profiled.remedies.walking import walk
from transxlab.facts.profiled.remedies.wish import Wish

Where = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row goes."""

    kind: str
    """Key of ``wish.KINDS``."""
    detail: str
    """The row it repeats, the length it has, or what else there is to say."""


@dataclass(slots=True)
class Verdicts:
    """What was decided about some files."""

    rows: int = 0
    """Usable rows read."""
    reasons: dict[int, Reason] = field(default_factory=dict)
    """Reason by place of the row; rows without one stay."""

    def drop(self, place: int, kind: str, detail: str) -> None:
        """Give a row its reason, unless it has one already."""
        self.reasons.setdefault(place, Reason(kind, detail))


def judge(
    paths: Sequence[str], held_out: Sequence[str], wish: Wish, where: Where, report: Report
) -> Verdicts:
    """Read the files, twice where leaks are asked for, and decide about every row.

    ``where`` names a place of these files, as in ``train.jsonl:12``.
    """
    verdicts = Verdicts()
    copies = _Copies("duplicates" in wish.kinds)
    near = Near() if "near" in wish.kinds else None
    windows = Windows() if "templates" in wish.kinds else None
    held = _held_out(held_out) if "leaks" in wish.kinds and held_out else None
    for walked in walk(paths, report):
        block = walked.block
        verdicts.rows += len(block.lines)
        _single(verdicts, block, wish)
        for place, first in copies.repeated(block):
            verdicts.drop(place, "duplicates", f"repeats {where(first)}")
        if near is not None:
            near.update(block)
        if held is not None:
            held.count(block)
    if near is not None:
        for place, first in near.repeats():
            verdicts.drop(place, "near", f"nearly equal to {where(first)}")
    if held is not None:
        _leaks(verdicts, paths, held, held_out)
    if windows is not None:
        _templates(verdicts, paths, windows, wish)
    return verdicts


def _single(verdicts: Verdicts, block: Block, wish: Wish) -> None:
    """The kinds that one row alone decides."""
    judges = {"empty": empty, "broken": broken, "roles": roles}
    for kind, judging in judges.items():
        if kind in wish.kinds:
            for index, detail in judging(block):
                verdicts.drop(int(block.places[index]), kind, detail)
    if "long" in wish.kinds and wish.max_tokens is not None:
        for index, detail in long(block, wish.max_tokens):
            verdicts.drop(int(block.places[index]), "long", detail)


class _Copies:
    """First places of all rows seen, by the hash of their exact content."""

    def __init__(self, wanted: bool) -> None:
        self._first: dict[int, int] | None = {} if wanted else None

    def repeated(self, block: Block) -> list[tuple[int, int]]:
        """Places of rows that repeat an earlier one, with the place of the first."""
        if self._first is None:
            return []
        found = []
        for key, place in zip(block.row_hash.tolist(), block.places.tolist(), strict=True):
            first = self._first.setdefault(key, place)
            if first != place:
                found.append((place, first))
        return found


def _held_out(paths: Sequence[str]) -> HeldOut:
    index = Index()
    for walked in walk(paths):
        index.update(walked.block)
    return HeldOut(index.columns())


def _leaks(
    verdicts: Verdicts, paths: Sequence[str], held: HeldOut, held_out: Sequence[str]
) -> None:
    from transxlab.facts.profiled.block import unplace

    for walked in walk(paths):
        block = walked.block
        for index, source in held.leaks(block):
            file, line = unplace(source)
            verdicts.drop(int(block.places[index]), "leaks", f"gives away {held_out[file]}:{line}")


def _templates(verdicts: Verdicts, paths: Sequence[str], windows: Windows, wish: Wish) -> None:
    """Rows made from templates beyond the share, those with the highest hash first."""
    seen: set[int] = set()
    for walked in walk(paths):
        block = walked.block
        for index, key in enumerate(block.row_hash.tolist()):
            place = int(block.places[index])
            if place not in verdicts.reasons:
                example = block.examples[index]
                windows.add(place, key, example.input, example.output, fresh=key not in seen)
                seen.add(key)
    templated = windows.templated()
    natural = verdicts.rows - len(verdicts.reasons) - len(templated)
    share = wish.template_share
    allowed = len(templated) if share >= 1 else int(natural * share / (1 - share))
    order = sorted(templated, key=lambda item: _drawn(item[1], wish.seed))
    for place, _, text in order[allowed:]:
        shown = f"; the most frequent one near it: {text!r}" if text else ""
        verdicts.drop(place, "templates", f"more than {share:.0%} of the rest{shown}")


def _drawn(key: int, seed: int) -> int:
    """A number that depends on the row and the seed alone."""
    import hashlib

    drawn = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big")
