"""What is installed with `pip install .`: the code, and beside it the rules and the schemas."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_rules_schemas_and_mappings(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 (our own command)
    (wheel,) = tmp_path.glob("*.whl")
    carried = set(ZipFile(wheel).namelist())
    shipped = [*ROOT.glob("rules/**/*.yaml"), *ROOT.glob("schemas/**/*.*")]
    assert len(shipped) > 10
    for file in shipped:
        assert f"streamer/shipped/{file.relative_to(ROOT).as_posix()}" in carried
