"""The compiled rulebook: the same rules, found again, and never believed too much."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rulefiles import rule_text
from transxlab.engine import cache
from transxlab.engine.rulebook import Rulebook, load
from transxlab.facts.calculator import Calculator
from transxlab.facts.vocabulary.template import Slot, builtin

BODY = """for: {val: split}
when:
  - config.learning_rate > 5e-5
  - val.role == "val"
unless:
  - config.stage in ["dpo", "kto"] or trainer.version >= "0.19"
then:
  finding: warning
  about: config.learning_rate
  message: "{config.learning_rate} with {val.rows} rows"
  recommend:
    config.learning_rate: [null, 5e-5]
    adapter.r: {of: config.method, at: {lora: 8}, else: 2 * run.rows}
  error_when: [val.leaked_share > 0.5]
fix: {set: {config.learning_rate: 5e-5}, remove: [some_key]}
"""
DECIDE = """then:
  decide:
    slot: config.precision
    value: bf16
    strength: must
    alarm: {other_than: [bf16, fp32], severity: error}
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yaml").write_text(rule_text(BODY, "TST001"))
    (folder / "b.yaml").write_text(rule_text(DECIDE, "TST002"))
    return folder


def read(rules: Path) -> Rulebook:
    return load([(0, rules)], builtin())


def stored(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache" / "transxlab").glob("*.json"))


def told_apart(book: Rulebook) -> tuple[object, ...]:
    return book.rules, book.digest, book.steps, book.retired


def test_the_second_time_comes_from_the_cache_and_is_the_same(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(rules)
    assert len(stored(tmp_path)) == 1
    monkeypatch.setattr("transxlab.engine.rulebook.read", None)
    second = read(rules)
    assert [(r.id, r.when, r.then, r.fix, r.aliases) for r in second.rules] == [
        (r.id, r.when, r.then, r.fix, r.aliases) for r in first.rules
    ]
    assert told_apart(second)[1:] == told_apart(first)[1:]


def test_a_warm_cache_imports_no_yaml(rules: Path) -> None:
    read(rules)
    code = (
        "import sys; from pathlib import Path; from transxlab.engine.rulebook import load\n"
        f"book = load([(0, Path({str(rules)!r}))])\n"
        "assert len(book.rules) == 2\n"
        "print(sorted({'yaml', 'markdown_it', 'networkx', 'experta'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_any_change_is_seen(rules: Path) -> None:
    before = read(rules)
    path = rules / "a.yaml"
    path.write_text(path.read_text().replace("5e-5", "6e-5"))  # as long as before
    changed = read(rules)
    assert changed.digest != before.digest
    (rules / "c.yaml").write_text(rule_text(DECIDE.replace("must", "should"), "TST003"))
    assert len(read(rules).rules) == 3
    (rules / "c.yaml").unlink()
    assert read(rules).digest == changed.digest


def test_a_change_whose_time_was_set_back_is_seen(rules: Path) -> None:
    path = rules / "a.yaml"
    before, stat = read(rules), path.stat()
    path.write_text(path.read_text().replace("5e-5", "6e-5"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert read(rules).digest != before.digest


def test_other_calculators_and_slots_are_another_rulebook(rules: Path, tmp_path: Path) -> None:
    read(rules)
    stamp = json.loads(stored(tmp_path)[0].read_text())["stamp"]
    calculators = {"c": Calculator("c", "x", ("run.rows",), ("run.tokens",), lambda _: {})}
    load([(0, rules)], builtin(), calculators)
    other = json.loads(stored(tmp_path)[0].read_text())["stamp"]
    load([(0, rules)], builtin().with_lab([Slot("lab", "house", "number")]))
    assert len({stamp, other, json.loads(stored(tmp_path)[0].read_text())["stamp"]}) == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"stamp": 1}',
        b'{"stamp": "STAMP", "digest": "x", "steps": [], "retired": {}, "rules": [[99]]}',
        b'{"stamp": "STAMP", "digest": "x", "steps": [1], "retired": {}, "rules": []}',
        b'{"stamp": "STAMP", "digest": "x", "steps": [], "retired": {}, "rules": [[1, 2]]}',
    ],
)
def test_a_broken_cache_is_read_past(rules: Path, tmp_path: Path, content: bytes) -> None:
    fresh = read(rules)
    path = stored(tmp_path)[0]
    stamp = json.loads(path.read_text())["stamp"]
    path.write_bytes(content.replace(b"STAMP", stamp.encode()))
    assert told_apart(read(rules))[1:] == told_apart(fresh)[1:]


def test_a_cache_of_somebody_else_is_not_believed(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(rules)
    seen: list[int] = []
    monkeypatch.setattr(os, "getuid", lambda: seen.append(1) or 12345)
    assert len(read(rules).rules) == 2
    assert seen


def test_a_cache_that_cannot_be_written_costs_time_only(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(read(rules).rules) == 2
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError))
    assert cache.folder() is None
    assert len(read(rules).rules) == 2


def test_a_rulebook_with_mistakes_is_not_cached(rules: Path, tmp_path: Path) -> None:
    (rules / "c.yaml").write_text("id: no\n")
    with pytest.raises(ValueError, match="LR001"):
        read(rules)
    assert not stored(tmp_path)
