"""What is installed with `pip install .`: the code, and beside it the rules and the schemas.

Where there is a C compiler the hot lane is compiled, and passes the tests of the engine as plain
Python does.
"""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from hatch_build import compiler

ROOT = Path(__file__).parents[1]
OF_THE_ENGINE = (
    "tests/core",
    "tests/worker",
    *(f"tests/codecs/{file.name}" for file in (ROOT / "tests" / "codecs").glob("test_*.py")),
    "tests/test_engine_agrees.py",
    "tests/test_crews.py",
)


def wheel_in(folder: Path, **environment: str) -> Path:
    """Build the wheel there, as `pip install .` does."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, env=os.environ | environment, check=True, capture_output=True)  # noqa: S603 (our own command)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_without_a_compiler_the_wheel_is_plain(tmp_path: Path) -> None:
    assert wheel_in(tmp_path, CC="no-such-compiler").name.endswith("-py3-none-any.whl")


@pytest.mark.proof
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")
def test_compiled_it_passes_the_tests_of_the_engine(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with ZipFile(wheel_in(tmp_path, STREAMER_OPTIMIZE="0")) as wheel:
        wheel.extractall(installed)
    command = [sys.executable, "-m", "pytest", "--import-mode=append", "-p", "no:cacheprovider"]
    paths = {"PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "PYTHONSAFEPATH": "1"}
    fewer = {"STREAMER_PROOF_PAIRS": "120"}  # of what is drawn: the plain code is asked them all
    tests = ["tests/runs_compiled.py", *OF_THE_ENGINE]
    run = subprocess.run(  # noqa: S603 (our own command)
        [*command, *tests],
        cwd=ROOT,
        env=os.environ | fewer | paths,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5_000:]


def test_the_wheel_carries_rules_schemas_and_mappings(tmp_path: Path) -> None:
    carried = set(ZipFile(wheel_in(tmp_path, STREAMER_PLAIN="1")).namelist())
    shipped = [*ROOT.glob("rules/**/*.yaml"), *ROOT.glob("schemas/**/*.*")]
    assert len(shipped) > 10
    for file in shipped:
        assert f"streamer/shipped/{file.relative_to(ROOT).as_posix()}" in carried
