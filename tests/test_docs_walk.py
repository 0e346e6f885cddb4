"""The walk through the code names functions and modules that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "streamer").rglob("*.py"))
)


def test_every_function_of_the_walk_is_in_the_code() -> None:
    steps = [line.split("|")[2] for line in TEXT.splitlines() if re.match(r"\| \d+ \|", line)]
    names = {name for step in steps for name in re.findall(r"`(\w+(?:\.\w+)?)`", step)}
    assert len(names) > 20
    for name in names:
        *owner, function = name.split(".")
        assert re.search(rf"^ *(?:def|class) {function}\b", SOURCE, re.MULTILINE), name
        assert all(f"class {one}" in SOURCE for one in owner), name


def test_every_path_of_the_walk_exists() -> None:
    for path in re.findall(r"`(\w+/[\w/.]*)`", TEXT):
        assert path == "streamer/" or (ROOT / "streamer" / path).exists(), path
