"""The frozen rule form: what every other module of the engine reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from transxlab.engine.expressions import Expression
from transxlab.facts.values import Value

Severity = Literal["error", "warning", "advice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")
Strength = Literal["must", "should", "may"]
STRENGTHS: tuple[Strength, ...] = ("may", "should", "must")
Evidence = Literal["measured", "paper", "vendor", "practice"]
EVIDENCE: tuple[Evidence, ...] = ("practice", "vendor", "paper", "measured")


@dataclass(frozen=True, slots=True)
class Literally:
    """A value that stands in the rule as it is."""

    value: Value
    """The value."""


@dataclass(frozen=True, slots=True)
class Table:
    """A value looked up by another value."""

    of: Expression
    """What is looked up."""
    at: tuple[tuple[Value, Term], ...] = ()
    """Exact matches: key and value."""
    below: tuple[tuple[float, Term], ...] = ()
    """Rising bounds: the first bound above the looked-up number gives the value."""
    otherwise: Term | None = None
    """Value where nothing matched; None: unknown."""


Term: TypeAlias = "Literally | Expression | Table"
"""How a rule says a value."""
Bounds: TypeAlias = "tuple[Term | None, Term | None]"
"""Low and high end; None is an open end."""


@dataclass(frozen=True, slots=True)
class Target:
    """A slot as a rule writes or talks about it."""

    alias: str
    """Name the rule uses for the fact: its template, or a name from ``for``."""
    template: str
    """Template of that fact."""
    slot: str
    """Slot of that template."""

    @property
    def path(self) -> str:
        """``split.rows``, whatever the rule calls the split."""
        return f"{self.template}.{self.slot}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """When the value that will run is so far off that it must be said."""

    severity: Severity = "warning"
    """Severity of the finding."""
    outside: Bounds | None = None
    """Rings below the low or above the high end."""
    other_than: tuple[Value, ...] | None = None
    """Rings for any other value."""
    error_when: tuple[Expression, ...] = ()
    """Raises the severity to error when all are true of some facts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something said to the user."""

    severity: Severity
    """How bad it is."""
    about: Target | None = None
    """Slot it is about."""
    error_when: tuple[Expression, ...] = ()
    """Raises the severity to error when all are true of some facts."""
    recommend: tuple[tuple[Target, Term | Bounds], ...] = ()
    """Better values: one value, or a range."""


@dataclass(frozen=True, slots=True)
class Derive:
    """New facts."""

    values: tuple[tuple[Target, Term], ...] = ()
    """Slots and how each is computed; empty where a calculator does it."""
    by: str | None = None
    """Name of the calculator."""


@dataclass(frozen=True, slots=True)
class Decide:
    """The value a knob should have."""

    target: Target
    """The knob."""
    value: Term | None = None
    """The recommended value."""
    range: Bounds | None = None
    """The range that is as good."""
    strength: Strength = "should"
    """How firmly."""
    alarm: Alarm | None = None
    """When a held value is a finding; None: never."""


@dataclass(frozen=True, slots=True)
class Exclude:
    """A candidate that is out."""

    why: str
    """Reason, with ``{path}`` substitutions."""


@dataclass(frozen=True, slots=True)
class Prefer:
    """A key candidates are sorted by."""

    order: float
    """Place among the keys; the lowest counts first."""
    most: Term | None = None
    """Larger is better."""
    least: Term | None = None
    """Smaller is better."""


@dataclass(frozen=True, slots=True)
class Accept:
    """What others flag is fine here."""

    reason: str
    """Why, with ``{path}`` substitutions."""
    about: Target | None = None
    """Slot whose findings are silenced; None: any."""


Then: TypeAlias = "Finding | Derive | Decide | Exclude | Prefer | Accept"


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a rule."""

    id: str
    """Id in ``kb_docs/sources.yaml``."""
    where: str | None = None
    """Place in it, and what it shows."""


@dataclass(frozen=True, slots=True)
class Dissent:
    """A source that says otherwise."""

    id: str
    """Id in ``kb_docs/sources.yaml``."""
    says: str
    """What it says."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of the user's file that clears the finding."""

    set: tuple[tuple[Target, Term], ...] = ()
    """Slots and their new values."""
    rename: tuple[tuple[str, str], ...] = ()
    """Keys and their new names; either may be a ``{path}``."""
    remove: tuple[str, ...] = ()
    """Keys to take out; may be a ``{path}``."""


@dataclass(frozen=True, slots=True)
class Example:
    """A case the rule is tested by."""

    name: str
    """What it shows."""
    facts: dict[str, object]
    """Facts as the rule file writes them."""
    expect: dict[str, object]
    """Any of ``fires``, ``value``, ``severity``, ``order``."""
    todo: bool = False
    """Known not to hold yet; reported when it starts to."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked and ready to run."""

    id: str
    """Family and number, never reused."""
    name: str
    """File name; reads as "allow ..."."""
    what: str
    """The rule in one sentence."""
    then: Then
    """What follows."""
    evidence: Evidence
    """How strong its evidence is."""
    sources: tuple[Source, ...]
    """Where it comes from."""
    layer: int = 0
    """0 built in, 1 a lab's pack, 2 the project's own lessons: nearer beats farther."""
    file: str = ""
    """File it was read from, relative to its rulebook."""
    line: int = 1
    """Line it begins at."""
    since: str = ""
    """Version it appeared in."""
    why: str = ""
    """Why it matters."""
    costs: str = ""
    """When and how it hurts."""
    instead: str = ""
    """What to do instead."""
    message: str = ""
    """What the user reads, with ``{path}`` substitutions."""
    dissent: tuple[Dissent, ...] = ()
    """Sources that say otherwise."""
    read: str = ""
    """Chapter and anchor in ``kb_docs``."""
    aliases: tuple[tuple[str, str], ...] = ()
    """Names declared in ``for``, with their templates."""
    binds: tuple[tuple[str, str], ...] = ()
    """Names that range over several facts, with their templates: those of ``when``, and those of
    ``for`` that no list of conditions uses. Any other name is existential."""
    when: tuple[Expression, ...] = ()
    """All must be true."""
    some: tuple[Expression, ...] = ()
    """All must be true of one choice of the facts not named in ``when``."""
    unless: tuple[Expression, ...] = ()
    """All true of one choice of facts: the rule is silent."""
    overrides: tuple[str, ...] = ()
    """Rules it beats."""
    replaces: tuple[str, ...] = ()
    """Rules it takes out."""
    replaced_by: str | None = None
    """Rule that took its place; then this one never fires."""
    fix: Fix | None = None
    """A change that clears the finding."""
    examples: tuple[Example, ...] = ()
    """Its tests."""
    untested: tuple[str, ...] = ()
    """Conditions no example can bear on, each with a reason."""
