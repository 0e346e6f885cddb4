"""The image's recipe: pinned, locked, without root, and complete in what it copies."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LET_THROUGH = [
    line.removeprefix("!")
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line.startswith("!")
]


def test_both_stages_stand_on_the_same_pinned_image() -> None:
    images = re.findall(r"^FROM (\S+)", RECIPE, re.MULTILINE)
    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", images[0])


def test_it_runs_without_root() -> None:
    last = RECIPE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)


def test_nothing_is_installed_without_its_hash() -> None:
    for command in re.findall(r"pip install ([^&\n]+)", RECIPE):
        assert "--require-hashes" in command or "--no-index" in command


def test_what_it_copies_is_enough_to_build_from(tmp_path: Path) -> None:
    for name in LET_THROUGH:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path)
    (build,) = re.findall(r"RUN python -m (hatchling build -t wheel)\b", RECIPE)
    subprocess.run(  # noqa: S603 (the recipe's own command)
        [sys.executable, "-m", *build.split()],
        cwd=tmp_path,
        env=os.environ | {"STREAMER_PLAIN": "1"},  # compiling is `test_package`'s
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert "streamer/shipped/rules/shop.yaml" in ZipFile(wheel).namelist()
