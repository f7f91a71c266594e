"""The whole profile: figures on planted defects, and the same result however the work is cut."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import planted as data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transxlab.facts.profiled.facts import split_facts
from transxlab.facts.profiled.profile import ReadError, profile
from transxlab.facts.situation import Facts

EXAMPLES = Path(__file__).parents[2] / "examples"


def pairs(rows: int, seed: int = 0) -> list[dict[str, object]]:
    asked, told = data.natural(rows, seed, (8, 20)), data.natural(rows, seed + 1000)
    return [{"prompt": p, "completion": c} for p, c in zip(asked, told, strict=True)]


def test_exact_duplicates_whatever_the_order_of_fields(tmp_path: Path) -> None:
    rows = pairs(300)
    again = [dict(reversed(row.items())) for row in rows[:30]]
    found = profile({"train": data.write(tmp_path / "t.jsonl", rows + again)}).splits["train"]
    assert found.duplicates.share == pytest.approx(30 / 330)
    assert found.where(found.duplicates.examples[0][0]) == f"{tmp_path / 't.jsonl'}:1"
    assert found.near.share == pytest.approx(30 / 330)


def test_planted_leaks_are_found_and_nothing_else(tmp_path: Path) -> None:
    rows, clean = pairs(3000), pairs(200, seed=7)
    pick = random.Random(0)
    leaks: list[dict[str, object]] = []
    for index, row in enumerate(rows[:100]):
        prompt, answer = str(row["prompt"]), str(row["completion"])
        if index % 4 == 0:
            leaks.append({"completion": answer, "prompt": prompt})
        elif index % 4 == 1:
            leaks.append(
                {"prompt": "  " + prompt.upper(), "completion": answer.replace(" ", "\n ")}
            )
        else:
            words = answer.split()
            words[pick.randrange(len(words))] = "changed"
            leaks.append({"prompt": prompt, "completion": " ".join(words)})
    files = {
        "train": data.write(tmp_path / "t.jsonl", rows),
        "val": data.write(tmp_path / "v.jsonl", clean + leaks),
        "test": data.write(tmp_path / "e.jsonl", clean),
    }
    splits = profile(files).splits
    assert splits["train"].overlap is None
    assert splits["test"].overlap is not None
    assert splits["test"].overlap.leaked_rows == 0
    overlap = splits["val"].overlap
    assert overlap is not None
    assert overlap.leaked_rows >= 99
    assert overlap.exact_rows == 25
    assert overlap.normalised_rows == 25
    assert splits["val"].where(overlap.examples[0][0]).endswith("v.jsonl:201")
    assert splits["train"].where(overlap.examples[0][1]).endswith("t.jsonl:1")


def test_templated_data_are_not_leaked_by_their_templates(tmp_path: Path) -> None:
    form = (
        "It is possible that {a} influences {b} because both of them depend on the same old cause."
    )
    made = [{"text": text} for text in data.filled((form,), 3000)]
    files = {
        "train": data.write(tmp_path / "t.jsonl", made[:2800]),
        "val": data.write(tmp_path / "v.jsonl", made[2800:]),
    }
    overlap = profile(files).splits["val"].overlap
    assert overlap is not None
    assert overlap.leaked_share < 0.02


def test_single_outputs_labels_and_conflicts(tmp_path: Path) -> None:
    rows = [{"text": f"text number {n % 80}", "label": "a" if n < 90 else "b"} for n in range(100)]
    found = profile({"train": data.write(tmp_path / "t.jsonl", rows)}).splits["train"]
    assert found.labels.labels == (("a", 90), ("b", 10))
    assert found.labels.imbalance == 9
    assert found.labels.conflicting_share == pytest.approx(0.2)
    assert found.outputs.inputs == 80
    assert found.outputs.single_output_share == pytest.approx(70 / 80)
    assert found.outputs.repeated_single_share == pytest.approx(0.5)


def test_inference_rows_by_fields_and_by_wording(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = pairs(85)
    rows += [
        {"prompt": f"Premise: {t} Hypothesis: {t[:20]}", "completion": "It follows."}
        for t in data.natural(10)
    ]
    rows += [
        {"prompt": f"{t}. Based on that information, is the claim right?", "completion": "Neither."}
        for t in data.natural(5)
    ]
    found = profile({"train": data.write(tmp_path / "t.jsonl", rows)}).splits["train"]
    assert found.nli.share == pytest.approx(0.15)


def test_role_order_preference_junk_and_repetition(tmp_path: Path) -> None:
    good = [{"role": "user", "content": "hello there"}, {"role": "assistant", "content": "hi"}]
    rows: list[dict[str, object]] = [{"messages": good}] * 3 + [{"messages": good[::-1]}]
    rows += [{"prompt": "p", "chosen": "a longer answer", "rejected": "short"}] * 2
    rows += [{"text": "caf\u00c3\u00a9 and \ufffd"}, {"text": "over and over again " * 40}]
    found = profile({"train": data.write(tmp_path / "t.jsonl", rows)}).splits["train"]
    assert found.counts.bad_role_rows == 1
    assert found.counts.role_faults == (("begins with the assistant", 1),)
    assert found.preference.chosen_longer_share == 1
    assert found.junk.broken_encoding == 1
    assert found.repetition.rows == 1


def test_near_duplicates_against_exact_jaccard(tmp_path: Path) -> None:
    pick = random.Random(0)
    base = data.natural(600, words=(40, 120))
    rows, edited = list(base), []
    for text in base[:400]:
        words = text.split()
        for _ in range(pick.randint(1, 6)):
            words[pick.randrange(len(words))] = data.word(pick)
        edited.append(" ".join(words))
    rows += edited
    truth = {600 + n for n in range(400) if jaccard(base[n], edited[n]) >= 0.8}
    path = data.write(tmp_path / "t.jsonl", [{"text": text} for text in rows])
    found = profile({"train": path}).splits["train"].near
    assert found.rows == pytest.approx(len(truth), rel=0.05)


def jaccard(one: str, two: str) -> float:
    runs = [
        {tuple(words[i : i + 5]) for i in range(len(words) - 4)}
        for words in (one.split(), two.split())
    ]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    rows: list[dict[str, object]] = pairs(700)
    rows += rows[:50]
    rows += [{"text": t, "label": str(n % 3)} for n, t in enumerate(data.natural(100))]
    random.Random(5).shuffle(rows)
    folder = tmp_path_factory.mktemp("messy")
    path = data.write(folder / "t.jsonl", rows)
    with path.open("a") as file:
        file.write('{"text": NaN}\n{"odd": 1}\n[1]\n')
    return path, data.write(folder / "v.jsonl", rows[:60])


def test_the_cut_into_chunks_and_processes_changes_nothing(messy: tuple[Path, Path]) -> None:
    files = {"train": messy[0], "val": messy[1]}
    whole = profile(files)
    assert whole == profile(files, chunk_bytes=20_000)
    assert whole == profile(files, chunk_bytes=50_000, processes=2)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_share(
    messy: tuple[Path, Path], tmp_path: Path, pick: random.Random
) -> None:
    lines = messy[0].read_text().splitlines(keepends=True)
    pick.shuffle(lines)
    path = tmp_path / "s.jsonl"
    path.write_text("".join(lines))
    one, two = (profile({"train": p}).splits["train"] for p in (messy[0], path))
    assert one.duplicates.share == two.duplicates.share
    assert one.near.share == two.near.share
    assert one.templates.share == two.templates.share
    places = {"longest": (), "shortest": ()}
    assert replace(one.lengths, **places) == replace(two.lengths, **places)
    assert [n for n, _ in one.lengths.longest] == [n for n, _ in two.lengths.longest]
    assert [n for n, _ in one.lengths.shortest] == [n for n, _ in two.lengths.shortest]
    assert one.outputs == two.outputs
    assert replace(one.labels, smallest_examples=()) == replace(two.labels, smallest_examples=())


def test_what_cannot_be_used_is_named_and_the_rest_counted(messy: tuple[Path, Path]) -> None:
    found = profile({"train": [messy[0], Path("missing.jsonl")]})
    assert found.splits["train"].counts.rows == 850
    assert found.splits["train"].bad_rows == 3
    assert found.problem_counts == {
        "no-format": 1,
        "not-an-object": 1,
        "not-json": 1,
        "unreadable": 1,
    }
    assert [p.path for p in found.unreadable] == ["missing.jsonl"]


def test_a_role_without_a_single_row_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(b"")
    with pytest.raises(ReadError, match=r"t\.jsonl:1: holds no rows"):
        profile({"train": tmp_path / "t.jsonl"})


def test_facts_carry_the_measures_and_where_they_come_from(messy: tuple[Path, Path]) -> None:
    facts = Facts()
    split_facts(profile({"train": messy[0], "val": messy[1]}), facts, rows=5000)
    assert [fact.name for fact in facts.all("split")] == ["train", "val"]
    rows = facts.known("split[train].rows")
    assert rows is not None
    assert rows.value == 5000
    assert rows.origin.kind == "profiled"
    assert str(rows.origin) == f"profiled: {messy[0]}, 850 rows"
    leaked, own = facts.known("split[val].leaked_share"), facts.known("split[train].leaked_share")
    assert leaked is not None
    assert leaked.value == 1
    assert own is not None
    assert own.value is None


def test_progress_ends_at_the_size_of_the_files(messy: tuple[Path, Path]) -> None:
    seen: list[tuple[int, int]] = []
    profile(
        {"train": messy[0]},
        progress=lambda done, total: seen.append((done, total)),
        chunk_bytes=20_000,
    )
    assert len(seen) > 3
    assert seen[-1] == (messy[0].stat().st_size, messy[0].stat().st_size)


def test_the_ac_v2_data_show_both_defects(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        script = EXAMPLES / "ac_v2" / "generate.py"
        command = [sys.executable, str(script), "--rows", "3000", "--out", str(tmp_path / folder)]
        subprocess.run(command, check=True, capture_output=True)
    train = tmp_path / "one" / "train.jsonl"
    assert train.read_bytes() == (tmp_path / "two" / "train.jsonl").read_bytes()
    found = profile({"train": train, "val": tmp_path / "one" / "val.jsonl"})
    split = found.splits["train"]
    assert split.templates.share is not None
    assert split.templates.share > 0.95
    assert split.nli.share == pytest.approx(0.15, abs=0.03)
    assert split.diversity.self_bleu is not None
    assert split.diversity.self_bleu > 0.6
    assert found.splits["val"].overlap is not None
    assert found.splits["val"].overlap.leaked_share < 0.05


def test_the_style_transfer_data_have_their_size_and_form(tmp_path: Path) -> None:
    script = EXAMPLES / "style_transfer" / "generate.py"
    subprocess.run(
        [sys.executable, str(script), "--out", str(tmp_path)], check=True, capture_output=True
    )
    found = profile(
        {"train": tmp_path / "visions_training.jsonl", "val": tmp_path / "validation.jsonl"}
    )
    assert [s.counts.rows for s in found.splits.values()] == [36, 4]
    assert found.splits["train"].counts.formats == (("chat", 36),)
    row = json.loads((tmp_path / "validation.jsonl").read_text().splitlines()[0])
    assert [turn["role"] for turn in row["messages"]] == ["system", "user", "assistant"]
