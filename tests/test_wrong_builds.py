"""The proof can fail: wrong builds, each with one seeded mistake, are caught by the oracle.

A wrong build is a copy of the package with one piece of text replaced. The right build, copied in
the same way and asked about the same rules and histories, agrees.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAIRS, SEED = 400, 1

# What is wrong, the module, its text, and the mistake.
MISTAKES = [
    (
        "a window closed at the wrong end",
        "core/generate.py",
        'f"and ({until} := instant({first}) + {within}) > now"',
        'f"and ({until} := instant({first}) + {within} + 1) > now"',
    ),
    (
        "a duplicate counted",
        "core/decide.py",
        "if profile is not None and profile.knows(event_id, max_lateness):",
        "if False:",
    ),
    (
        "a late event dropped",
        "core/decide.py",
        "if profile is not None and profile.clock - time > max_lateness:",
        "if profile is not None and profile.clock > time:",
    ),
    (
        "cooldown ignored",
        "core/plan.py",
        "since + plan.settings.cooldown",
        "since",
    ),
    (
        "a ladder's exit missing",
        "core/decide.py",
        "            if number:\n",
        "            if number and not (target and plan.is_ladder and direction == 'exited'):\n",
    ),
    (
        "a wake one millisecond late",
        "core/decide.py",
        "profile.wake = flip if flip < end else end",
        "profile.wake = flip + 1 if flip < end else end",
    ),
]


def proof(build: Path) -> subprocess.CompletedProcess[str]:
    """Compare a build with the oracle."""
    return subprocess.run(  # noqa: S603  our own module, with our own arguments
        [sys.executable, "-m", "tests.cases", str(PAIRS), str(SEED)],
        cwd=build,
        env={**os.environ, "PYTHONPATH": str(build)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,  # a mistake that never ends is one too, but a test must
    )


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A copy of the package and of what judges it."""
    for name in ("streamer", "tests"):
        shutil.copytree(
            PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_the_right_build_agrees(build: Path) -> None:
    result = proof(build)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [mistake[1:] for mistake in MISTAKES],
    ids=[mistake[0] for mistake in MISTAKES],
)
def test_a_wrong_build_is_caught(build: Path, module: str, right: str, wrong: str) -> None:
    file = build / "streamer" / module
    text = file.read_text(encoding="utf-8")
    assert text.count(right) == 1, "the module has changed: make the same mistake in its new text"
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    result = proof(build)
    assert result.returncode == 1
    assert "AssertionError" in result.stderr
