"""A rulebook: the rules of several folders, read, checked together and put in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from transxlab.engine.rule import Derive, Rule
from transxlab.engine.strata import OrderError, Step, order
from transxlab.engine.yamlfile import MAX_BYTES, Problem, parse
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import Vocabulary, builtin, nearest

LAYERS = ("built in", "pack", "project")
SUFFIXES = (".yaml", ".yml", ".md")


class RulebookError(ValueError):
    """Rule files with mistakes; carries every one."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = tuple(messages)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules that were read and checked together."""

    rules: tuple[Rule, ...]
    """Active rules by id, nearer layers included; retired and replaced ones are not here."""
    digest: str
    """``sha256:...`` of every rule file's name and content."""
    vocabulary: Vocabulary
    """Vocabulary they were checked against."""
    steps: tuple[Step, ...] = ()
    """Rules and slots in the order of the strata."""
    retired: dict[str, str] = field(default_factory=dict)
    """Ids that no longer fire, with the rule that took their place."""

    def rule(self, identity: str) -> Rule:
        """The rule of that id; KeyError names the nearest or what replaced it."""
        for rule in self.rules:
            if rule.id == identity:
                return rule
        if identity in self.retired:
            raise KeyError(f"{identity} was replaced by {self.retired[identity]}")
        near = nearest(identity, [rule.id for rule in self.rules])
        raise KeyError(f"there is no rule {identity}; nearest: {', '.join(near) or 'none'}")


def load(
    folders: Iterable[tuple[int, Path]],
    vocabulary: Vocabulary | None = None,
    calculators: Mapping[str, Calculator] | None = None,
    *,
    examples: bool = False,
    deriving: bool = False,
) -> Rulebook:
    """The rulebook of some folders, each with its layer.

    Comes from the compiled cache where nothing changed; ``examples=True`` reads the files, for
    the cache leaves examples out. ``deriving=True``: only the rules that derive a value, which is
    all that an estimate needs. Raises RulebookError with every mistake of every file.
    """
    from transxlab.engine import cache

    places = list(folders)
    words = vocabulary or builtin()
    known = calculators or {}
    missing = [
        f"{root}: there is no such folder of rules" for _, root in places if not root.is_dir()
    ]
    if missing:
        raise RulebookError(missing)
    files = [(layer, root, file) for layer, root in places for file in found(root)]
    if examples:
        return read(files, words, known)
    return cache.through(files, words, known, lambda: read(files, words, known), deriving=deriving)


DERIVING = ":deriving"
"""Ends the digest of a rulebook that holds only the rules that derive."""


def deriving_only(book: Rulebook) -> Rulebook:
    """The rulebook without rules that judge or decide; its digest says so."""
    rules = tuple(rule for rule in book.rules if isinstance(rule.then, Derive))
    return replace(
        book,
        rules=rules,
        digest=book.digest + DERIVING,
        steps=kept_steps(book.steps, {rule.id for rule in rules}),
    )


def kept_steps(steps: Iterable[Step], ids: set[str]) -> tuple[Step, ...]:
    """The steps without the rules that are not among some."""
    return tuple((kind, name) for kind, name in steps if kind != "rule" or name in ids)


def found(root: Path) -> list[str]:
    """The rule files of a folder, in order; hidden ones and READMEs are not rules.

    Raises RulebookError for a folder in it that may not be read.
    """
    import os

    def refuse(error: OSError) -> None:
        raise RulebookError([f"{error.filename}: cannot be read ({error.strerror})"])

    files = []
    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        files += [
            os.path.join(folder, name)  # noqa: PTH118 - made at every start, hundreds of them
            for name in sorted(names)
            if name.endswith(SUFFIXES) and not name.startswith(".") and name != "README.md"
        ]
    return files


def read(
    files: Sequence[tuple[int, Path, str]],
    vocabulary: Vocabulary,
    calculators: Mapping[str, Calculator],
) -> Rulebook:
    """The rulebook of some files, each with its layer and root; RulebookError with all mistakes."""
    rules: list[Rule] = []
    problems: list[str] = []
    digest = hashlib.sha256()
    for layer, root, place in files:
        file = Path(place)
        name = str(file.relative_to(root)) if layer == 0 else str(file)
        try:
            content = file.read_bytes()
        except OSError as error:
            problems.append(f"{file}: cannot be read ({error.strerror})")
            continue
        digest.update(f"{layer}:{file.relative_to(root).as_posix()}\0".encode() + content)
        read_rules, mistakes = of_file(content, name, vocabulary, calculators, layer)
        rules += read_rules
        problems += [str(problem) for problem in mistakes]
    active, retired, mistakes_together = _together(rules)
    problems += mistakes_together
    if not problems:
        try:
            steps = tuple(order(active, calculators, vocabulary))
        except OrderError as error:
            problems += error.messages
    if problems:
        raise RulebookError(problems)
    return Rulebook(tuple(active), f"sha256:{digest.hexdigest()}", vocabulary, steps, retired)


def of_file(
    content: bytes,
    name: str,
    vocabulary: Vocabulary,
    calculators: Mapping[str, Calculator],
    layer: int = 0,
) -> tuple[list[Rule], list[Problem]]:
    """The rules of one file's content, YAML or Markdown by its name, and every mistake."""
    from transxlab.engine.reading import Reader

    if len(content) > MAX_BYTES:
        return [], [Problem(name, 1, f"is larger than {MAX_BYTES // 1024} KiB; split it")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Problem(name, 1, f"is not text in UTF-8 (byte {error.start})")]
    if "\0" in text:
        return [], [Problem(name, 1, "is not text: it holds a zero byte")]
    rules, problems = [], []
    for block, first_line in _blocks(text, name):
        document = parse(block, name, first_line)
        rule = Reader(document, vocabulary, calculators, layer).read()
        problems += sorted(document.problems, key=lambda problem: problem.line)
        if rule is not None:
            rules.append(rule)
    if len(rules) > 1:
        rules = [replace(rule, name=f"{rule.name}-{rule.id.lower()}") for rule in rules]
    if name.endswith(".md") and not rules and not problems:
        problems.append(Problem(name, 1, "holds no fenced block marked ```yaml rule"))
    return rules, problems


def _blocks(text: str, name: str) -> Iterator[tuple[str, int]]:
    """The rules of a file as text, each with its first line."""
    if not name.endswith(".md"):
        yield text, 1
        return
    from markdown_it import MarkdownIt

    for token in MarkdownIt().parse(text):
        if token.type == "fence" and token.info.split() == ["yaml", "rule"] and token.map:
            yield token.content, token.map[0] + 2


def _together(rules: Sequence[Rule]) -> tuple[list[Rule], dict[str, str], list[str]]:
    """The active rules, the retired ones, and every mistake that shows between rules only."""
    problems: list[str] = []
    by_id: dict[str, Rule] = {}
    for rule in rules:
        other = by_id.get(rule.id)
        if other is not None:
            problems.append(
                f"{rule.file}:{rule.line}: id {rule.id} stands already in {other.file}; ids are "
                "never reused"
            )
        else:
            by_id[rule.id] = rule
    for rule in by_id.values():
        later = (rule.replaced_by,) if rule.replaced_by else ()
        if later and rule.replaced_by not in by_id:
            problems += _reaches(rule, "is replaced by", later, by_id)
        for verb, names in (("overrides", rule.overrides), ("replaces", rule.replaces)):
            problems += _reaches(rule, verb, names, by_id)
    problems += _circles(by_id)
    retired = {r.id: r.replaced_by for r in by_id.values() if r.replaced_by is not None}
    for rule in by_id.values():
        retired |= dict.fromkeys(rule.replaces, rule.id)
    active = sorted((r for r in by_id.values() if r.id not in retired), key=lambda r: r.id)
    return active, retired, problems


def _reaches(
    rule: Rule, verb: str, names: Sequence[str], by_id: Mapping[str, Rule]
) -> Iterator[str]:
    where = f"{rule.file}:{rule.line}: {rule.id} {verb}"
    for name in names:
        if name not in by_id:
            near = ", ".join(nearest(name, by_id)) or "none is like it"
            yield f"{where} {name}, which does not exist; nearest: {near}"
        elif name == rule.id:
            yield f"{where} itself"
        elif by_id[name].layer > rule.layer:
            yield (
                f"{where} {name} of a nearer layer ({LAYERS[by_id[name].layer]}); a rule reaches "
                "its own layer or one farther away"
            )


def _circles(by_id: Mapping[str, Rule]) -> Iterator[str]:
    """Rules that override each other in a circle."""
    said: set[frozenset[str]] = set()
    for start in by_id:
        trail = [start]
        pending = [(name, [start, name]) for name in by_id[start].overrides if name in by_id]
        while pending:
            name, trail = pending.pop()
            if name == start:
                if frozenset(trail) not in said:
                    said.add(frozenset(trail))
                    yield f"rules override each other in a circle: {' -> '.join(trail)}"
                break
            onward = [n for n in by_id[name].overrides if n in by_id]
            pending += [(n, [*trail, n]) for n in onward if n == start or n not in trail]
