"""What outsiders look for in a repository is there, and its parts agree with each other."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import streamer

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def parsed(name: str) -> Any:  # noqa: ANN401 (any YAML)
    return YAML(typ="safe", pure=True).load(ROOT / name)


def supported() -> list[str]:
    """The Pythons of the classifiers."""
    said = "\n".join(PROJECT["project"]["classifiers"])
    return re.findall(r"^Programming Language :: Python :: (3\.\d+)$", said, re.MULTILINE)


def test_every_supported_python_is_checked_and_gets_wheels() -> None:
    jobs = parsed(".github/workflows/ci.yml")["jobs"]
    assert jobs["check"]["strategy"]["matrix"]["python"] == supported()
    built = [f"cp{version.replace('.', '')}-*" for version in supported()]
    assert PROJECT["tool"]["cibuildwheel"]["build"] == built
    assert PROJECT["project"]["requires-python"] == f">={supported()[0]}"


def test_the_workflow_runs_what_every_desk_runs() -> None:
    steps = parsed(".github/workflows/ci.yml")["jobs"]["check"]["steps"]
    *gets, runs = [step["run"] for step in steps if "run" in step]
    assert runs == ".ci/run"
    assert all(got.startswith("sudo apt-get ") for got in gets)
    assert "\nmake check\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", parsed(".pre-commit-config.yaml")["repos"][0]["hooks"])
def test_a_hook_before_a_commit_runs_a_tool_of_the_environment(hook: dict[str, Any]) -> None:
    program, *words = hook["entry"].split()
    folder, _, name = program.rpartition("/")
    assert folder == ".venv/bin"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"$(BIN)/{name}" in makefile
    assert name != "streamer" or words == ["check", "rules/"]


def test_the_changelog_has_the_version_with_its_date() -> None:
    released = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", CHANGELOG, re.MULTILINE)
    assert released[0] == ("Unreleased", "")
    assert released[1][0] == streamer.__version__
    assert all(date for _, date in released[1:])


def test_everything_that_is_tracked_and_named_is_there() -> None:
    for name in ("LICENSE", "SECURITY.md", "CONTRIBUTING.md", "mkdocs.yml"):
        assert (ROOT / name).is_file()
    assert {"Source", "Documentation", "Changelog", "Issues"} == set(PROJECT["project"]["urls"])


def test_ci_run_is_a_script_that_can_be_run() -> None:
    done = subprocess.run(  # noqa: S603 (our own script, only read)
        ["bash", "-n", str(ROOT / ".ci" / "run")],  # noqa: S607 (whichever is on the path)
        check=False,
    )
    assert done.returncode == 0
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
