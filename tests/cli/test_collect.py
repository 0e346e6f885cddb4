"""`streamer collect` where something is missing or wrong: one clear line."""

from importlib import util
from pathlib import Path

import pytest
from click.testing import CliRunner

from streamer.cli import main


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "streamer.cli.collect.find_spec",
        lambda name: None if name == "aiohttp" else util.find_spec(name),
    )
    done = CliRunner().invoke(main, ["collect", "--keys", "keys.toml"])
    assert done.exit_code == 2
    assert "aiohttp" in done.output
    assert "pip install 'streamer[collect]'" in done.output


def test_keys_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["collect", "--keys", str(tmp_path / "none.toml")])
    assert done.exit_code == 2
    assert "none.toml cannot be read" in done.output
