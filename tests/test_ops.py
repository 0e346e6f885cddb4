"""What is in `ops/` works: the workflow's commands are run on the shipped rules."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.shop import run

ROOT = Path(__file__).parents[1]
WORKFLOW = YAML(typ="safe", pure=True).load(ROOT / "ops" / "check-rules.github.yml")
COMMANDS = [
    step["run"].split()[1:]
    for step in WORKFLOW["jobs"]["rules"]["steps"]
    if step.get("run", "").startswith("streamer ")
]


def test_the_workflow_checks_and_tests() -> None:
    assert [words[0] for words in COMMANDS] == ["check", "test"]


@pytest.mark.parametrize("words", COMMANDS)
def test_its_commands_pass_on_the_shipped_rules(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert run(*words).exit_code == 0
