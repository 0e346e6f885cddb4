"""What is missing is said; its tests are skipped aloud, and fail in CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ON_REAL_REDIS = "tests/servers/test_redis.py::test_it_answers"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has nothing on its path and reaches no registry."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    alone = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    return kept | alone | {"PATH": str(tmp_path), "STREAMER_SERVERS": str(tmp_path / "servers")}


def python(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def write_program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_where_nothing_can_be_had_that_is_said_and_is_no_failure(bare: dict[str, str]) -> None:
    done = python(bare, "tests.servers.get")
    assert done.returncode == 0
    wheels, failed, *missing = done.stdout.splitlines()
    assert "pip" in wheels.split()
    assert "--require-hashes" in wheels.split()
    assert failed.startswith("servers: that failed: ERROR: No matching distribution found for")
    assert missing == [
        (
            "servers: Kafka CANNOT RUN HERE: no Docker engine answers, "
            "and there is no Java 17 or newer"
        ),
        "servers: Redis CANNOT RUN HERE: no Docker engine answers, and there is no redis-server",
        "servers: Prometheus CANNOT RUN HERE: there is no prometheus and no promtool on the path",
    ]


def test_the_package_manager_is_not_asked_unless_told_to(
    bare: dict[str, str], tmp_path: Path
) -> None:
    write_program(tmp_path, "apt-get", "exit 1")
    assert "apt-get" not in python(bare, "tests.servers.get").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="installs only as root")
@pytest.mark.parametrize(("words", "ci"), [(["--system-packages"], "false"), ([], "true")])
def test_what_the_package_manager_has_is_installed_and_what_fails_is_said(
    bare: dict[str, str], tmp_path: Path, words: list[str], ci: str
) -> None:
    write_program(
        tmp_path,
        "apt-get",
        f"""\
case "$*" in
    update*) ;;
    *redis-server) printf '#!/bin/sh\\n' >{tmp_path}/redis-server
        /bin/chmod +x {tmp_path}/redis-server ;;
    *) echo "E: Unable to locate package"; exit 100 ;;
esac""",
    )
    said = python(bare | {"CI": ci}, "tests.servers.get", *words).stdout
    assert "servers: apt-get install -qq --no-install-recommends redis-server\n" in said
    assert said.count("servers: that failed: E: Unable to locate package\n") == 4
    assert "servers: Kafka CANNOT RUN HERE" in said
    assert "servers: Redis is ready\n" in said


def test_an_engine_that_does_not_answer_does_not_count(
    bare: dict[str, str], tmp_path: Path
) -> None:
    write_program(tmp_path, "docker", "echo client only; exit 1")
    assert "Redis CANNOT RUN HERE" in python(bare, "tests.servers.get").stdout
    write_program(tmp_path, "docker", "echo 28.0.1")
    assert "run as containers" in python(bare, "tests.servers.get").stdout


@pytest.mark.parametrize("beside", ["0", "1"])
def test_tests_without_their_server_are_skipped_aloud(bare: dict[str, str], beside: str) -> None:
    done = python(bare, "pytest", "-q", "-n", beside, "-p", "no:cacheprovider", ON_REAL_REDIS)
    assert done.returncode == 0
    assert "1 TESTS ON REAL SERVERS DID NOT RUN: Redis cannot run here" in done.stdout


def test_in_ci_they_fail(bare: dict[str, str]) -> None:
    done = python(bare | {"CI": "true"}, "pytest", "-q", "-p", "no:cacheprovider", ON_REAL_REDIS)
    assert done.returncode == 1
    assert "Redis cannot run here" in done.stdout
