"""Slots and the values a rule gives them: literal, computed, looked up, or between two ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transxlab.engine.expressions import Expression
from transxlab.engine.rule import Bounds, Literally, Table, Target, Term
from transxlab.engine.yamlfile import PathOf
from transxlab.facts.values import Value
from transxlab.facts.vocabulary.template import Slot, nearest

if TYPE_CHECKING:
    from transxlab.engine.reading import Reader

CALCULATED = frozenset({"number", "truth", "interval"})
"""Types of slot for which text is an expression; for the others it is the value itself."""
FITS = {"number": ("number",), "truth": ("truth",), "interval": ("interval", "number")}
"""What an expression must give for a slot of each type; none fits all."""
WRITTEN = "a table is written {of: SLOT, at: {key: value}} or {of: SLOT, below: [[bound, value]]}"


class Settings:
    """Reads targets and terms of one rule; ``named`` are the facts its conditions name."""

    def __init__(self, reader: Reader, named: set[str]) -> None:
        self.reader = reader
        self.problem = reader.problem
        self.named = named

    def setting(self, path: Any, raw: Any, where: PathOf) -> tuple[Target, Term] | None:
        """A slot and the value it is to get."""
        target = self.target(path, where)
        term = None if target is None else self.term(raw, target, where)
        return None if target is None or term is None else (target, term)

    def target(self, text: Any, path: PathOf) -> Target | None:
        """The slot a path names; the fact must be one the rule is about."""
        if not isinstance(text, str) or text.count(".") != 1:
            self.problem(path, f"expected template.slot, got {text!r}")
            return None
        alias, slot = text.split(".")
        template = self.reader.template_of(alias)
        try:
            self.reader.vocabulary[template][slot]
        except KeyError as error:
            self.problem(path, str(error.args[0]))
            return None
        self._which(alias, path)
        return Target(alias, template, slot)

    def _which(self, alias: str, path: PathOf) -> None:
        if self.reader.ranges(alias) and alias not in self.named:
            self.problem(
                path,
                f"names {alias}, which no condition names: which of them? "
                f"Add a condition such as known({alias}.SLOT)",
            )

    def slot(self, target: Target) -> Slot:
        """The slot of a target."""
        return self.reader.vocabulary[target.template][target.slot]

    def knob(self, target: Target, path: PathOf, why: str) -> None:
        """The slot must be one a user can turn."""
        if not self.slot(target).knob:
            template = self.reader.vocabulary[target.template]
            knobs = [name for name, slot in template.slots.items() if slot.knob]
            near = [f"{target.template}.{name}" for name in nearest(target.slot, knobs)]
            hint = f"; nearest: {', '.join(near)}" if near else ""
            self.problem(path, f"{target.path} is no knob, and {why}{hint}")

    def bounds(self, value: Any, target: Target, path: PathOf) -> Bounds | None:
        """A low and a high end; null is an open end."""
        if not isinstance(value, list) or len(value) != 2:
            self.problem(path, "expected [low, high]; null is an open end")
            return None
        if self.slot(target).type != "number":
            self.problem(
                path, f"{target.path} holds {self.slot(target).type}: a range is of numbers"
            )
            return None
        low, high = (
            None if end is None else self.term(end, target, (*path, place))
            for place, end in enumerate(value)
        )
        ends = [end.value for end in (low, high) if isinstance(end, Literally)]
        if len(ends) == 2 and _above(ends[0], ends[1]):
            self.problem(path, f"the low end {ends[0]} is above the high end {ends[1]}")
        if low is None and high is None and value == [None, None]:
            self.problem(path, "is open at both ends: give one of them")
        return low, high

    def term(self, raw: Any, target: Target, path: PathOf) -> Term | None:
        """A value: literal, expression or table, as the slot's type asks."""
        slot = self.slot(target)
        if isinstance(raw, dict):
            return self._table(raw, target, path)
        if isinstance(raw, str) and slot.type in CALCULATED:
            return self.computed(raw, path, FITS[slot.type], slot.path)
        try:
            return Literally(slot.check(raw))
        except ValueError as error:
            self.problem(path, str(error))
            return None

    def computed(
        self, raw: Any, path: PathOf, fits: tuple[str, ...], what: str
    ) -> Expression | None:
        """An expression of one of the kinds that fit."""
        found = self.reader.expression(raw, path, condition=False)
        if found is None:
            return None
        for alias in dict.fromkeys(alias for alias, _ in found.paths):
            self._which(alias, path)
        if found.kind not in (*fits, "none"):
            cure = f": write low({raw}), mid({raw}) or high({raw})"
            hint = cure if found.kind == "interval" else ""
            self.problem(path, f"{what} takes {fits[0]}, {raw} gives {found.kind}{hint}")
        return found

    def _table(self, raw: dict[str, Any], target: Target, path: PathOf) -> Table | None:
        self.reader.only(raw, ("of", "at", "below", "else"), path, "part of a table")
        if "of" not in raw or ("at" in raw) == ("below" in raw):
            self.problem(path, WRITTEN)
            return None
        fits = ("number",) if "below" in raw else ("text", "number", "truth", "version")
        of = self.computed(raw["of"], (*path, "of"), fits, "the lookup")
        at = self._at(raw.get("at"), of, target, (*path, "at"))
        below = self._below(raw.get("below"), target, (*path, "below"))
        otherwise = self.term(raw["else"], target, (*path, "else")) if "else" in raw else None
        return None if of is None else Table(of, at, below, otherwise)

    def _at(
        self, rows: Any, of: Expression | None, target: Target, path: PathOf
    ) -> tuple[tuple[Value, Term], ...]:
        if rows is None:
            return ()
        if not isinstance(rows, dict):
            self.problem(path, "at takes keys and values, as in {style: 16, format: 8}")
            return ()
        found: list[tuple[Value, Term]] = []
        for text, raw in rows.items():
            term = self.term(raw, target, (*path, text))
            if of is not None and term is not None:
                found.append((self._key(text, of, (*path, text)), term))
        return tuple(found)

    def _key(self, text: str, of: Expression, path: PathOf) -> Value:
        """The value a key of ``at`` stands for, by the type of what is looked up."""
        slot = None
        if of.node[0] == "slot":
            slot = self.reader.vocabulary[self.reader.template_of(of.node[1])][of.node[2]]
        words: dict[str, Value] = {"true": True, "false": False}
        try:
            if text == "none" and (slot is None or "none" not in (slot.values or ())):
                return None
            value: Value = words.get(text, text) if of.kind == "truth" else text
            value = _number(text) if of.kind == "number" else value
            return slot.check(value) if slot is not None else value
        except ValueError as error:
            self.problem(path, str(error))
            return None

    def _below(self, rows: Any, target: Target, path: PathOf) -> tuple[tuple[float, Term], ...]:
        if rows is None:
            return ()
        found: list[tuple[float, Term]] = []
        for place, row in enumerate(self.reader.items(rows, path, "below")):
            good = isinstance(row, list) and len(row) == 2 and type(row[0]) in (int, float)
            if not good:
                self.problem((*path, place), "below takes [bound, value] pairs with rising bounds")
                continue
            term = self.term(row[1], target, (*path, place))
            if found and row[0] <= found[-1][0]:
                self.problem(
                    (*path, place), f"the bounds must rise: {row[0]} follows {found[-1][0]}"
                )
            if term is not None:
                found.append((float(row[0]), term))
        return tuple(found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"the lookup is a number, so its keys are numbers; got {text!r}") from None


def _above(low: Value, high: Value) -> bool:
    return isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high
