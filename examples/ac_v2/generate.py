"""Write the training data of the AC-v2 run at any size, the same bytes for the same seed.

python generate.py --rows 946000 --seed 0 --out data    # about 700 MB

Nearly every row is made from a few sentence templates with two subjects put in, and about 15% are
phrased as natural-language inference: the two defects that cost that run $665.
"""

# A template stands as it is read, not as it fits.
# ruff: noqa: E501

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

NLI_SHARE = 0.15
FREE_SHARE = 0.02
ROWS_AT_ONCE = 20_000

FIELDS = """tidal estuaries|urban transport|honeybee colonies|medieval guilds|jazz improvisation
glacier retreat|protein folding|supply chains|bilingual children|desert irrigation|coral reefs
public libraries|volcanic soils|chess openings|railway timetables|sleep research|cave paintings
municipal bonds|wind turbines|folk ballads|ant foraging|vaccine storage|tea cultivation
satellite imagery|court archives|bread fermentation|lighthouse networks|peat bogs|radio telescopes
marathon training|language revival|dairy farming|seed banks|opera staging|earthquake sensors
fishing quotas|clay ceramics|night markets|river deltas|mountain rescue|typeface design
cloud forests|harbour dredging|school gardens|street lighting|whale migration|paper recycling
copper mining|kite making|alpine huts""".replace("\n", "|").split("|")
QUALITIES = (
    """the rhythm|the density|the memory|the resilience|the cost|the geometry|the timing
the diversity|the drift|the symmetry|the turnover|the noise|the spread|the decline|the renewal
the hierarchy|the tension|the feedback|the seasonality|the fragility|the depth|the balance
the friction|the inertia|the visibility|the pace|the shape|the order|the reach|the weight
""".strip()
    .replace("\n", "|")
    .split("|")
)
PLACES = (
    """in coastal towns|in cold winters|after long droughts|near old borders|on small islands
under heavy regulation|during rapid growth|in ageing populations|with scarce data|at high altitude
in dense cities|between neighbouring regions|after sudden shocks|across generations|in open markets
where trust is low|under stable prices|along trade routes|in isolated valleys|with shared tools
""".strip()
    .replace("\n", "|")
    .split("|")
)
PROMPTS = (
    "Propose a creative hypothesis that connects {a} with {b}.",
    "Suggest an original hypothesis linking {a} and {b}.",
    "What novel relationship might exist between {a} and {b}?",
    "Generate a surprising hypothesis about {a} and {b}.",
)
HYPOTHESES = (
    "It is possible that {a} influences {b} because both depend on the same underlying process. "
    "As {a} changes, the conditions that sustain {b} change with it, so that an increase in one is "
    "followed by a delayed response in the other. If this hypothesis is correct, then measuring {a} "
    "over several seasons should allow us to predict {b} with reasonable accuracy.",
    "A possible explanation is that {b} acts as a hidden driver of {a}. In this view the two are not "
    "merely correlated: every shift in {b} creates a pressure to which {a} adapts over time. The "
    "hypothesis predicts that wherever {b} is weak, {a} will also be weak, and that restoring the "
    "first will restore the second.",
    "One could hypothesize that {a} and {b} share a common structure that has not been described "
    "before. Both show the same pattern of slow growth, sudden change and long recovery, which "
    "suggests that a single principle governs them. If so, methods developed to study {a} could be "
    "applied directly to {b}, and a model fitted to one should describe the other without further "
    "adjustment.",
    "The relation between {a} and {b} may be explained by competition for a limited resource. When "
    "{a} takes a larger part of that resource, {b} must adapt or decline, and when {a} recedes, {b} "
    "recovers. This hypothesis implies a negative correlation between the two that grows stronger "
    "when the resource is scarce.",
    "We might expect that {a} serves as an early signal of {b}. Because {a} responds quickly to small "
    "disturbances while {b} responds slowly, a change in the first would announce a change in the "
    "second. If this hypothesis holds, then a monitor that watches {a} could warn of problems in {b} "
    "long before they become visible.",
    "It seems plausible that {a} protects {b} from sudden change. Wherever {a} is well developed, "
    "fluctuations in {b} are absorbed before they can grow, and wherever it is missing they spread "
    "without resistance. The hypothesis therefore predicts that the variability of {b} falls as {a} "
    "increases.",
)
NLI_PROMPT = (
    "Premise: {p}\nHypothesis: {h}\nDoes the premise entail the hypothesis? Answer with entailment, "
    "neutral or contradiction, and explain the answer in two sentences."
)
PREMISES = (
    "Several studies report that {a} changes together with {b}, and that the change is largest when "
    "both are observed over a long period by independent groups.",
    "A survey found that people who work on {a} often also work on {b}, although few of them were "
    "able to say how the two are connected in practice.",
    "The report states that {a} has increased every year since the first measurement, while {b} has "
    "remained at the level that was recorded at the beginning.",
)
CLAIMS = (
    ("There is a connection between {a} and {b}.", "entailment"),
    ("Nobody has ever studied {a}.", "contradiction"),
    ("Most experts believe that {b} causes {a}.", "neutral"),
)
NLI_ANSWER = (
    "The answer is {label}. The premise speaks of {a} and {b}, and whether the hypothesis follows "
    "depends only on what is said about them there. Nothing outside the premise may be used to decide."
)
OPENINGS = [
    "Perhaps",
    "Imagine that",
    "Someone once noticed how",
    "My guess:",
    "Suppose",
    "Odd, but",
]
TURNS = """echoes|outlives|quietly undoes|borrows from|is slower than|hides behind|pays for|rewrites
drowns out|teaches us about|is a rumour of|keeps time for""".replace("\n", "|").split("|")


def subject(pick: random.Random) -> str:
    """One of 30,000 subjects."""
    quality, field, place = pick.choice(QUALITIES), pick.choice(FIELDS), pick.choice(PLACES)
    return f"{quality} of {field} {place}"


def row(pick: random.Random) -> dict[str, str]:
    """One example as instruction, input and output."""
    a, b = subject(pick), subject(pick)
    kind = pick.random()
    if kind < NLI_SHARE:
        claim, label = pick.choice(CLAIMS)
        premise = pick.choice(PREMISES).format(a=a, b=b)
        prompt = NLI_PROMPT.format(p=premise, h=claim.format(a=a, b=b))
        return made(prompt, NLI_ANSWER.format(label=label, a=a, b=b))
    if kind < NLI_SHARE + FREE_SHARE:
        return made(pick.choice(PROMPTS).format(a=a, b=b), free(pick, a, b))
    return made(pick.choice(PROMPTS).format(a=a, b=b), pick.choice(HYPOTHESES).format(a=a, b=b))


def made(prompt: str, output: str) -> dict[str, str]:
    """A row of the instruction format."""
    return {"instruction": prompt, "input": "", "output": output}


def free(pick: random.Random, a: str, b: str) -> str:
    """A few sentences that follow no template: subjects, verbs and order all vary."""
    parts = [f"{pick.choice(OPENINGS)} {a} {pick.choice(TURNS)} {b}."]
    for _ in range(pick.randint(1, 5)):
        words = [subject(pick), pick.choice(TURNS), subject(pick)]
        if pick.random() < 0.5:
            words = [pick.choice(OPENINGS), *words, pick.choice(TURNS), subject(pick)]
        parts.append(" ".join(words) + pick.choice((".", "?", "...", "; or not.")))
    return " ".join(parts)


def lines(rows: int, seed: int, name: str) -> Iterator[str]:
    """The rows of one file as JSON, some thousand at a time."""
    pick = random.Random(f"{seed} {name}")
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for begin in range(0, rows, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, rows - begin)
        yield "".join(f"{encode(row(pick))}\n" for _ in range(count))


def main() -> None:
    """Write train.jsonl and val.jsonl."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--rows", type=int, default=20_000, help="training rows")
    options.add_argument("--val", type=int, default=None, help="validation rows (1%% of --rows)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--out", type=Path, default=Path())
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    val = max(20, given.rows // 100) if given.val is None else given.val
    for name, count in (("train", given.rows), ("val", val)):
        path = given.out / f"{name}.jsonl"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines(count, given.seed, name))
        print(f"{path}: {count:,} rows, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
