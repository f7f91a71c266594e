"""Splits without leaks: rows with one input, or nearly equal, stay together; classes stay even."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transxlab.facts.profiled.measures.heldout import Index, content_hash
from transxlab.facts.profiled.measures.near import Near
from transxlab.facts.profiled.remedies.leaking import HeldOut
from transxlab.facts.profiled.remedies.walking import walk

if TYPE_CHECKING:
    from transxlab.facts.profiled.block import Block

ROLES = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """Which row goes where."""

    role: dict[int, str]
    """Role by place of the row."""
    moved: int
    """Rows that went to train in the end because a row of train gave them away."""


class Groups:
    """Rows that must stay together, joined step by step (union by smallest place)."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def add(self, place: int) -> None:
        """A row, alone so far."""
        self._above.setdefault(place, place)

    def head(self, place: int) -> int:
        """The first row of the group a row belongs to."""
        above = self._above
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Make two groups one."""
        first, second = sorted((self.head(one), self.head(other)))
        self._above[second] = first


def split(paths: Sequence[str], gone: Container[int], shares: Sequence[float], seed: int) -> Split:
    """Assign every row that is not ``gone`` to train, val or test.

    ``shares``: of train, val and, where there are three, test; they sum to 1. Groups are drawn by
    a hash of the seed and their first row, class by class, until each role has its share. Rows of
    val and test that rows of train give away (``measures.overlap``) then go to train, until none
    is left, so that the shares reached may be smaller than those asked for.
    """
    groups, stratum = _grouped(paths, gone)
    role = _assigned(groups, stratum, shares, seed)
    moved = 0
    while True:
        leaking = _leaking(paths, role)
        if not leaking:
            return Split(role, moved)
        heads = {groups.head(place) for place in leaking}
        for place in role:
            if role[place] != "train" and groups.head(place) in heads:
                role[place] = "train"
                moved += 1


def _grouped(paths: Sequence[str], gone: Container[int]) -> tuple[Groups, dict[int, str]]:
    """Groups of rows, and the class of each row."""
    import numpy as np

    groups, near, stratum = Groups(), Near(), dict[int, str]()
    by_input: dict[int, int] = {}
    for walked in walk(paths):
        block = walked.block
        near.update(block)
        given = np.diff(block.tokens.offsets)[::2] > 0
        keys = np.where(given, block.input_hash, content_hash(block))
        for index, place in enumerate(block.places.tolist()):
            if place in gone:
                continue
            groups.add(place)
            groups.join(place, by_input.setdefault(int(keys[index]), place))
            stratum[place] = block.examples[index].label or ""
    for place, first in near.repeats():
        if place in stratum and first in stratum:
            groups.join(place, first)
    return groups, stratum


def _assigned(
    groups: Groups, stratum: dict[int, str], shares: Sequence[float], seed: int
) -> dict[int, str]:
    """Role of every row: each class's groups in drawn order, held-out roles filled first."""
    members: dict[int, list[int]] = defaultdict(list)
    for place in stratum:
        members[groups.head(place)].append(place)
    classes: dict[str, list[int]] = defaultdict(list)
    for head in members:
        classes[stratum[head]].append(head)
    role: dict[int, str] = {}
    for heads in classes.values():
        heads.sort(key=lambda head: _drawn(head, seed))
        total = sum(len(members[head]) for head in heads)
        room = {name: round(share * total) for name, share in zip(ROLES[1:], shares[1:])}  # noqa: B905
        for head in heads:
            size = len(members[head])
            fits = next((name for name, left in room.items() if size <= left), "train")
            if fits != "train":
                room[fits] -= size
            role.update(dict.fromkeys(members[head], fits))
    return role


def _leaking(paths: Sequence[str], role: dict[int, str]) -> set[int]:
    """Places of held-out rows that rows of train give away."""
    index = Index()
    for block in _only(paths, role, train=False):
        index.update(block)
    held = HeldOut(index.columns())
    for block in _only(paths, role, train=True):
        held.count(block)
    found: set[int] = set()
    for block in _only(paths, role, train=True):
        found.update(place for _, place in held.leaks(block))
    return found


def _only(paths: Sequence[str], role: dict[int, str], *, train: bool) -> Iterator[Block]:
    from transxlab.facts.profiled.block import Block, unplace

    for walked in walk(paths):
        part = Block(walked.block.file)
        for place, example in zip(walked.block.places.tolist(), walked.block.examples, strict=True):
            if place in role and (role[place] == "train") is train:
                part.add(unplace(place)[1], example)
        if part.lines:
            yield part


def _drawn(head: int, seed: int) -> int:
    import hashlib

    return int.from_bytes(hashlib.blake2b(f"{seed}:{head}".encode(), digest_size=8).digest(), "big")
