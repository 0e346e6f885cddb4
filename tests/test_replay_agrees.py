"""The command `replay`, from files to files, says what the oracle says, and the same every time."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from streamer.cli import main
from tests.cases import Case, cases
from tests.oracle import oracle_run
from tests.spoken import plain
from tests.strategies import Until, documents_to_yaml
from tests.strategies.histories import EPOCH
from tests.strategies.words import Node


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_replay_agrees_with_the_oracle(case: Case) -> None:
    for lines, until, _ in case.histories:
        judged = oracle_run(case.documents, lines, until)
        changes, rejected = replayed(case.documents, lines, until)
        assert rejected == judged.rejected
        assert changes == judged.changes


def replayed(
    documents: list[Node], lines: Sequence[bytes], until: Until
) -> tuple[dict[str, list[Node]], list[tuple[int, str]]]:
    """The changes by customer and the rejected lines, read back from the command's files."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        (folder / "rules" / "all.yaml").write_text(documents_to_yaml(documents), encoding="utf-8")
        (folder / "events").write_bytes(b"".join(line + b"\n" for line in lines))
        arguments = ["replay", str(folder / "events"), "--until", instant(until)]
        for option in ("rules", "out", "rejected"):
            arguments += [f"--{option}", str(folder / option)]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        told: dict[str, list[Node]] = {}
        for change in read(folder / "out"):
            told.setdefault(change["customer_id"], []).append(plain(change))
        return told, [(one["line"], one["kind"]) for one in read(folder / "rejected")]


def instant(until: Until) -> str:
    """How the command takes a time."""
    if until == "end":
        return until
    return (EPOCH + timedelta(milliseconds=until)).isoformat(timespec="milliseconds")


def read(file: Path) -> list[Any]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in file.read_bytes().splitlines()]
