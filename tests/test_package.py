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
    "tests/test_workers.py",
)


def run(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these words, in a folder."""
    return subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def build(kind: str, source: Path, folder: Path, **environment: str) -> Path:
    """Build the wheel or the sdist of a source in a folder."""
    words = ("-m", "hatchling", "build", "-t", kind, "-d", str(folder))
    done = run(*words, folder=source, **environment)
    assert done.returncode == 0, done.stderr
    (made,) = folder.iterdir()
    return made


def wheel_in(folder: Path, **environment: str) -> Path:
    """Build the wheel there, as `pip install .` does."""
    return build("wheel", ROOT, folder / "wheel", **environment)


def test_without_a_compiler_the_wheel_is_plain(tmp_path: Path) -> None:
    assert wheel_in(tmp_path, CC="no-such-compiler").name.endswith("-py3-none-any.whl")


@pytest.mark.proof
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")
def test_compiled_it_passes_the_tests_of_the_engine(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with ZipFile(wheel_in(tmp_path, STREAMER_OPTIMIZE="0")) as wheel:
        wheel.extractall(installed)
    found = {"PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "PYTHONSAFEPATH": "1"}
    fewer = {"STREAMER_PROOF_PAIRS": "120"}  # of what is drawn: the plain code is asked them all
    words = ["-m", "pytest", "--import-mode=append", "-p", "no:cacheprovider"]
    done = run(*words, "tests/runs_compiled.py", *OF_THE_ENGINE, folder=ROOT, **fewer, **found)
    assert done.returncode == 0, done.stdout[-5_000:]


def test_the_wheel_carries_rules_schemas_and_mappings(tmp_path: Path) -> None:
    carried = set(ZipFile(wheel_in(tmp_path, STREAMER_PLAIN="1")).namelist())
    shipped = [*ROOT.glob("rules/**/*.yaml"), *ROOT.glob("schemas/**/*.*")]
    assert len(shipped) > 10
    for file in shipped:
        assert f"streamer/shipped/{file.relative_to(ROOT).as_posix()}" in carried


def test_the_sdist_is_enough_to_build_what_checks_the_shipped_rules(tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    assert run("-m", "tarfile", "-e", str(sdist), folder=tmp_path).returncode == 0
    (source,) = tmp_path.glob("streamer-*")
    assert {path.name for path in source.iterdir()} >= {"LICENSE", "hatch_build.py", "tests"}
    assert not (source / ".servers").exists()
    installed = tmp_path / "installed"
    with ZipFile(build("wheel", source, tmp_path / "wheel", STREAMER_PLAIN="1")) as wheel:
        wheel.extractall(installed)
    found = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    where = run("-c", "import streamer; print(streamer.__file__)", folder=tmp_path, **found)
    assert Path(where.stdout.strip()).is_relative_to(installed)
    rules = str(installed / "streamer" / "shipped" / "rules")
    checked = run("-m", "streamer", "check", rules, folder=tmp_path, **found)
    assert checked.returncode == 0, checked.stdout + checked.stderr
