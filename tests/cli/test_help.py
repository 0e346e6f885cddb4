"""Every command explains itself; whoever errs is told so in one line."""

import re
import subprocess
import sys

import pytest

from streamer import __version__
from streamer.cli import COMMANDS
from tests.cli.shop import process, run


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, flag: str) -> None:
    result = run(command, flag)
    assert result.exit_code == 0, result.output
    assert f"streamer {command}" in result.output
    assert "Examples:" in result.output


def test_the_help_lists_every_command() -> None:
    listed = re.findall(r"^  (\w+)  ", run("--help").output, re.MULTILINE)
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("command", ["check", "test", "replay", "explain"])
def test_the_help_names_the_environment_where_it_counts(command: str) -> None:
    assert "STREAMER_RULES" in run(command, "--help").output


def test_the_version_is_the_package_s() -> None:
    assert run("--version").output == f"streamer {__version__}\n"


def test_a_module_is_the_command() -> None:
    done = process("--version")
    assert done.stdout.decode() == f"streamer {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["replay"],
        ["explain", "u-1"],
        ["replay", "events.jsonl", "--until", "tomorrow"],
        ["replay", "events.jsonl", "--until", "1767225600"],
        ["check", "--format", "xml"],
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output


def test_a_command_loads_no_library_that_only_others_need() -> None:
    """Start-up counts: an import that slips in would cost every command."""
    code = "import sys, streamer.cli, streamer.cli.check; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"rich", "jsonschema_rs", "sqlite3", "asyncio"}
