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
    Prefer,
    Target,
    Term,
    Then,
)
from transxlab.engine.settings import CALCULATED, Settings
from transxlab.engine.terms import paths_of
from transxlab.engine.yamlfile import PathOf
from transxlab.facts.vocabulary.template import nearest

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
HELP = {
    "derive": "derive takes slots and expressions, or {by: CALCULATOR}",
    "decide": "decide takes {slot: ..., value: ..., strength: must | should | may}",
    "alarm": "alarm takes outside: [low, high] or other_than: [...]",
    "prefer": "prefer takes {order: NUMBER, most: EXPRESSION} or least: EXPRESSION",
}


class Conclusions:
    """Reads what follows when a rule fires."""

    def __init__(self, reader: Reader, binds: Mapping[str, str], named: set[str]) -> None:
        self.reader = reader
        self.problem = reader.problem
        self.binds = binds
        self.settings = Settings(reader, named)

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
            near = [f"{nearest(key, KINDS, 1)[0]}" for key in data if nearest(key, KINDS, 1)]
            hint = f"; nearest: {', '.join(near)}" if near and not kinds else ""
            found = " and ".join(kinds) or ", ".join(data) or "nothing"
            self.problem(
                ("then",), f"then holds exactly one of {', '.join(KINDS)}; it has {found}{hint}"
            )
            return None, ""
        kind = kinds[0]
        for key in data:
            if key != kind and key not in BESIDE[kind]:
                expected = ", ".join(BESIDE[kind]) or "nothing else"
                self.problem(
                    ("then", key), f"{key!r} does not stand beside {kind}; expected {expected}"
                )
        then: Then | None = getattr(self, f"_{kind}")(data[kind], data)
        return then, self._message(data)

    def _message(self, data: dict[str, Any]) -> str:
        inner = data.get("decide")
        if isinstance(inner, dict) and inner.get("message") is not None:
            return self.reader.text(inner, "message", ("then", "decide"))
        return self.reader.text(data, "message", ("then",))

    def _finding(self, severity: Any, data: dict[str, Any]) -> Finding:
        return Finding(
            self.reader.word(severity, SEVERITIES, ("then", "finding"), "a finding"),
            self._about(data),
            self._error_when(data, ("then", "error_when")),
            self._recommended(data.get("recommend")),
        )

    def _accept(self, reason: Any, data: dict[str, Any]) -> Accept:
        return Accept(self._reason(reason, "accept"), self._about(data))

    def _exclude(self, why: Any, _: dict[str, Any]) -> Exclude:
        return Exclude(self._reason(why, "exclude"))

    def _reason(self, reason: Any, kind: str) -> str:
        if not isinstance(reason, str) or not reason.strip():
            self.problem(("then", kind), f"{kind} takes the reason, as text")
        return str(reason)

    def _about(self, data: dict[str, Any]) -> Target | None:
        if data.get("about") is None:
            return None
        return self.settings.target(data["about"], ("then", "about"))

    def _error_when(self, data: dict[str, Any], path: PathOf) -> tuple[Expression, ...]:
        return self.reader.conditions(data.get("error_when"), path)

    def _recommended(self, value: Any) -> tuple[tuple[Target, Term | Bounds], ...]:
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.problem(("then", "recommend"), "recommend takes slots and values")
            return ()
        found: list[tuple[Target, Term | Bounds]] = []
        for path, better in value.items():
            where = ("then", "recommend", path)
            target = self.settings.target(path, where)
            if target is None:
                continue
            ranged = isinstance(better, list) and self.settings.slot(target).type in CALCULATED
            read = self.settings.bounds if ranged else self.settings.term
            term = read(better, target, where)
            if term is not None:
                found.append((target, term))
        return tuple(found)

    def _derive(self, body: Any, _: dict[str, Any]) -> Derive | None:
        path: PathOf = ("then", "derive")
        if not isinstance(body, dict) or not body:
            self.problem(path, HELP["derive"])
            return None
        if set(body) == {"by"}:
            return self._calculated(body["by"], (*path, "by"))
        found = []
        for slot_path, raw in body.items():
            setting = self.settings.setting(slot_path, raw, (*path, slot_path))
            if setting is not None:
                self._one_value(*setting, (*path, slot_path))
                found.append(setting)
        return Derive(tuple(found))

    def _one_value(self, target: Target, term: Term, path: PathOf) -> None:
        several = {alias for alias, _ in paths_of(term)} & set(self.binds)
        if several and not self.reader.ranges(target.alias):
            self.problem(
                path,
                f"{target.path} has one value but there may be several of "
                f"{', '.join(sorted(several))}: use a calculator",
            )

    def _calculated(self, name: Any, path: PathOf) -> Derive:
        calculators = self.reader.calculators
        if name not in calculators:
            near = nearest(str(name), calculators, 5) or sorted(calculators)
            hint = f"; nearest: {', '.join(near)}" if near else ""
            self.problem(path, f"there is no calculator {name!r}{hint}")
            return Derive(by=str(name))
        for template in dict.fromkeys(w.split(".")[0] for w in calculators[name].writes):
            if self.reader.ranges(template) and template not in self.binds.values():
                self.problem(
                    path,
                    f"{name} writes {template}, of which there may be several: "
                    f"name it in a condition such as known({template}.SLOT)",
                )
        return Derive(by=str(name))

    def _decide(self, body: Any, _: dict[str, Any]) -> Decide | None:
        path: PathOf = ("then", "decide")
        if not isinstance(body, dict) or "slot" not in body:
            self.problem(path, HELP["decide"])
            return None
        allowed = ("slot", "value", "range", "strength", "alarm", "message")
        self.reader.only(body, allowed, path, "part of a decision")
        target = self.settings.target(body["slot"], (*path, "slot"))
        if target is None:
            return None
        self.settings.knob(target, (*path, "slot"), "a decision sets knobs only: derive it instead")
        if "value" not in body and body.get("range") is None:
            self.problem(path, "decides nothing: give a value or a range")
        value = limits = None
        if "value" in body:
            value = self.settings.term(body["value"], target, (*path, "value"))
        if body.get("range") is not None:
            limits = self.settings.bounds(body["range"], target, (*path, "range"))
        strength = self.reader.word(
            body.get("strength", "should"), STRENGTHS, (*path, "strength"), "strength"
        )
        return Decide(target, value, limits, strength, self._alarm(body.get("alarm"), target))

    def _alarm(self, body: Any, target: Target) -> Alarm | None:
        path: PathOf = ("then", "decide", "alarm")
        if body is None:
            return None
        if not isinstance(body, dict):
            self.problem(path, HELP["alarm"])
            return None
        allowed = ("outside", "other_than", "severity", "error_when")
        self.reader.only(body, allowed, path, "part of an alarm")
        outside, other = body.get("outside"), body.get("other_than")
        if outside is None and other is None:
            self.problem(path, f"never rings: {HELP['alarm']}")
        severity = body.get("severity", "warning")
        return Alarm(
            self.reader.word(severity, SEVERITIES, (*path, "severity"), "severity"),
            None if outside is None else self.settings.bounds(outside, target, (*path, "outside")),
            None if other is None else self._others(other, target, (*path, "other_than")),
            self._error_when(body, (*path, "error_when")),
        )

    def _others(self, values: Any, target: Target, path: PathOf) -> tuple[Any, ...]:
        found = []
        for value in self.reader.items(values, path, "other_than"):
            try:
                found.append(self.settings.slot(target).check(value))
            except ValueError as error:
                self.problem(path, str(error))
        return tuple(found)

    def _prefer(self, body: Any, _: dict[str, Any]) -> Prefer | None:
        path: PathOf = ("then", "prefer")
        keys = [k for k in ("most", "least") if isinstance(body, dict) and k in body]
        if len(keys) != 1 or type(body.get("order")) not in (int, float):
            self.problem(path, HELP["prefer"])
            return None
        self.reader.only(body, ("order", "most", "least"), path, "part of a preference")
        key = keys[0]
        term = self.settings.computed(body[key], (*path, key), ("number",), key)
        if term is None:
            return None
        return Prefer(body["order"], **{key: term})
