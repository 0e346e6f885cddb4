"""Rule sets of files and folders."""

import os
from pathlib import Path

import pytest

from streamer.errors import RuleErrors, UsageError
from streamer.language import read_rules


def segment(key: str, condition: str = "{quiet: 1d}") -> str:
    return f"segment: {key}\npurpose: p\nwhen: {condition}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, so that names in messages are short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_are_read_in_order_of_names_and_deep(here: Path) -> None:
    (here / "rules" / "deep").mkdir(parents=True)
    (here / "rules" / "b.yaml").write_text(segment("b"))
    (here / "rules" / "a.yaml").write_text(segment("a", "{in_segment: c}"))
    (here / "rules" / "deep" / "c.yaml").write_text(segment("c"))
    (here / "rules" / "d.yml").write_text(segment("d"))
    (here / "rules" / "notes.txt").write_text("not a rule")
    (here / "one.txt").write_text(segment("one"))
    declared = read_rules(["one.txt", "rules", Path("rules/b.yaml")])
    assert [one.key for one in declared.declarations] == ["one", "a", "b", "d", "c"]
    assert declared.places["c"] == "rules/deep/c.yaml:1:10"
    assert declared.sources == (
        "one.txt",
        "rules/a.yaml",
        "rules/b.yaml",
        "rules/d.yml",
        "rules/deep/c.yaml",
    )


def test_the_errors_of_all_files_come_in_the_order_of_the_files(here: Path) -> None:
    (here / "a.yaml").write_text(segment("x", "{quiet: 0d}"))
    (here / "b.yaml").write_text(segment("x"))
    (here / "c.yaml").write_text(segment("y", "{in_segment: z}"))
    with pytest.raises(RuleErrors) as caught:
        read_rules(["c.yaml", "a.yaml", "b.yaml"])
    assert [str(one) for one in caught.value.findings] == [
        'c.yaml:3:20: unknown segment "z": no rule has this key',
        "a.yaml:3:15: a duration is more than zero",
        'b.yaml:1:10: duplicate key "x": a.yaml:1:10 has it already',
    ]


def test_a_header_in_two_files(here: Path) -> None:
    (here / "a.yaml").write_text(f"ruleset: a\n---\n{segment('x')}")
    (here / "b.yaml").write_text("# the second\nruleset: b\n")
    with pytest.raises(RuleErrors, match=r"^b.yaml:2:1: a rule set has one header: the first is"):
        read_rules(["."])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"segment: a\npurpose: caf\xe9\n", "2:13: not UTF-8: save the file as UTF-8"),
        ("segment: a\n".encode("utf-16"), "1:1: not UTF-8: save the file as UTF-8"),
        (b"#" * 1_048_577, "1:1: a rule file has at most 1 MiB"),
    ],
)
def test_a_file_that_is_no_text(here: Path, data: bytes, message: str) -> None:
    (here / "a.yaml").write_bytes(data)
    with pytest.raises(RuleErrors) as caught:
        read_rules(["a.yaml"])
    assert str(caught.value) == f"a.yaml:{message}"


def test_a_mark_at_the_beginning_and_a_full_mebibyte_are_fine(here: Path) -> None:
    text = b"\xef\xbb\xbf" + segment("a").encode()
    (here / "a.yaml").write_bytes(text + b"#" * (1_048_576 - len(text)))
    assert len(read_rules(["a.yaml"]).declarations) == 1


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "missing: no such file or folder; `streamer init` .*"),
        ("empty", r"empty: no \*.yaml and no \*.yml file in this folder; `streamer init` .*"),
        ("header.yaml", "header.yaml: no segment and no ladder there"),
        ("nothing.yaml", "nothing.yaml: no segment and no ladder there"),
    ],
)
def test_paths_without_rules(here: Path, path: str, message: str) -> None:
    (here / "empty").mkdir()
    (here / "empty" / "a.txt").write_text(segment("a"))
    (here / "header.yaml").write_text("ruleset: a\n")
    (here / "nothing.yaml").write_text("")
    with pytest.raises(UsageError, match=f"^{message}$"):
        read_rules([path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_a_file_that_may_not_be_read(here: Path) -> None:
    (here / "a.yaml").write_text(segment("a"))
    (here / "a.yaml").chmod(0)
    with pytest.raises(UsageError, match=r"^a.yaml: cannot be read: Permission denied$"):
        read_rules(["a.yaml"])
