"""Why each row goes: one reason a row, the first of the kinds that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transxlab.facts.profiled.block import Block
from transxlab.facts.profiled.measures.heldout import Index
from transxlab.facts.profiled.measures.near import Near
from transxlab.facts.profiled.problem import Report
from transxlab.facts.profiled.remedies.defects import broken, empty, long, roles
from transxlab.facts.profiled.remedies.leaking import HeldOut
from transxlab.facts.profiled.remedies.reasons import Reasons
from transxlab.facts.profiled.remedies.templated import Windows
from transxlab.facts.profiled.remedies.walking import walk
from transxlab.facts.profiled.remedies.wish import Wish
from transxlab.facts.profiled.templates.detect import STRONG
from transxlab.facts.profiled.tokens import mix

if TYPE_CHECKING:
    from transxlab.facts.profiled.tokens import Counts, Hashes

Where = Callable[[int], str]


@dataclass(slots=True)
class Verdicts:
    """What was decided about some files."""

    rows: int
    """Usable rows read."""
    reasons: Reasons
    """Reason by place of the row; rows without one stay."""


def judge(
    paths: Sequence[str], held_out: Sequence[str], wish: Wish, where: Where, report: Report
) -> Verdicts:
    """Read the files, twice where leaks are asked for, and decide about every row.

    ``where`` names a place of these files, as in ``train.jsonl:12``.
    """
    verdicts = Verdicts(0, Reasons(where))
    content = _Content("duplicates" in wish.kinds or "templates" in wish.kinds)
    near = Near() if "near" in wish.kinds else None
    held = _held_out(held_out) if "leaks" in wish.kinds and held_out else None
    for walked in walk(paths, report):
        block = walked.block
        verdicts.rows += len(block.lines)
        _single(verdicts, block, wish)
        content.add(block)
        if near is not None:
            near.update(block)
        if held is not None:
            held.count(block)
    if "duplicates" in wish.kinds:
        for place, first in content.repeated():
            verdicts.reasons.drop(place, "duplicates", "repeats ", first)
    if near is not None:
        for place, first in near.repeats():
            verdicts.reasons.drop(place, "near", "nearly equal to ", first)
    if held is not None:
        _leaks(verdicts, paths, held, held_out)
    if "templates" in wish.kinds:
        _templates(verdicts, paths, content, wish)
    return verdicts


def _single(verdicts: Verdicts, block: Block, wish: Wish) -> None:
    """The kinds that one row alone decides."""
    judges = {"empty": empty, "broken": broken, "roles": roles}
    for kind, judging in judges.items():
        if kind in wish.kinds:
            for index, detail in judging(block):
                verdicts.reasons.drop(int(block.places[index]), kind, detail)
    if "long" in wish.kinds and wish.max_tokens is not None:
        for index, detail in long(block, wish.max_tokens):
            verdicts.reasons.drop(int(block.places[index]), "long", detail)


class _Content:
    """Place and content hash of every row, 16 bytes for each."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._places: list[Counts] = []
        self._hashes: list[Hashes] = []

    def add(self, block: Block) -> None:
        """Take the rows of a block."""
        if self._wanted:
            self._places.append(block.places)
            self._hashes.append(block.row_hash)

    def columns(self) -> tuple[Counts, Hashes]:
        """Place and hash of every row, in the order they were read."""
        import numpy as np

        places = np.concatenate([np.zeros(0, np.int64), *self._places])
        return places, np.concatenate([np.zeros(0, np.uint64), *self._hashes])

    def repeated(self) -> Iterator[tuple[int, int]]:
        """Places of rows that repeat an earlier one, with the place of the first."""
        import numpy as np

        places, hashes = self.columns()
        _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        again = np.flatnonzero(first[inverse] != np.arange(len(places)))
        for index in again.tolist():
            yield int(places[index]), int(places[first[inverse[index]]])


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
            verdicts.reasons.drop(
                int(block.places[index]), "leaks", f"gives away {held_out[file]}:{line}"
            )


def _templates(verdicts: Verdicts, paths: Sequence[str], content: _Content, wish: Wish) -> None:
    """Rows surely made from templates beyond the share: those of the strongest evidence go first.

    Copies of a row share its verdict. Equal evidence is ordered by a hash of row and seed.
    """
    import numpy as np

    places, hashes = content.columns()
    stay = np.isin(places, verdicts.reasons.places(), invert=True)
    places, hashes = places[stay], hashes[stay]
    if not len(places):
        return
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    windows = Windows(np.sort(places[first]))
    for walked in walk(paths):
        windows.add(walked.block)
    judged = windows.result()
    spot = np.searchsorted(judged.place, places[first])
    evidence, name = judged.evidence[spot][inverse], judged.name[spot][inverse]
    made = np.flatnonzero(evidence >= STRONG)
    share, natural = wish.template_share, len(places) - len(made)
    allowed = len(made) if share >= 1 else int(natural * share / (1 - share))
    drawn = mix(hashes[made] + np.uint64(wish.seed % (1 << 64)))
    order = made[np.lexsort((places[made], drawn, -evidence[made]))]
    for index in order[: max(len(made) - allowed, 0)].tolist():
        shown = f"; made from {windows.names[name[index]]!r}" if name[index] >= 0 else ""
        detail = f"more than {share:.0%} of the rest{shown}"
        verdicts.reasons.drop(int(places[index]), "templates", detail)
