"""`docs/formats.md` names the versions that the code writes and reads."""

import re
from pathlib import Path

import pytest

from streamer.adapters import database, outbox
from streamer.adapters.kafka import marks
from streamer.adapters.redis import scripts
from streamer.analysis import program
from streamer.codecs import controls, profiles

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
ROW = re.compile(r"^\| \[([^]]+)\]\(#\S+\) \| [^|]+ \| (\d+) \| ?(\d*) ?\|", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))
WRITTEN = {
    "profile": profiles.VERSION,
    "linked profile": profiles.LINKED,
    "alias": profiles.ALIAS,
    "layout": profiles.LAYOUT_VERSION,
    "outbox entry": outbox.VERSION,
    "partition meta": scripts.VERSION,
    "control record": controls.VERSION,
    "published mark": marks.VERSION,
    "SQLite file": database.FORMAT,
    "program": program.FORMAT,
}
BEFORE = {"profile": profiles.BEFORE, "linked profile": profiles.LINKED_BEFORE}
"""Where the versions of a format are no neighbours: links and aliases came between."""


def test_every_format_is_in_the_table() -> None:
    assert [name for name, _, _ in ROWS] == list(WRITTEN)


@pytest.mark.parametrize(("name", "version", "before"), ROWS)
def test_its_version_is_the_one_that_is_written(name: str, version: str, before: str) -> None:
    assert int(version) == WRITTEN[name]
    assert not before or int(before) == BEFORE.get(name, int(version) - 1)
