"""One rule from plain data: every mistake named with its place, what was expected and the cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from transxlab.engine.conclusions import Conclusions
from transxlab.engine.examplefacts import facts_of
from transxlab.engine.expressions import Expression, ExpressionError, parse
from transxlab.engine.rule import (
    EVIDENCE,
    Derive,
    Dissent,
    Example,
    Exclude,
    Finding,
    Fix,
    Prefer,
    Rule,
    Source,
    Then,
)
from transxlab.engine.terms import message_problems
from transxlab.engine.yamlfile import Document, PathOf, Problem
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import Vocabulary, nearest

FIELDS = (
    "id", "since", "what", "why", "costs", "for", "when", "some", "unless", "then", "overrides",
    "replaces", "instead", "evidence", "sources", "dissent", "read", "examples", "fix", "untested",
    "replaced_by",
)  # fmt: skip
NEEDED = ("id", "what", "then", "evidence", "sources", "examples")
EXPECTATIONS = ("fires", "value", "severity", "order")
MAX_CONDITIONS = 8
_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}[0-9]{3}\Z")
_READ = re.compile(r"[\w.-]+\.md#[\w-]+\Z")


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
        line = self.document.line(path)
        self.document.problems.append(Problem(self.document.file, line, message))

    def read(self) -> Rule | None:
        """The rule; None if there is any mistake."""
        data = self.document.data
        if not isinstance(data, dict):
            if not self.document.problems:
                self.problem((), "holds no rule: expected fields such as id, what and then")
            return None
        before = len(self.document.problems)
        self._fields(data)
        self.aliases = self._aliases(data.get("for"))
        conditions = {name: self._conditions(data.get(name), (name,)) for name in _LISTS}
        if sum(map(len, conditions.values())) > MAX_CONDITIONS:
            self.problem(
                ("when",),
                f"has more than {MAX_CONDITIONS} conditions; name a derived quantity",
            )
        binds = self._binds(conditions)
        then, message = Conclusions(self, binds, conditions["some"]).read(data.get("then"))
        rule = self._rule(data, conditions, binds, then, message)
        clean = len(self.document.problems) == before and not self.document.problems
        return rule if clean else None

    def _fields(self, data: dict[str, Any]) -> None:
        for key in data:
            if key not in FIELDS:
                near = nearest(key, FIELDS) or list(FIELDS)
                self.problem((key,), f"there is no field {key!r}; nearest: {', '.join(near)}")
        for key in NEEDED:
            if not data.get(key):
                self.problem((), f"field {key!r} is missing")

    def text(self, data: Mapping[str, Any], key: str, path: PathOf = ()) -> str:
        """A field that holds text, empty where it is absent."""
        value = data.get(key)
        if value is None:
            return ""
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return str(value).strip()
        self.problem((*path, key), f"{key} takes text, got {_shape(value)}")
        return ""

    def word(self, value: Any, words: tuple[Any, ...], path: PathOf, what: str) -> Any:
        """One of the words; the first of them where it is not."""
        if value in words and isinstance(value, str):
            return value
        near = nearest(str(value), words)
        hint = f"; nearest: {near[0]}" if near else ""
        self.problem(path, f"{what} is one of {', '.join(words)}; got {value!r}{hint}")
        return words[0]

    def items(self, value: Any, path: PathOf, what: str) -> list[Any]:
        """A list; empty where it is absent."""
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.problem(path, f"{what} takes a list, one item per line; got {_shape(value)}")
        return []

    def texts(self, value: Any, path: PathOf, what: str) -> tuple[str, ...]:
        """A list of texts."""
        found = self.items(value, path, what)
        for place, item in enumerate(found):
            if not isinstance(item, str):
                self.problem((*path, place), f"{what} takes text, got {_shape(item)}")
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
                    f"{template!r} is no template with several facts; expected one of "
                    f"{', '.join(several)}",
                )
            elif alias in self.vocabulary and alias != template:
                self.problem(
                    ("for", alias), f"{alias!r} hides the template of that name; rename it"
                )
            else:
                found[alias] = template
        return found

    def _conditions(self, value: Any, path: PathOf) -> tuple[Expression, ...]:
        found = []
        for place, item in enumerate(self.items(value, path, path[-1:][0])):  # type: ignore[arg-type]
            expression = self.expression(item, (*path, place))
            if expression is not None:
                found.append(expression)
        return tuple(found)

    def expression(self, item: Any, path: PathOf, *, condition: bool = True) -> Expression | None:
        """An expression; None and a problem where it is not one."""
        if isinstance(item, dict):
            self.problem(path, f"a condition is text; put it in quotes, for it holds ': ' ({item})")
            return None
        if not isinstance(item, str):
            if condition or isinstance(item, (list, bool)) or item is None:
                self.problem(path, f"expected a comparison, got {_shape(item)}")
                return None
            item = str(item)
        try:
            return parse(item, self.vocabulary, self.aliases, condition=condition)
        except ExpressionError as error:
            self.problem(path, str(error))
            return None

    def template_of(self, alias: str) -> str:
        """Template that a name of this rule stands for."""
        return self.aliases.get(alias, alias)

    def _binds(self, conditions: Mapping[str, tuple[Expression, ...]]) -> dict[str, str]:
        """Names that range over several facts: those of ``when``, and those no list uses."""
        used = {name: _names(expressions) for name, expressions in conditions.items()}
        elsewhere = used["some"] | used["unless"]
        found = {
            alias: template
            for alias, template in self.aliases.items()
            if alias in used["when"] or alias not in elsewhere
        }
        for alias in sorted(used["when"] - set(self.aliases)):
            if alias in self.vocabulary and self.vocabulary[alias].several:
                found[alias] = alias
        return found

    def _rule(
        self,
        data: dict[str, Any],
        conditions: Mapping[str, tuple[Expression, ...]],
        binds: dict[str, str],
        then: Then | None,
        message: str,
    ) -> Rule | None:
        self._messages(message, then)
        identity = self.text(data, "id")
        if identity and not _ID.match(identity):
            self.problem(
                ("id",), f"id {identity!r}: expected capital letters and three digits, LR001"
            )
        read = self.text(data, "read")
        if read and not _READ.match(read):
            self.problem(("read",), f"read takes chapter.md#anchor, got {read!r}")
        evidence = data.get("evidence")
        if evidence is not None:
            evidence = self.word(evidence, EVIDENCE, ("evidence",), "evidence")
        sources = self._sources(data)
        dissent = self._dissent(data)
        examples = self._examples(data)
        fix = self._fix(data.get("fix"))
        if then is None:
            return None
        if isinstance(then, (Exclude, Prefer)) and "candidate" not in binds.values():
            binds = {**binds, "candidate": "candidate"}
        return Rule(
            id=identity,
            name=PurePosixPath(self.document.file).stem,
            what=self.text(data, "what"),
            then=then,
            evidence=evidence or "practice",
            sources=sources,
            layer=self.layer,
            file=self.document.file,
            line=self.document.line(()),
            since=self.text(data, "since"),
            why=self.text(data, "why"),
            costs=self.text(data, "costs"),
            instead=self.text(data, "instead"),
            message=message or (self.text(data, "what") if isinstance(then, Finding) else ""),
            dissent=dissent,
            read=read,
            aliases=tuple(self.aliases.items()),
            binds=tuple(binds.items()),
            when=conditions["when"],
            some=conditions["some"],
            unless=conditions["unless"],
            overrides=self.texts(data.get("overrides"), ("overrides",), "overrides"),
            replaces=self.texts(data.get("replaces"), ("replaces",), "replaces"),
            replaced_by=self.text(data, "replaced_by") or None,
            fix=fix,
            examples=examples,
            untested=self.texts(data.get("untested"), ("untested",), "untested"),
        )

    def _messages(self, message: str, then: Then | None) -> None:
        """Every substitution of a message must name a slot and a unit that exist."""
        texts = [(message, ("then",))]
        if isinstance(then, Exclude):
            texts.append((then.why, ("then", "exclude")))
        for text, path in texts:
            for mistake in message_problems(text, self.vocabulary, self.aliases):
                self.problem(path, mistake)

    def _slot_exists(self, path_text: str, path: PathOf) -> bool:
        alias, _, slot = path_text.partition(".")
        try:
            self.vocabulary[self.template_of(alias)][slot]
        except KeyError as error:
            self.problem(path, str(error.args[0]))
            return False
        return True

    def _sources(self, data: dict[str, Any]) -> tuple[Source, ...]:
        found = []
        for place, item in enumerate(self.items(data.get("sources"), ("sources",), "sources")):
            path = ("sources", place)
            if isinstance(item, dict) and item.get("id") and set(item) <= {"id", "where"}:
                found.append(Source(str(item["id"]), self.text(item, "where", path) or None))
            else:
                self.problem(path, "a source is written {id: ..., where: ...}")
        return tuple(found)

    def _dissent(self, data: dict[str, Any]) -> tuple[Dissent, ...]:
        found = []
        for place, item in enumerate(self.items(data.get("dissent"), ("dissent",), "dissent")):
            path = ("dissent", place)
            if isinstance(item, dict) and set(item) == {"id", "says"}:
                found.append(Dissent(str(item["id"]), self.text(item, "says", path)))
            else:
                self.problem(path, "a dissent is written {id: ..., says: ...}")
        return tuple(found)

    def _examples(self, data: dict[str, Any]) -> tuple[Example, ...]:
        found = []
        for place, item in enumerate(self.items(data.get("examples"), ("examples",), "examples")):
            path: PathOf = ("examples", place)
            example = self._example(item, path)
            if example is not None:
                found.append(example)
        return tuple(found)

    def _example(self, item: Any, path: PathOf) -> Example | None:
        allowed = ("name", "facts", "todo", *EXPECTATIONS)
        if not isinstance(item, dict) or not item.get("name"):
            self.problem(path, "an example is written {name: ..., facts: {...}, fires: true}")
            return None
        for key in item:
            if key not in allowed:
                near = nearest(key, allowed) or list(allowed)
                self.problem((*path, key), f"an example has no {key!r}; nearest: {', '.join(near)}")
        expect = {key: item[key] for key in EXPECTATIONS if key in item}
        if not expect:
            self.problem(path, f"expects nothing: add one of {', '.join(EXPECTATIONS)}")
        facts = item.get("facts")
        if facts is None:
            facts = {}
        if not isinstance(facts, dict):
            self.problem((*path, "facts"), "facts are written {template: {slot: value}}")
            return None
        try:
            facts_of(facts, self.vocabulary)
        except ValueError as error:
            for line in str(error).splitlines():
                self.problem((*path, "facts"), f"example {item['name']!r}: {line}")
        return Example(str(item["name"]), facts, expect, bool(item.get("todo")))

    def _fix(self, value: Any) -> Fix | None:
        if value is None:
            return None
        if not isinstance(value, dict) or not set(value) <= {"set", "rename", "remove"}:
            self.problem(
                ("fix",), "fix is written {set: {slot: value}, rename: {key: key}, remove: [key]}"
            )
            return None
        conclusions = Conclusions(self, {}, ())
        settings = value.get("set") or {}
        setting = [
            conclusions.setting(path, term, ("fix", "set", path)) for path, term in settings.items()
        ]
        renames = {str(k): str(v) for k, v in (value.get("rename") or {}).items()}
        removes = self.texts(value.get("remove"), ("fix", "remove"), "remove")
        for text in (*renames, *renames.values(), *removes):
            if "." in text and not text.startswith("{"):
                self._slot_exists(text, ("fix",))
        return Fix(tuple(s for s in setting if s is not None), tuple(renames.items()), removes)


_LISTS = ("when", "some", "unless")
Note = Callable[[PathOf, str], None]


def _names(expressions: tuple[Expression, ...]) -> set[str]:
    return {alias for expression in expressions for alias, _ in expression.paths}


def _shape(value: Any) -> str:
    kinds = {dict: "a map", list: "a list", bool: "true or false", type(None): "nothing"}
    return kinds.get(type(value), repr(value))


__all__ = ["Derive", "Reader"]
