"""What a rule carries beside its logic: sources, dissent, examples, a fix, what is untested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from transxlab.engine.examplefacts import facts_of
from transxlab.engine.rule import SEVERITIES, Dissent, Example, Fix, Source
from transxlab.engine.settings import Settings
from transxlab.engine.yamlfile import PathOf
from transxlab.facts.vocabulary.template import nearest

if TYPE_CHECKING:
    from transxlab.engine.expressions import Expression
    from transxlab.engine.reading import Reader

EXPECTATIONS = ("fires", "value", "severity", "order")
FIRES = (True, False, "unknown")


def sources(reader: Reader, data: Mapping[str, Any]) -> tuple[Source, ...]:
    """The sources of a rule."""
    found = []
    for place, item in enumerate(reader.items(data.get("sources"), ("sources",), "sources")):
        path = ("sources", place)
        if isinstance(item, dict) and item.get("id") and set(item) <= {"id", "where"}:
            where = reader.text(item, "where", path) or None
            found.append(Source(reader.text(item, "id", path), where))
        else:
            reader.problem(path, "a source is written {id: ..., where: ...}")
    return tuple(found)


def dissent(reader: Reader, data: Mapping[str, Any]) -> tuple[Dissent, ...]:
    """The sources that say otherwise."""
    found = []
    for place, item in enumerate(reader.items(data.get("dissent"), ("dissent",), "dissent")):
        path = ("dissent", place)
        if isinstance(item, dict) and set(item) == {"id", "says"}:
            found.append(Dissent(reader.text(item, "id", path), reader.text(item, "says", path)))
        else:
            reader.problem(path, "a dissent is written {id: ..., says: ...}")
    return tuple(found)


def examples(reader: Reader, data: Mapping[str, Any]) -> tuple[Example, ...]:
    """The examples a rule is tested by."""
    items = reader.items(data.get("examples"), ("examples",), "examples")
    found = [_example(reader, item, ("examples", place)) for place, item in enumerate(items)]
    names: set[str] = set()
    for place, example in enumerate(found):
        if example is not None and example.name in names:
            reader.problem(("examples", place), f"two examples are called {example.name!r}")
        names.add(example.name if example else "")
    return tuple(example for example in found if example is not None)


def _example(reader: Reader, item: Any, path: PathOf) -> Example | None:
    if not isinstance(item, dict) or not item.get("name"):
        reader.problem(path, "an example is written {name: ..., facts: {...}, fires: true}")
        return None
    reader.only(item, ("name", "facts", "todo", *EXPECTATIONS), path, "part of an example")
    expect = {key: item[key] for key in EXPECTATIONS if key in item}
    if not expect:
        reader.problem(path, f"expects nothing: add one of {', '.join(EXPECTATIONS)}")
    _expectations(reader, expect, path)
    if not isinstance(item.get("todo", False), bool):
        reader.problem((*path, "todo"), "todo takes true or false")
    facts = item.get("facts")
    if facts is None:
        facts = {}
    if not isinstance(facts, dict):
        reader.problem((*path, "facts"), "facts are written {template: {slot: value}}")
        return None
    try:
        facts_of(facts, reader.vocabulary)
    except ValueError as error:
        for line in str(error).splitlines():
            reader.problem((*path, "facts"), f"example {item['name']!r}: {line}")
    return Example(reader.text(item, "name", path), facts, expect, item.get("todo") is True)


def _expectations(reader: Reader, expect: Mapping[str, Any], path: PathOf) -> None:
    fires = expect.get("fires", True)
    if not any(fires is word or fires == "unknown" == word for word in FIRES):
        reader.problem((*path, "fires"), f"fires takes true, false or unknown; got {fires!r}")
    severity = expect.get("severity")
    if severity is not None:
        reader.word(severity, SEVERITIES, (*path, "severity"), "an expected severity")
    order = expect.get("order", [])
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        reader.problem((*path, "order"), "order takes the candidates' names, best first")


def fix(reader: Reader, data: Mapping[str, Any], binds: Mapping[str, str]) -> Fix | None:
    """The change that clears a rule's finding."""
    value = data.get("fix")
    if value is None:
        return None
    written = "fix is written {set: {slot: value}, rename: {key: key}, remove: [key]}"
    if not isinstance(value, dict) or not value:
        reader.problem(("fix",), written)
        return None
    reader.only(value, ("set", "rename", "remove"), ("fix",), "part of a fix")
    changes, renames = value.get("set") or {}, value.get("rename") or {}
    removals = value.get("remove") or []
    if isinstance(removals, str):
        removals = [removals]
    if not (isinstance(changes, dict) and isinstance(renames, dict) and isinstance(removals, list)):
        reader.problem(("fix",), written)
        return None
    settings = Settings(reader, set(binds))
    made = []
    for slot_path, term in changes.items():
        setting = settings.setting(slot_path, term, ("fix", "set", slot_path))
        if setting is not None:
            settings.knob(setting[0], ("fix", "set", slot_path), "a fix changes knobs only")
            made.append(setting)
    pairs = tuple((str(old), str(new)) for old, new in renames.items())
    return Fix(tuple(made), pairs, tuple(map(str, removals)))


def untested(
    reader: Reader, data: Mapping[str, Any], lists: Mapping[str, Sequence[Expression]]
) -> tuple[str, ...]:
    """Conditions no example bears on, each as ``CONDITION: REASON``."""
    conditions = [condition.text for part in lists.values() for condition in part]
    found = []
    for place, item in enumerate(reader.items(data.get("untested"), ("untested",), "untested")):
        pairs = list(item.items()) if isinstance(item, dict) else [str(item).partition(": ")[::2]]
        condition, reason = pairs[0] if len(pairs) == 1 else ("", "")
        if not condition or not reason:
            reader.problem(("untested", place), "untested takes CONDITION: REASON, one per line")
        elif condition not in conditions:
            close = nearest(condition, conditions, 1)
            hint = f"; nearest: {close[0]}" if close else ""
            reader.problem(("untested", place), f"{condition!r} is no condition of it{hint}")
        found.append(f"{condition}: {reason}")
    return tuple(found)
