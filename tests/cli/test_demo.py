"""`streamer demo` on the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteSink
from streamer.cli import main

RULE = """\
segment: looker
title: Looked at something
purpose: To be seen in a demonstration.
when: {performed: product_viewed}
"""


def demo(*arguments: str) -> Result:
    """Run three days of the shop in a moment."""
    return CliRunner().invoke(main, ["demo", "--seconds", "0.3", "--speed", "864000", *arguments])


def test_it_shows_changes_sizes_one_customer_and_what_to_try() -> None:
    result = demo()
    assert result.exit_code == 0, result.output
    assert " enters " in result.stdout or " exits " in result.stdout
    assert "cart_abandoner" in result.stdout
    assert "engagement.semi_active" in result.stdout
    assert ", and until when?" in result.stdout
    assert "IN   " in result.stdout
    assert "What to try next" in result.stdout


def test_the_end_depends_on_the_seed_alone() -> None:
    first, second, other = demo(), demo(), demo("--seed", "2")
    sizes = [one.stdout.partition("segment  ")[2] for one in (first, second, other)]
    assert sizes[0] == sizes[1] != sizes[2]


def test_what_it_says_to_try_gives_the_same_events(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    assert demo("--file", str(file)).exit_code == 0
    again = CliRunner().invoke(
        main, ["simulate", "--customers", "250", "--seed", "1", "--for", "3d"]
    )
    with Database(file) as database:
        logged = [value for (value,) in database.rows("SELECT value FROM log ORDER BY offset")]
    assert logged == again.stdout_bytes.splitlines()


def test_the_file_is_kept_where_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    result = demo("--file", str(file))
    assert result.exit_code == 0, result.output
    assert str(file) in result.stdout
    with Database(file) as database:
        assert SqliteSink(database).sizes()["engagement.semi_active"] > 0


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_text("mine")
    result = demo("--file", str(file))
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert file.read_text() == "mine"


def test_other_rules_can_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "looker.yaml").write_text(RULE)
    result = demo("--rules", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "looker" in result.stdout
    assert "cart_abandoner" not in result.stdout
    monkeypatch.setenv("STREAMER_RULES", str(tmp_path))
    assert "cart_abandoner" not in demo().stdout


def test_it_needs_no_folder_to_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo().exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_wrong_rules_are_findings(tmp_path: Path) -> None:
    (tmp_path / "looker.yaml").write_text(RULE.replace("product_viewed", "product_veiwed"))
    result = demo("--rules", str(tmp_path))
    assert result.exit_code == 1
    assert 'did you mean "product_viewed"?' in result.stderr
