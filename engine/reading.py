"""One rule from plain data: every mistake named with its place, what was expected and the cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from transxlab.engine import appendix
from transxlab.engine.conclusions import Conclusions
from transxlab.engine.expressions import Expression, ExpressionError, parse
from transxlab.engine.rule import EVIDENCE, Accept, Exclude, Finding, Literally, Rule, Then
from transxlab.engine.terms import message_paths, message_problems
from transxlab.engine.yamlfile import SET_ASIDE, Document, PathOf
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import Vocabulary, nearest

FIELDS = (
    "id", "since", "what", "why", "costs", "for", "when", "some", "unless", "then", "overrides",
    "replaces", "instead", "evidence", "sources", "dissent", "read", "examples", "fix", "untested",
    "replaced_by",
)  # fmt: skip
NEEDED = ("id", "what", "then", "evidence", "sources", "examples")
MAX_CONDITIONS = 8
_LISTS = ("when", "some", "unless")
_TEXTS = ("what", "since", "why", "costs", "instead")
_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}[0-9]{3}\Z")
_READ = re.compile(r"[\w./-]+\.md#[\w-]+\Z")


class Reader:
    """Reads one rule; mistakes are collected in the document's problems."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        calculators: Mapping[str, Calculator],
        layer: int,
    ) -> None:
        self.document = document
        self.vocabulary = vocabulary
        self.calculators = calculators
        self.layer = layer
        self.aliases: dict[str, str] = {}

    def problem(self, path: PathOf, message: str) -> None:
        """Note a mistake at a place of the document."""
        self.document.problem(self.document.line(path), message)

    def read(self) -> Rule | None:
        """The rule; None if there is any mistake."""
        data = self.document.data
        if not isinstance(data, dict):
            if not self.document.problems:
                self.problem((), "holds no rule: expected fields such as id, what and then")
            return None
        self._fields(data)
        self.aliases = self._aliases(data.get("for"))
        conditions = {name: self.conditions(data.get(name), (name,)) for name in _LISTS}
        if sum(map(len, conditions.values())) > MAX_CONDITIONS:
            self.problem(
                ("when",),
                f"has more than {MAX_CONDITIONS} conditions: derive a named slot first",
            )
        binds = self._binds(conditions, data.get("then"))
        named = {*binds, *(alias for e in conditions["some"] for alias, _ in e.paths)}
        conclusions = Conclusions(self, binds, named)
        then, message = conclusions.read(data.get("then"))
        rule = self._rule(data, conditions, binds, then, message)
        self._messages(rule, then, message, named)
        return None if self.document.problems else rule

    def _fields(self, data: dict[str, Any]) -> None:
        self.only(data, FIELDS, (), "field")
        for key in NEEDED:
            if not data.get(key) and (key in data or not self.document.set_aside):
                self.problem((key,) if key in data else (), f"field {key!r} is missing or empty")

    def only(
        self, data: Mapping[str, Any], allowed: tuple[str, ...], path: PathOf, what: str
    ) -> None:
        """Every key must be one of those allowed."""
        for key in data:
            if key not in allowed:
                near = nearest(key, allowed)
                hint = f"nearest: {', '.join(near)}" if near else f"expected {', '.join(allowed)}"
                self.problem((*path, key), f"there is no {what} {key!r}; {hint}")

    def text(self, data: Mapping[str, Any], key: str, path: PathOf = ()) -> str:
        """A field that holds text, empty where it is absent; a number stands as written."""
        value = data.get(key)
        if value is None:
            return ""
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return self.document.written.get((*path, key), str(value)).strip()
        self.problem((*path, key), f"{key} takes text, got {shape(value)}")
        return ""

    def word(self, value: Any, words: tuple[Any, ...], path: PathOf, what: str) -> Any:
        """One of the words; the first of them where it is not."""
        if value in words and isinstance(value, str):
            return value
        near = nearest(str(value), words)
        hint = f"; nearest: {near[0]}" if near else ""
        self.problem(path, f"{what} is one of {', '.join(words)}; got {shape(value)}{hint}")
        return words[0]

    def items(self, value: Any, path: PathOf, what: str) -> list[Any]:
        """A list; empty where it is absent."""
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.problem(path, f"{what} takes a list, one item per line; got {shape(value)}")
        return []

    def texts(self, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A field that holds a list of texts."""
        found = self.items(data.get(key), (key,), key)
        for place, item in enumerate(found):
            if not isinstance(item, str):
                self.problem((key, place), f"{key} takes text, got {shape(item)}")
        return tuple(item for item in found if isinstance(item, str))

    def _aliases(self, value: Any) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem(
                ("for",), "for takes names and templates, as in {train: split, val: split}"
            )
            return {}
        several = [t.name for t in self.vocabulary.templates.values() if t.several]
        found = {}
        for alias, template in value.items():
            if template not in several:
                self.problem(
                    ("for", alias),
                    f"{shape(template)} is no template with several facts; expected one of "
                    f"{', '.join(several)}",
                )
            elif alias in self.vocabulary and alias != template:
                self.problem(
                    ("for", alias), f"{alias!r} hides the template of that name: rename it"
                )
            elif not alias.isidentifier():
                self.problem(("for", alias), f"{alias!r} is no name: use letters and underscores")
            else:
                found[alias] = template
        return found

    def conditions(self, value: Any, path: PathOf) -> tuple[Expression, ...]:
        """A list of conditions."""
        items = self.items(value, path, str(path[-1]))
        found = [self.expression(item, (*path, place)) for place, item in enumerate(items)]
        return tuple(expression for expression in found if expression is not None)

    def expression(self, item: Any, path: PathOf, *, condition: bool = True) -> Expression | None:
        """An expression; None and a problem where it is not one."""
        if item == SET_ASIDE and self.document.line(path) in self.document.set_aside:
            return None
        if isinstance(item, dict):
            held = " ".join(f"{key}: {value}" for key, value in item.items())
            self.problem(path, f"a condition is text, not a map: quote it whole, '{held}'")
            return None
        if not isinstance(item, str) and (condition or not isinstance(item, (int, float))):
            self.problem(path, f"expected a comparison, got {shape(item)}")
            return None
        if isinstance(item, bool):
            item = str(item).lower()
        try:
            return parse(str(item), self.vocabulary, self.aliases, condition=condition)
        except ExpressionError as error:
            self.problem(path, f"{item}: {error}")
            return None

    def template_of(self, alias: str) -> str:
        """Template that a name of this rule stands for."""
        return self.aliases.get(alias, alias)

    def ranges(self, alias: str) -> bool:
        """Whether a name of this rule stands for one of several facts."""
        template = self.template_of(alias)
        return template in self.vocabulary and self.vocabulary[template].several

    def _binds(self, lists: Mapping[str, tuple[Expression, ...]], then: Any) -> dict[str, str]:
        """Names that range over all their facts: those of ``when``, and those no list uses."""
        used = {alias for expression in lists["when"] for alias, _ in expression.paths}
        free = {alias for part in lists.values() for e in part for alias, _ in e.paths} - used
        found = {alias: t for alias, t in self.aliases.items() if alias not in free}
        for alias in sorted(used - set(found)):
            if self.ranges(alias):
                found[alias] = self.template_of(alias)
        choosing = isinstance(then, dict) and ("exclude" in then or "prefer" in then)
        if choosing and "candidate" not in found.values():
            found["candidate"] = "candidate"
        return found

    def _rule(
        self,
        data: dict[str, Any],
        conditions: Mapping[str, tuple[Expression, ...]],
        binds: dict[str, str],
        then: Then | None,
        message: str,
    ) -> Rule:
        fields: dict[str, Any] = {key: self.text(data, key) for key in _TEXTS}
        fields |= conditions
        evidence = data.get("evidence") or "practice"
        return Rule(
            id=self._matching(data, "id", _ID, "capital letters and three digits, as in LR001"),
            name=PurePosixPath(self.document.file).stem,
            then=then or Finding("advice"),
            evidence=self.word(evidence, EVIDENCE, ("evidence",), "evidence"),
            sources=appendix.sources(self, data),
            layer=self.layer,
            file=self.document.file,
            line=self.document.line(()),
            message=message or (fields["what"] if isinstance(then, Finding) else ""),
            dissent=appendix.dissent(self, data),
            read=self._matching(data, "read", _READ, "chapter.md#anchor"),
            aliases=tuple(self.aliases.items()),
            binds=tuple(binds.items()),
            overrides=self._overrides(data, then),
            replaces=self.texts(data, "replaces"),
            replaced_by=self.text(data, "replaced_by") or None,
            fix=appendix.fix(self, data, binds),
            examples=appendix.examples(self, data),
            untested=appendix.untested(self, data, conditions),
            **fields,
        )

    def _matching(
        self, data: dict[str, Any], key: str, pattern: re.Pattern[str], wanted: str
    ) -> str:
        found = self.text(data, key)
        if found and not pattern.match(found):
            self.problem((key,), f"{key} takes {wanted}; got {found!r}")
        return found

    def _overrides(self, data: dict[str, Any], then: Then | None) -> tuple[str, ...]:
        names = self.texts(data, "overrides")
        if isinstance(then, Accept) and not names:
            self.problem(("then",), "accepts nothing: name the rules it silences under overrides")
        return names

    def _messages(self, rule: Rule, then: Then | None, message: str, named: set[str]) -> None:
        """Every substitution names a slot and a unit that exist, of a fact the rule is about."""
        texts: list[tuple[PathOf, str]] = [(("then", "message"), message)]
        if isinstance(then, Exclude):
            texts.append((("then", "exclude"), then.why))
        if isinstance(then, Accept):
            texts.append((("then", "accept"), then.reason))
        if rule.fix is not None:
            renames = [part for pair in rule.fix.rename for part in pair]
            values = [term.value for _, term in rule.fix.set if isinstance(term, Literally)]
            texts += [
                (("fix",), part)
                for part in (*renames, *rule.fix.remove, *values)
                if isinstance(part, str)
            ]
        for path, text in texts:
            for problem in message_problems(text, self.vocabulary, self.aliases):
                self.problem(path, problem)
            for alias in {alias for alias, _ in message_paths(text)} - named:
                if self.ranges(alias):
                    self.problem(path, f"{{{alias}...}} names one of several facts: which of them?")


def shape(value: Any) -> str:
    """A value of plain data in a few words, for what was got instead."""
    words = {dict: "a map", list: "a list", type(None): "nothing"}
    if isinstance(value, bool):
        return str(value).lower()
    return words.get(type(value), repr(value))
