"""A rulebook: where rules lie, what they owe each other, and what a broken one says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rulefiles import book, mistakes, rule_text
from transxlab.engine.discovery import discover, installed
from transxlab.engine.rulebook import RulebookError, load

SAID = "when:\n  - config.max_steps > 5\nthen: {finding: warning}\n"


def text(identity: str, more: str = "") -> str:
    return rule_text(SAID + more, identity)


def test_rules_are_sorted_and_named_by_their_file(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        {"b/second.yaml": text("TST002"), "a/first.yml": text("TST001"), "README.md": "# no rule"},
    )
    assert [(rule.id, rule.name, rule.file) for rule in found.rules] == [
        ("TST001", "first", "a/first.yml"),
        ("TST002", "second", "b/second.yaml"),
    ]
    assert found.digest.startswith("sha256:")


def test_several_lessons_in_one_document(tmp_path: Path) -> None:
    block = "```yaml rule\n{}```\n"
    document = "# Lessons\n" + block.format(text("LAB001")) + block.format(text("LAB002"))
    found = book(tmp_path, {"lessons.md": document})
    assert [rule.name for rule in found.rules] == ["lessons-lab001", "lessons-lab002"]


def test_the_digest_tells_content_and_names_apart(tmp_path: Path) -> None:
    digests = {
        book(tmp_path / str(n), files).digest
        for n, files in enumerate(
            [
                {"a.yaml": text("TST001")},
                {"b.yaml": text("TST001")},
                {"a.yaml": text("TST002")},
            ]
        )
    }
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([{"a.yaml": text("TST001"), "b.yaml": text("TST001")}], "stands already in a.yaml"),
        ([{"a.yaml": text("TST001", "overrides: [TST009]\n")}], "TST009, which does not exist"),
        ([{"a.yaml": text("TST001", "overrides: [TST001]\n")}], "overrides itself"),
        ([{"a.yaml": text("TST001", "replaces: [TST009]\n")}], "TST009, which does not exist"),
        ([{"a.yaml": text("TST001", "replaced_by: TST009\n")}], "TST009, which does not exist"),
        (
            [{"a.yaml": text("TST001", "overrides: [LAB001]\n")}, {"b.yaml": text("LAB001")}],
            "of a nearer layer",
        ),
        (
            [
                {
                    "a.yaml": text("TST001", "overrides: [TST002]\n"),
                    "b.yaml": text("TST002", "overrides: [TST003]\n"),
                    "c.yaml": text("TST003", "overrides: [TST001]\n"),
                }
            ],
            "in a circle: TST001 -> TST002 -> TST003 -> TST001",
        ),
    ],
)
def test_what_rules_owe_each_other(tmp_path: Path, files: list[dict[str, str]], words: str) -> None:
    found = mistakes(tmp_path, *files)
    assert any(words in message for message in found), found


def test_a_nearer_rule_may_override_and_replace(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        {"a.yaml": text("TST001"), "b.yaml": text("TST002")},
        {"c.yaml": text("LAB001", "overrides: [TST001]\nreplaces: [TST002]\n")},
    )
    assert [rule.id for rule in found.rules] == ["LAB001", "TST001"]
    assert found.retired == {"TST002": "LAB001"}
    with pytest.raises(KeyError, match="replaced by LAB001"):
        found.rule("TST002")


def test_a_retired_rule_answers_but_never_fires(tmp_path: Path) -> None:
    found = book(
        tmp_path, {"a.yaml": text("TST001"), "b.yaml": text("TST002", "replaced_by: TST001\n")}
    )
    assert [rule.id for rule in found.rules] == ["TST001"]
    assert found.retired == {"TST002": "TST001"}


def test_every_mistake_of_every_file_at_once(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        {"a.yaml": text("TST001").replace("max_steps", "max_stps"), "b.yaml": "\x00"},
        {"lesson.yaml": text("LAB001", "overrides: [NOPE001]\n")},
    )
    assert len(found) == 3
    assert any("a.yaml:4" in m and "nearest: config.max_steps" in m for m in found)
    assert any("lesson.yaml" in m and "NOPE001" in m for m in found)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.yaml"
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(RulebookError, match=r"gone\.yaml: cannot be read"):
        load([(0, tmp_path)], examples=True)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="no such folder"):
        load([(0, tmp_path / "nowhere")])


def test_where_rulebooks_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "transxlab" / "rules").mkdir(parents=True)
    project = tmp_path / "project"
    (project / ".transxlab" / "rules").mkdir(parents=True)
    (project / "runs" / "one").mkdir(parents=True)
    extra = tmp_path / "pack"
    found = discover(project / "runs" / "one", [extra])
    assert [layer for layer, _ in found] == [0, 1, 1, 2]
    assert found[1:] == [
        (1, tmp_path / "config" / "transxlab" / "rules"),
        (1, extra),
        (2, project / ".transxlab" / "rules"),
    ]


def test_an_installed_rulebook_is_located_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "acmelab" / "house_rules"
    package.mkdir(parents=True)
    (tmp_path / "acmelab" / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "a.yaml").write_text(text("ACM001"))
    metadata = tmp_path / "acmelab-1.0.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(
        "[transxlab.rulebooks]\nacme = acmelab.house_rules\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert package in list(installed())
    assert [rule.id for rule in load([(1, package)], examples=True).rules] == ["ACM001"]


def test_metadata_that_is_broken_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("a", b"\xff[transxlab.rulebooks]"), ("b", b"[transxlab.rulebooks]\n=")):
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "entry_points.txt").write_bytes(content)
    monkeypatch.setattr("sys.path", [str(tmp_path), str(tmp_path / "nowhere")])
    assert list(installed()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with pytest.raises(RulebookError, match="cannot be read"):
        load([(0, tmp_path)])
