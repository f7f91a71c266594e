"""The ``then`` of a rule from plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from transxlab.engine.expressions import Expression
from transxlab.engine.rule import (
    SEVERITIES,
    STRENGTHS,
    Accept,
    Alarm,
    Bounds,
    Decide,
    Derive,
    Exclude,
    Finding,
    Literally,
    Prefer,
    Table,
    Target,
    Term,
    Then,
)
from transxlab.engine.terms import paths_of
from transxlab.engine.yamlfile import PathOf
from transxlab.facts.vocabulary.template import Slot, nearest

if TYPE_CHECKING:
    from transxlab.engine.reading import Reader

KINDS = ("finding", "derive", "decide", "exclude", "prefer", "accept")
BESIDE = {
    "finding": ("about", "message", "error_when", "recommend"),
    "derive": (),
    "decide": ("message",),
    "exclude": (),
    "prefer": (),
    "accept": ("about",),
}
"""Keys that may stand beside each kind of conclusion."""
_CALCULATED = frozenset({"number", "truth", "interval"})


class Conclusions:
    """Reads what follows when a rule fires."""

    def __init__(
        self, reader: Reader, binds: Mapping[str, str], some: tuple[Expression, ...]
    ) -> None:
        self.reader = reader
        self.problem = reader.problem
        self.binds = binds
        self.named = {*binds, *(alias for e in some for alias, _ in e.paths)}

    def read(self, data: Any) -> tuple[Then | None, str]:
        """The conclusion and its message; None and problems where it is not one."""
        if data is None:
            return None, ""
        if not isinstance(data, dict):
            self.problem(
                ("then",), f"then takes one of {', '.join(KINDS)}, as in {{finding: error}}"
            )
            return None, ""
        kinds = [kind for kind in KINDS if kind in data]
        if len(kinds) != 1:
            found = f"has {' and '.join(kinds)}" if kinds else f"has {', '.join(data) or 'nothing'}"
            self.problem(("then",), f"then holds exactly one of {', '.join(KINDS)}; it {found}")
            return None, ""
        kind = kinds[0]
        for key in data:
            if key != kind and key not in BESIDE[kind]:
                near = nearest(key, BESIDE[kind]) or list(BESIDE[kind])
                expected = f"; expected {', '.join(near)}" if near else ""
                self.problem(("then", key), f"{key!r} does not stand beside {kind}{expected}")
        then = getattr(self, f"_{kind}")(data[kind], data)
        inner = data["decide"].get("message") if isinstance(data.get("decide"), dict) else None
        message = data.get("message", inner)
        if message is not None and not isinstance(message, str):
            self.problem(("then", "message"), "message takes text")
            message = ""
        return then, message or ""

    def _finding(self, severity: Any, data: dict[str, Any]) -> Finding:
        return Finding(
            self.reader.word(severity, SEVERITIES, ("then", "finding"), "a finding"),
            self._about(data),
            self._all(data.get("error_when"), ("then", "error_when")),
            self._recommended(data.get("recommend")),
        )

    def _accept(self, reason: Any, data: dict[str, Any]) -> Accept:
        if not isinstance(reason, str):
            self.problem(("then", "accept"), "accept takes the reason, as text")
        return Accept(str(reason), self._about(data))

    def _about(self, data: dict[str, Any]) -> Target | None:
        if data.get("about") is None:
            return None
        return self.target(data["about"], ("then", "about"))

    def _all(self, value: Any, path: PathOf) -> tuple[Expression, ...]:
        items = self.reader.items(value, path, "error_when")
        found = [self.reader.expression(item, (*path, i)) for i, item in enumerate(items)]
        return tuple(e for e in found if e is not None)

    def _recommended(self, value: Any) -> tuple[tuple[Target, Term | Bounds], ...]:
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.problem(("then", "recommend"), "recommend takes slots and values")
            return ()
        found: list[tuple[Target, Term | Bounds]] = []
        for path, better in value.items():
            where = ("then", "recommend", path)
            target = self.target(path, where)
            if target is None:
                continue
            if isinstance(better, list) and self.slot(target).type in _CALCULATED:
                bounds = self.bounds(better, target, where)
                if bounds is not None:
                    found.append((target, bounds))
            else:
                term = self.term(better, target, where)
                if term is not None:
                    found.append((target, term))
        return tuple(found)

    def _derive(self, body: Any, _: dict[str, Any]) -> Derive | None:
        path: PathOf = ("then", "derive")
        if not isinstance(body, dict) or not body:
            self.problem(path, "derive takes slots and expressions, or {by: CALCULATOR}")
            return None
        if set(body) == {"by"}:
            if body["by"] not in self.reader.calculators:
                near = nearest(str(body["by"]), self.reader.calculators, 5)
                known = near or sorted(self.reader.calculators)
                self.problem(path, f"no calculator {body['by']!r}; nearest: {', '.join(known)}")
            return Derive(by=str(body["by"]))
        values = []
        for slot_path, raw in body.items():
            setting = self.setting(slot_path, raw, (*path, slot_path))
            if setting is None:
                continue
            target, term = setting
            several = {a for a, _ in paths_of(term)} & set(self.binds)
            if several and not self.reader.vocabulary[target.template].several:
                self.problem(
                    (*path, slot_path),
                    f"{target.path} has one value but there may be several of "
                    f"{', '.join(sorted(several))}: use a calculator",
                )
            values.append((target, term))
        return Derive(tuple(values))

    def setting(self, path: str, raw: Any, where: PathOf) -> tuple[Target, Term] | None:
        """A slot and the value it is to get."""
        target = self.target(path, where)
        term = None if target is None else self.term(raw, target, where)
        return None if target is None or term is None else (target, term)

    def _decide(self, body: Any, _: dict[str, Any]) -> Decide | None:
        path: PathOf = ("then", "decide")
        allowed = ("slot", "value", "range", "strength", "alarm", "message")
        if not isinstance(body, dict) or "slot" not in body:
            self.problem(
                path, "decide takes {slot: ..., value: ..., strength: must | should | may}"
            )
            return None
        self._only(body, allowed, path)
        target = self.target(body["slot"], (*path, "slot"))
        if target is None:
            return None
        if body.get("value") is None and body.get("range") is None:
            self.problem(path, "decides nothing: give a value or a range")
        value = None
        if body.get("value") is not None:
            value = self.term(body["value"], target, (*path, "value"))
        limits = None
        if body.get("range") is not None:
            limits = self.bounds(body["range"], target, (*path, "range"))
        strength = self.reader.word(
            body.get("strength", "should"), STRENGTHS, (*path, "strength"), "strength"
        )
        return Decide(target, value, limits, strength, self._alarm(body.get("alarm"), target))

    def _alarm(self, body: Any, target: Target) -> Alarm | None:
        path: PathOf = ("then", "decide", "alarm")
        if body is None:
            return None
        if not isinstance(body, dict):
            self.problem(path, "alarm takes {outside: [low, high]} or {other_than: [...]}")
            return None
        self._only(body, ("outside", "other_than", "severity", "error_when"), path)
        outside, other = body.get("outside"), body.get("other_than")
        if outside is None and other is None:
            self.problem(path, "alarm needs outside: [low, high] or other_than: [...]")
        return Alarm(
            self.reader.word(
                body.get("severity", "warning"), SEVERITIES, (*path, "severity"), "severity"
            ),
            None if outside is None else self.bounds(outside, target, (*path, "outside")),
            None if other is None else self._others(other, target, (*path, "other_than")),
            self._all(body.get("error_when"), (*path, "error_when")),
        )

    def _others(self, values: Any, target: Target, path: PathOf) -> tuple[Any, ...]:
        found = []
        for value in self.reader.items(values, path, "other_than"):
            try:
                found.append(self.slot(target).check(value))
            except ValueError as error:
                self.problem(path, str(error))
        return tuple(found)

    def _exclude(self, why: Any, _: dict[str, Any]) -> Exclude:
        if not isinstance(why, str):
            self.problem(("then", "exclude"), "exclude takes the reason, as text")
        return Exclude(str(why))

    def _prefer(self, body: Any, _: dict[str, Any]) -> Prefer | None:
        path: PathOf = ("then", "prefer")
        keys = [k for k in ("most", "least") if isinstance(body, dict) and k in body]
        if len(keys) != 1 or not isinstance(body.get("order"), (int, float)):
            self.problem(path, "prefer takes {order: NUMBER, most: EXPRESSION} or least")
            return None
        self._only(body, ("order", "most", "least"), path)
        term = self.reader.expression(body[keys[0]], (*path, keys[0]), condition=False)
        if term is None:
            return None
        return Prefer(
            body["order"], term if keys[0] == "most" else None, term if keys[0] == "least" else None
        )

    def _only(self, body: dict[str, Any], allowed: tuple[str, ...], path: PathOf) -> None:
        for key in body:
            if key not in allowed:
                near = nearest(key, allowed) or list(allowed)
                self.problem((*path, key), f"there is no {key!r} here; nearest: {', '.join(near)}")

    def target(self, text: Any, path: PathOf) -> Target | None:
        """The slot a path names; the fact must be one the rule is about."""
        if not isinstance(text, str) or text.count(".") != 1:
            self.problem(path, f"expected template.slot, got {text!r}")
            return None
        alias, slot = text.split(".")
        template = self.reader.template_of(alias)
        try:
            owner = self.reader.vocabulary[template]
            owner[slot]
        except KeyError as error:
            self.problem(path, str(error.args[0]))
            return None
        if owner.several and path[0] == "then" and alias not in self.named and alias != "candidate":
            self.problem(path, f"names {alias}, which no condition names: which of them?")
        return Target(alias, template, slot)

    def slot(self, target: Target) -> Slot:
        """The slot of a target."""
        return self.reader.vocabulary[target.template][target.slot]

    def bounds(self, value: Any, target: Target, path: PathOf) -> Bounds | None:
        """A low and a high end; null is an open end."""
        if not isinstance(value, list) or len(value) != 2:
            self.problem(path, "expected [low, high]; null is an open end")
            return None
        low, high = (
            None if end is None else self.term(end, target, (*path, i))
            for i, end in enumerate(value)
        )
        if isinstance(low, Literally) and isinstance(high, Literally):
            ends = (low.value, high.value)
            if all(isinstance(e, (int, float)) for e in ends) and ends[0] > ends[1]:  # type: ignore[operator]
                self.problem(path, f"the low end {ends[0]} is above the high end {ends[1]}")
        return (low, high)

    def term(self, raw: Any, target: Target, path: PathOf) -> Term | None:
        """A value: literal, expression or table, as the slot's type asks."""
        slot = self.slot(target)
        if isinstance(raw, dict):
            return self._table(raw, target, path)
        if isinstance(raw, str) and slot.type in _CALCULATED:
            found = self.reader.expression(raw, path, condition=False)
            if found is not None and found.kind not in (slot.type, "any", "number"):
                self.problem(path, f"{slot.path} takes a {slot.type}, {raw!r} is {found.kind}")
            return found
        try:
            return Literally(slot.check(raw))
        except ValueError as error:
            self.problem(path, str(error))
            return None

    def _table(self, raw: dict[str, Any], target: Target, path: PathOf) -> Table | None:
        self._only(raw, ("of", "at", "below", "else"), path)
        of = self.reader.expression(raw.get("of"), (*path, "of"), condition=False)
        if of is None or ("at" in raw) == ("below" in raw):
            self.problem(
                path,
                "a table is written {of: SLOT, at: {key: value}, else: value} or below: [[bound, value]]",
            )
            return None
        at, below = raw.get("at") or {}, raw.get("below") or []
        if not isinstance(at, dict) or not isinstance(below, list):
            self.problem(path, "at takes keys and values, below takes [[bound, value], ...]")
            return None
        entries = [(key, self.term(v, target, (*path, "at", key))) for key, v in at.items()]
        steps = []
        for place, step in enumerate(below):
            if not isinstance(step, list) or len(step) != 2 or isinstance(step[0], str):
                self.problem((*path, "below", place), "expected [bound, value]")
                continue
            steps.append((step[0], self.term(step[1], target, (*path, "below", place))))
        if [bound for bound, _ in steps] != sorted(bound for bound, _ in steps):
            self.problem((*path, "below"), "the bounds must rise")
        otherwise = self.term(raw["else"], target, (*path, "else")) if "else" in raw else None
        return Table(
            of,
            tuple((key, term) for key, term in entries if term is not None),
            tuple((float(bound), term) for bound, term in steps if term is not None),
            otherwise,
        )
