"""Whatever is asked, as the OpenAPI document allows or not, the server answers as it tells.

Schemathesis asks; it is a program in an environment of its own (`make sdks`).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.collect.get import PYTHON_PACKAGES, missing_for_python
from tests.conftest import need
from tests.serve.asking import Asking

pytestmark = pytest.mark.sdks

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


@pytest.mark.parametrize(
    "chosen",
    [
        # a stream has no end
        ("--exclude-path", "/v1/changes/stream", "--exclude-path", "/v1/events"),
        # names of events have a pattern that it cannot draw from, so the example is sent
        ("--include-path", "/v1/events", "--phases", "examples"),
    ],
    ids=["asking", "sending"],
)
def test_every_answer_is_one_that_the_document_tells_of(
    ask: Asking, chosen: tuple[str, ...], tmp_path: Path
) -> None:
    need("Schemathesis", missing_for_python())
    done = subprocess.run(  # noqa: S603 (our own command)
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "run",
                f"{ask.server.address}/openapi.json",
            ),
            *("--checks", ",".join(CHECKS), "--max-examples", "20", "--seed", "1", "--no-color"),
            *("--generation-database", "none", "--request-timeout", "60", *chosen),
        ],
        cwd=tmp_path,  # it keeps notes where it runs
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PYTHON_PACKAGES)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-8_000:]
    assert "0 passed" not in done.stdout
