"""The steps of a plan: what mends each finding, tried, and in the order in which it pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transxlab.cli.planning.effects import Effect, as_computed, as_measured, effect
from transxlab.cli.render.contract import standing
from transxlab.cli.render.words import value
from transxlab.engine.case import Case, Concluded
from transxlab.engine.rule import SEVERITIES, Rule
from transxlab.facts.profiled.measures.lengths import truncated_share
from transxlab.facts.profiled.remedies.cures import TEMPLATE_SHARE, Cure, cure_for
from transxlab.facts.profiled.remedies.wish import KINDS, USUAL, Wish
from transxlab.facts.situation import Known
from transxlab.facts.values import Value

if TYPE_CHECKING:
    from transxlab.facts.profiled.remedies.trial import Measure
    from transxlab.facts.profiled.results import DataProfile

TRIAL_BYTES = 4 << 20
"""Data up to this size are mended on a copy and measured again; larger ones are computed."""

TURNED = ("config.", "evaluation.", "adapter.", "task.")
"""Slots that a plan proposes to turn: those of the config, and what was said of the task."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and what it would change."""

    say: str
    """What is done, in words."""
    drop: tuple[str, ...] | None
    """Kinds of rows that go; None where rows stay as they are."""
    longest: int | None
    """Tokens of the longest row that stays; None where length is no matter."""
    shares: tuple[float, ...]
    """Shares of new splits; empty where they stay."""
    turn: tuple[tuple[str, Value], ...]
    """Slots of the config to set, with their values."""
    findings: tuple[Concluded, ...]
    """Findings that ask for it, worst first."""
    removed: int | None
    """Rows that would go; None where it touches none, or nobody can say."""
    unreadable: int
    """Rows that would go beside them because nobody can read them."""
    kept: int | None
    """Rows that would stay, of all splits that are cut."""
    effect: Effect | None
    """What would change; None where no row would be left."""
    measured: bool
    """Whether it was tried on the rows; else it was computed from the shares."""


@dataclass(frozen=True, slots=True)
class Data:
    """What a plan is made from."""

    case: Case
    """What was concluded."""
    profile: DataProfile
    """What was measured."""
    rows: int | None
    """Rows of the run, where the training file is a sample of them."""
    measure: Measure
    """Profiles files the way these were."""

    @property
    def files(self) -> dict[str, list[str]]:
        """Files by role."""
        return {role: list(split.files) for role, split in self.profile.splits.items()}

    @property
    def small(self) -> bool:
        """Whether the rows are few enough to be mended on a copy."""
        return sum(split.bytes for split in self.profile.splits.values()) <= TRIAL_BYTES


DATA = frozenset({"split", "source", "strategy"})
"""Templates that are about the data."""


def of_data(found: Concluded) -> bool:
    """Whether a finding is about the data or rests on what was measured there."""
    kinds = {fact.template for fact, _ in found.firing.support}
    return bool(kinds & DATA) or found.about == "evaluation.holdout"


def on_data(rule: Rule) -> bool:
    """Whether a rule looks at the data."""
    declared = dict(rule.aliases)
    conditions = (*rule.when, *rule.some, *rule.unless)
    return any(declared.get(alias, alias) in DATA for c in conditions for alias, _ in c.paths)


def steps(data: Data) -> list[Step]:
    """What to do about the findings that something can be done about, worst and best first."""
    asked: dict[tuple[object, ...], tuple[Cure, list[Concluded]]] = {}
    made: list[Step] = []
    for found in filter(of_data, standing(data.case)):
        cure = _cure(found) if "train" in data.profile.splits else None
        if cure is not None:
            asked.setdefault((cure.drop, cure.split), (cure, []))[1].append(found)
        elif (step := _turned(data.case, found)) is not None:
            made.append(step)
    made += [_tried(data, cure, found) for cure, found in asked.values()]
    return sorted(made, key=_order)


def everything(case: Case) -> tuple[tuple[str, ...], int | None, tuple[float, ...]] | None:
    """For all findings together: kinds of rows to drop, the longest row, shares to cut at.

    None where no finding is mended by rows.
    """
    found = [cure for one in standing(case) if of_data(one) and (cure := _cure(one)) is not None]
    if not found:
        return None
    cut = any(cure.split for cure in found)
    kinds = tuple(dict.fromkeys(kind for cure in found for kind in cure.drop))
    longest = min((n for cure in found if (n := _longest(case, cure)) is not None), default=None)
    return kinds or USUAL if cut else kinds, longest, _shares(case) if cut else ()


def by_hand(data: Data, planned: Sequence[Step]) -> list[Concluded]:
    """Findings about the data that no step is for."""
    served = {id(found) for step in planned for found in step.findings}
    return [f for f in standing(data.case) if of_data(f) and id(f) not in served]


def together(data: Data, planned: Sequence[Step]) -> Step | None:
    """All steps that mend rows at once; None where there are not at least two."""
    mending = [step for step in planned if step.drop is not None]
    if len(mending) < 2:
        return None
    kinds = tuple(dict.fromkeys(kind for step in mending for kind in step.drop or ()))
    shares = next((step.shares for step in mending if step.shares), ())
    found = [finding for step in mending for finding in step.findings]
    cures = [cure for one in found if (cure := _cure(one)) is not None]
    once = Cure(
        slot="",
        say="All of it at once",
        drop=kinds,
        leaves={slot: v for cure in cures for slot, v in cure.leaves.items()},
        limit=next((cure.limit for cure in cures if cure.limit), None),
    )
    return _done(data, once, found, shares)


def _cure(found: Concluded) -> Cure | None:
    return None if found.about is None else cure_for(found.about)


def _longest(case: Case, cure: Cure) -> int | None:
    known = case.facts.known(cure.limit) if cure.limit else None
    return int(known.value) if known and isinstance(known.value, (int, float)) else None


def _tried(data: Data, cure: Cure, found: list[Concluded]) -> Step:
    return _done(data, cure, found, _shares(data.case) if cure.split else ())


def _done(data: Data, cure: Cure, found: list[Concluded], shares: tuple[float, ...]) -> Step:
    step = Step(
        say=cure.say,
        drop=cure.drop or USUAL if shares else cure.drop,
        longest=_longest(data.case, cure),
        shares=shares,
        turn=(),
        findings=tuple(found),
        removed=None,
        unreadable=data.profile.splits["train"].bad_rows,
        kept=None,
        effect=None,
        measured=data.small,
    )
    if not data.small:
        return _computed(data, cure, step)
    try:
        return _trial(data, step)
    except OSError:
        # No room for a copy: the shares that were measured still say something.
        return _computed(data, cure, replace(step, measured=False))


def _trial(data: Data, step: Step) -> Step:
    from transxlab.facts.profiled.remedies.trial import trial

    wish = Wish(kinds=step.drop or (), max_tokens=step.longest, template_share=TEMPLATE_SHARE)
    done = trial(data.files, wish, data.measure, step.shares or None)
    after = None
    if done.profile is not None:
        after = as_measured(data.case, data.profile, done.profile, data.rows)
    return replace(
        step,
        removed=sum(count for kind, count in done.removed.items() if kind in KINDS),
        unreadable=sum(count for kind, count in done.removed.items() if kind not in KINDS),
        kept=done.kept,
        effect=None if after is None else effect(data.case, after),
    )


def _computed(data: Data, cure: Cure, step: Step) -> Step:
    """From the shares that were measured; new splits are for a run of their own to measure."""
    if step.shares:
        return step
    rows = data.profile.splits["train"].counts.rows
    taken = {one.about: _share(one) for one in step.findings}
    if "split.near_duplicate_share" in taken:
        taken.pop("split.duplicate_share", None)
    if step.longest is not None:
        quantiles = data.profile.splits["train"].lengths.token_quantiles
        taken["split.p95_tokens"] = truncated_share(quantiles, step.longest)
    gone = min(rows, round(rows * sum(taken.values())))
    after = as_computed(data.case, cure.leaves, gone / rows if rows else 0.0)
    return replace(step, removed=gone, kept=rows - gone, effect=effect(data.case, after))


def _share(found: Concluded) -> float:
    """Share of the training rows that a finding concerns and its cure takes out."""
    slots = {f.template: f for f, _ in found.firing.support}["split"].slots
    if found.about == "split.leaked_share":
        # As many rows of train as it gives away rows, or more where they stand there twice.
        return _number(slots, "overlap_inputs") / (_number(slots, "sampled_rows") or 1.0)
    held = found.value
    if not isinstance(held, (int, float)) or isinstance(held, bool) or found.about is None:
        return 0.0
    if found.about == "split.template_share":
        # Natural rows stay, and templated ones up to the share of all that is left.
        natural = 1 - held
        return max(0.0, held - natural * TEMPLATE_SHARE / (1 - TEMPLATE_SHARE))
    if found.about.endswith("_share"):
        return float(held)
    return held / (_number(slots, "sampled_rows") or 1.0)


def _number(slots: Mapping[str, Known], slot: str) -> float:
    held = slots[slot].value if slot in slots else None
    return float(held) if isinstance(held, (int, float)) else 0.0


def _shares(case: Case) -> tuple[float, ...]:
    """Shares of train and val: what the strategy decided, a tenth where it did not."""
    decided = (made.value for made in case.decisions if made.label == "strategy.val_share")
    share = next((v for v in decided if isinstance(v, float)), 0.1)
    return 1 - share, share


def _turned(case: Case, found: Concluded) -> Step | None:
    """Slots of the config set as the finding recommends, where that clears it."""
    from transxlab.engine.whatif import rerun

    changes = dict(_knobs(found))
    if not changes:
        return None
    changed = effect(case, rerun(case, changes))
    if found.rule.id not in {one.rule.id for one in changed.gone}:
        return None
    words = ", ".join(f"{path} to {value(wanted)}" for path, wanted in changes.items())
    return Step(
        say=f"Set {words}",
        drop=None,
        longest=None,
        shares=(),
        turn=tuple(changes.items()),
        findings=(found,),
        removed=None,
        unreadable=0,
        kept=None,
        effect=changed,
        measured=False,
    )


def _knobs(found: Concluded) -> Iterator[tuple[str, Value]]:
    for path, wanted in found.recommend.items():
        if path.startswith(TURNED) and wanted is not None and not isinstance(wanted, tuple):
            yield path, wanted


def _order(step: Step) -> tuple[int, int, int, str]:
    """Worst finding first, then what clears most, then what takes most rows."""
    worst = min(SEVERITIES.index(found.severity) for found in step.findings)
    cleared = len(step.effect.gone) if step.effect else 0
    return worst, -cleared, -(step.removed or 0), step.say
