"""Random rulebooks and facts over the real vocabulary, for comparing the two engines.

Slots are dealt out in tiers, so that no rulebook reads in a circle: what a tier writes, only later
tiers and findings read. Everything comes from one seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from transxlab.engine.expressions import Expression, parse
from transxlab.engine.rule import (
    Accept,
    Alarm,
    Decide,
    Derive,
    Exclude,
    Finding,
    Fix,
    Literally,
    Prefer,
    Rule,
    Table,
    Target,
    Term,
    Then,
)
from transxlab.engine.rulebook import Rulebook
from transxlab.facts.calculator import Calculator, Scope
from transxlab.facts.origin import asked, default, given
from transxlab.facts.situation import Facts
from transxlab.facts.values import Interval
from transxlab.facts.vocabulary.template import builtin

TEXTS = {
    "config.stage": ("sft", "dpo", "cpt"),
    "config.method": ("lora", "qlora", "full"),
    "config.precision": ("bf16", "fp16"),
    "config.optimizer": ("adamw", "adafactor"),
    "model.init": ("pretrained", "scratch"),
    "model.name": ("m1", "m2"),
    "trainer.version": ("0.9", "0.10", "1.2.0"),
    "split.role": ("train", "val", "test"),
    "gpu.role": ("train", "serve"),
    "candidate.model": ("m1", "m2"),
    "candidate.method": ("lora", "qlora", "full"),
    "candidate.optimizer": ("adamw", "adafactor"),
    "entry.key": ("lr", "batch", "seed"),
}
LISTS = {"adapter.modules_to_save": ("embed_tokens", "lm_head", "wte")}
INPUTS = (
    "config.stage",
    "config.packing",
    "config.max_steps",
    "config.seed",
    "model.init",
    "model.params",
    "trainer.version",
    "adapter.modules_to_save",
    "split.role",
    "split.rows",
    "split.template_share",
    "gpu.role",
    "gpu.memory_gib",
    "candidate.quality",
    "candidate.commercial",
    "candidate.model",
    "candidate.method",
    "candidate.optimizer",
    "candidate.params",
    "entry.key",
    "entry.known",
)
DERIVED = ("run.rows", "run.effective_batch", "split.truncated_share", "estimate.peak_gib")
DECIDED = ("adapter.r", "config.precision", "config.max_seq_length")
CANDIDATES = ("candidate.peak_gib",)
CHOSEN = (
    "candidate.excluded",
    "candidate.chosen",
    "candidate.best",
    "model.name",
    "config.method",
    "config.optimizer",
)
LAST_DERIVED = ("run.total_steps", "machine.train_vram_gib")
LAST_DECIDED = ("config.learning_rate", "adapter.alpha")
TIERS = (INPUTS, DERIVED, DECIDED, CANDIDATES, CHOSEN, LAST_DERIVED, LAST_DECIDED)
ALIASES: tuple[dict[str, str], ...] = ({"one": "split", "two": "split"}, {"g": "gpu", "h": "gpu"})
EVIDENCE = ("measured", "paper", "vendor", "practice")


def _sum_of_rows(scope: Scope) -> Mapping[str, float]:
    splits = scope.each("split", "train")
    return {"run.rows": sum(float(str(scope.of(split, "rows") or 0)) for split in splits)}


def _peak(scope: Scope) -> Mapping[str, Interval]:
    gib = scope.number("candidate.params") + scope.number("adapter.r")
    return {"candidate.peak_gib": Interval(gib * 0.9, gib, gib * 1.2)}


CALCULATORS = {
    "rows": Calculator("rows", "", ("split.role", "split.rows"), ("run.rows",), _sum_of_rows),
    "peak": Calculator(
        "peak", "", ("candidate.params", "adapter.r"), ("candidate.peak_gib",), _peak
    ),
}


class Dealer:
    """Draws rules and facts from one seed."""

    def __init__(self, seed: int) -> None:
        self._draw = Random(seed)
        self._vocabulary = builtin()

    def chance(self, share: float) -> bool:
        """True that share of the time."""
        return self._draw.random() < share

    def _type(self, path: str) -> str:
        return self._vocabulary.slot(path).type

    def _path(self, tier: int, names: Mapping[str, str], template: str | None = None) -> str:
        """A path readable by a tier, under one of the rule's own names where it has them."""
        paths = [p for slots in TIERS[:tier] for p in slots]
        if template is not None:
            paths = [p for p in paths if p.startswith(template + ".")]
        path = self._draw.choice(paths)
        owner, _, slot = path.partition(".")
        own = [name for name, of in names.items() if of == owner]
        return f"{self._draw.choice(own)}.{slot}" if own and self.chance(0.8) else path

    def _constant(self, path: str) -> str:
        if path in TEXTS:
            return f'"{self._draw.choice(TEXTS[path])}"'
        if self._type(path) == "truth":
            return self._draw.choice(("true", "false"))
        return str(self._draw.choice((0, 1, 2, 3, 4, 0.5)))

    def condition(self, tier: int, names: Mapping[str, str]) -> str:
        """One condition over slots that a tier may read."""
        said = self._path(tier, names)
        alias, _, slot = said.partition(".")
        path = f"{names.get(alias, alias)}.{slot}"
        kind = self._type(path)
        if self.chance(0.1):
            return f"{self._draw.choice(('known', 'unknown', 'given', 'defaulted'))}({said})"
        if self.chance(0.1) and kind != "interval" and kind != "list":
            return f"{said} {self._draw.choice(('==', '!='))} none"
        if self.chance(0.12):
            return f"{self._simple(said, path)} or {self.condition(tier, names)}"
        if self.chance(0.15) and kind == "number":
            other = self._beside(alias, path, tier) or self._number(tier, names)
            return f"{said} {self._draw.choice(('<', '>=', '!='))} {other}"
        return self._simple(said, path)

    def _beside(self, alias: str, path: str, tier: int) -> str | None:
        """Another number of the same fact, half of the time."""
        owner = path.partition(".")[0]
        paths = [p for slots in TIERS[:tier] for p in slots if p.startswith(owner + ".")]
        numbers = [p for p in paths if p != path and self._type(p) == "number"]
        if not numbers or self.chance(0.5):
            return None
        return f"{alias}.{self._draw.choice(numbers).partition('.')[2]}"

    def _simple(self, said: str, path: str) -> str:
        kind = self._type(path)
        if kind == "list":
            return f'has({said}, "{self._draw.choice(LISTS[path])}")'
        if kind == "interval":
            return (
                f"{self._draw.choice(('low', 'high', 'mid'))}({said}) > {self._draw.randint(0, 4)}"
            )
        if kind == "number":
            op, limit = self._draw.choice((("<", 4), ("<=", 2), (">", 0), (">=", 1), ("==", 1)))
            return f"{said} {op} {limit}"
        if kind == "text" and self.chance(0.5):
            listed = f"{self._constant(path)}, {self._constant(path)}"
            return f"{said} {self._draw.choice(('in', 'not in'))} [{listed}]"
        return f"{said} {self._draw.choice(('==', '!='))} {self._constant(path)}"

    def _number(self, tier: int, names: Mapping[str, str], names_only: bool = False) -> str:
        """An expression that gives a number, reading what a tier may read."""
        paths = [p for slots in TIERS[:tier] for p in slots if self._type(p) == "number"]
        several = set(names.values())
        kept = []
        for path in paths:
            owner, _, slot = path.partition(".")
            own = sorted(name for name, of in names.items() if of == owner)
            if own:
                kept.append(f"{self._draw.choice(own)}.{slot}")
            elif not self._vocabulary[owner].several or (not names_only and owner not in several):
                kept.append(path)
        said = self._draw.choice(kept)
        shapes = ("{}", "2 * {}", "{} + 1", "max({}, 2)", "{} / 2", "1 / {}")
        return self._draw.choice(shapes).format(said)

    def _parsed(self, texts: list[str], names: Mapping[str, str]) -> tuple[Expression, ...]:
        aliases = {name: of for name, of in names.items() if name != of}
        return tuple(parse(text, self._vocabulary, aliases) for text in texts)

    def _conditions(self, tier: int, names: Mapping[str, str], most: int) -> tuple[Expression, ...]:
        count = min(most, self._draw.choice((0, 1, 1, 2, 3)))
        texts = [self.condition(tier, names) for _ in range(count)]
        return self._parsed(texts, names)

    def rule(self, number: int, rules: list[Rule]) -> Rule:
        """One rule more; it may override some that are there."""
        kind = self._draw.choice("ffffffddddvvvveepac")
        path, tier = self._writes(kind)
        names = dict(self._draw.choice(ALIASES)) if self.chance(0.25) else {}
        if path.startswith(("split.", "candidate.")):
            names = {path.partition(".")[0]: path.partition(".")[0]}
        elif kind in "ep":
            names = {"candidate": "candidate"}
        when = self._conditions(tier, names, 3)
        if kind in "ep" and not any(a == "candidate" for c in when for a, _ in c.paths):
            when = (*when, *self._parsed([self._about("candidate", tier)], names))
        elif names and path.startswith(("split.", "candidate.")):
            when = (*when, *self._parsed([self._about(next(iter(names)), tier)], names))
        aliases = tuple((name, of) for name, of in names.items() if name != of)
        binds = self._binds(when, dict(aliases))
        bound = dict(binds)
        return Rule(
            id=f"R{number:02d}",
            name=f"r{number}",
            what=f"rule {number}",
            then=self._then(kind, path, tier, bound, aliases),
            evidence=self._draw.choice(EVIDENCE),  # type: ignore[arg-type]
            sources=(),
            layer=self._draw.choice((0, 0, 0, 1, 2)),
            message=self._draw.choice(("", "{config.learning_rate} for {model.name}")),
            aliases=aliases,
            binds=binds,
            when=when,
            some=self._conditions(tier, names, 2) if self.chance(0.3) else (),
            unless=self._conditions(tier, names, 2) if self.chance(0.4) else (),
            overrides=tuple(
                sorted({self._draw.choice(rules).id for _ in range(2)})
                if rules and self.chance(0.2)
                else ()
            ),
            fix=self._fix(),
        )

    def _about(self, name: str, tier: int) -> str:
        slot = self._path(tier, {}, template=name).partition(".")[2]
        return self._simple(f"{name}.{slot}", f"{name}.{slot}")

    def _writes(self, kind: str) -> tuple[str, int]:
        """The slot a rule writes, if any, and the tiers below which it may read."""
        if kind == "d":
            return self._draw.choice(
                [(p, 1) for p in DERIVED]
                + [(p, 3) for p in CANDIDATES]
                + [(p, 5) for p in LAST_DERIVED]
            )
        if kind == "c":
            return self._draw.choice((("run.rows", 1), ("candidate.peak_gib", 3)))
        if kind == "v":
            return self._draw.choice([(p, 2) for p in DECIDED] + [(p, 6) for p in LAST_DECIDED])
        return "", 4 if kind in "ep" else len(TIERS)

    def _binds(
        self, when: tuple[Expression, ...], aliases: Mapping[str, str]
    ) -> tuple[tuple[str, str], ...]:
        used = sorted({a for c in when for a, _ in c.paths}.difference(aliases))
        pairs = [(a, aliases.get(a, a)) for a in (*aliases, *used)]
        return tuple(pair for pair in pairs if self._vocabulary[pair[1]].several)

    def _then(
        self,
        kind: str,
        path: str,
        tier: int,
        bound: Mapping[str, str],
        aliases: tuple[tuple[str, str], ...],
    ) -> Then:
        names = {**bound, **dict(aliases)}
        if kind == "e":
            return Exclude("it has {candidate.params}")
        if kind == "p":
            order = self._draw.choice((1, 1.5, 2))
            term = self._parsed_number(4, {"candidate": "candidate"})
            most = self.chance(0.5)
            return Prefer(order, most=term) if most else Prefer(order, least=term)
        if kind == "a":
            return Accept("fine", self._target(names))
        if kind == "c":
            return Derive(by="rows" if path == "run.rows" else "peak")
        if kind == "d":
            return Derive(((self._writing(path), self._value(path, tier, names)),))
        if kind == "v":
            return self._decide(path, tier, names)
        severity = self._draw.choice(("error", "warning", "advice"))
        about = self._target(names)
        better = ()
        if about is not None and self._type(about.path) == "number":
            better = ((about, (Literally(1), None)),)
        raised = self._conditions(len(TIERS), names, 2)
        return Finding(severity, about, raised, better)  # type: ignore[arg-type]

    def _target(self, names: Mapping[str, str]) -> Target | None:
        """A slot of a fact the rule names, or of a template with one fact."""
        paths = [p for slots in TIERS for p in slots]
        path = self._draw.choice(paths)
        owner, _, slot = path.partition(".")
        if not self._vocabulary[owner].several:
            return Target(owner, owner, slot)
        own = sorted(name for name, of in names.items() if of == owner)
        return Target(self._draw.choice(own), owner, slot) if own else None

    def _writing(self, path: str) -> Target:
        owner, _, slot = path.partition(".")
        return Target(owner, owner, slot)

    def _parsed_number(self, tier: int, names: Mapping[str, str]) -> Expression:
        aliases = {name: of for name, of in names.items() if name != of}
        text = self._number(tier, names, names_only=True)
        return parse(text, self._vocabulary, aliases, condition=False)

    def _value(self, path: str, tier: int, names: Mapping[str, str]) -> Term:
        if path in TEXTS:
            return Literally(self._draw.choice(TEXTS[path]))
        if self._type(path) == "interval":
            return Literally(Interval(1, self._draw.randint(1, 3), 4))
        if self.chance(0.3):
            return Literally(self._draw.choice((1, 2, 1.0, 8)))
        if self.chance(0.3):
            of = self._parsed_number(tier, names)
            otherwise = Literally(4) if self.chance(0.6) else None
            return Table(of, below=((1, Literally(1)), (3, Literally(2))), otherwise=otherwise)
        return self._parsed_number(tier, names)

    def _decide(self, path: str, tier: int, names: Mapping[str, str]) -> Decide:
        alarm, span = None, None
        strength = self._draw.choice(("must", "should", "may"))
        severity = self._draw.choice(("error", "warning"))
        raised = self._conditions(len(TIERS), names, 1)
        if path in TEXTS:
            if self.chance(0.7):
                alarm = Alarm(severity, other_than=TEXTS[path][:1], error_when=raised)  # type: ignore[arg-type]
        else:
            high: Term = Literally(self._draw.randint(1, 4))
            if self.chance(0.2):
                high = self._parsed_number(tier, names)
            if self.chance(0.7):
                low = Literally(1) if self.chance(0.5) else None
                alarm = Alarm(severity, outside=(low, high), error_when=raised)  # type: ignore[arg-type]
            span = (Literally(1), high) if self.chance(0.5) else None
        value = self._value(path, tier, names) if self.chance(0.95) else None
        return Decide(self._writing(path), value, span, strength, alarm)  # type: ignore[arg-type]

    def _fix(self) -> Fix | None:
        if not self.chance(0.2):
            return None
        seed = Target("config", "config", "seed")
        return Fix(set=((seed, Literally(1)),), remove=("{model.name}",))

    def book(self, rules: int) -> Rulebook:
        """A rulebook of so many rules."""
        made: list[Rule] = []
        for number in range(rules):
            made.append(self.rule(number, made))
        return Rulebook(tuple(made), "sha256:random", self._vocabulary)

    def facts(self) -> Facts:
        """Facts with holes, defaults, values that are not set, and lists that may be incomplete."""
        facts = Facts(self._vocabulary)
        for template, most in (("split", 3), ("gpu", 2), ("candidate", 3), ("entry", 2)):
            for number in range(self._draw.choice((0, 1, most, most))):
                facts.new(template, f"{template}{number}")
            if self.chance(0.6):
                facts.mark_complete(template)
            elif self.chance(0.5) and self._vocabulary[template].role:
                facts.mark_complete(template, self._draw.choice(TEXTS[f"{template}.role"]))
        for path in (p for slots in TIERS for p in slots):
            if path in CHOSEN[:3] and self.chance(0.9):
                continue
            template, _, slot = path.partition(".")
            for fact in facts.all(template):
                if self.chance(0.88 if path in INPUTS else 0.3):
                    origin = self._draw.choice(
                        (given("run.yaml", 3, slot), asked("q"), default("t"))
                    )
                    facts.put(fact, slot, self._held(path), origin)
        return facts

    def _held(self, path: str) -> object:
        if self.chance(0.1):
            return None
        if path in TEXTS:
            return self._draw.choice(TEXTS[path])
        if path in LISTS:
            return self._draw.sample(LISTS[path], self._draw.randint(0, 2))
        kind = self._type(path)
        if kind == "truth":
            return self.chance(0.5)
        if kind == "interval":
            low = self._draw.randint(0, 4)
            return (low, low + 1, low + 2)
        return self._draw.choice((0, 1, 2, 3, 4, 0.5, 1.0))
