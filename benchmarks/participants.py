"""Who is measured by `peers`: our worker, and what a Python shop would take instead.

Each peer is a program in `peer/`, run by a Python of its own in `build/peers/`, so that what it
needs is no dependency of ours. All versions are pinned; a peer that cannot be installed under the
Python at hand is not measured, and the table says why.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PROGRAMS: Final = Path(__file__).parent / "peer"
RULES: Final = PROGRAMS / "rules.yaml"
COMPILED: Final = ROOT / "build" / "compiled"
ENVIRONMENTS: Final = ROOT / "build" / "peers"
PIP: Final = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
KAFKA: Final = "confluent-kafka==2.12.2"
ORJSON: Final = "orjson==3.13.0"


class NotMeasured(Exception):
    """A participant cannot be measured here; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Participant:
    """One row of the table: what it promises, and how it is started."""

    name: str
    guarantee: str
    timers: str
    program: str
    packages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def install(self) -> Path:
        """Return a Python that can run it.

        Raises:
            NotMeasured: its packages cannot be had for this Python.
        """
        folder = ENVIRONMENTS / Path(self.program).stem
        python, stamp = folder / "bin" / "python", folder / "packages.txt"
        wanted = "\n".join((sys.version, *self.packages))
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(python), *PIP, "--only-binary=:all:", *self.packages])
            stamp.write_text(wanted, encoding="utf-8")
        return python

    def command(self, places: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        """Return the command and the environment that start it on these servers and topics."""
        path = str(PROGRAMS / self.program)
        said = [word for name, value in places.items() for word in (f"--{name}", value)]
        return [str(self.install()), path, *said, *self.options], clean_environment()


@dataclass(frozen=True, slots=True)
class Worker(Participant):
    """Our worker, as `streamer run` starts it, with the hot lane compiled."""

    def install(self) -> Path:
        """Build and install the package as `make bench` does; return the Python that runs it."""
        stamp = COMPILED / "built.txt"
        newest = str(max(path.stat().st_mtime_ns for path in _sources()))
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != newest:
            print("compiling the worker (a minute)", file=sys.stderr)
            shutil.rmtree(COMPILED, ignore_errors=True)
            alone = ("--no-deps", "--no-build-isolation", "--target", str(COMPILED), str(ROOT))
            _run([sys.executable, *PIP, *alone])
            stamp.write_text(newest, encoding="utf-8")
        return Path(sys.executable)

    def streamer(self, *words: str) -> tuple[list[str], dict[str, str]]:
        """Return the command and the environment of a `streamer` command."""
        environment = {"PYTHONPATH": str(COMPILED), "PYTHONSAFEPATH": "1"}
        command = [str(self.install()), "-m", "streamer", *words]
        return command, clean_environment() | environment

    def command(self, places: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        """Return the command and the environment that start it on these servers and topics."""
        given = dict(places)
        del given["folder"]
        said = [word for name, value in given.items() for word in (f"--{name}", value)]
        options = ("--rules", str(RULES), "--metrics-port", "0")
        return self.streamer("run", *said, *topics(given["group"]), *options)


WORKER: Final = Worker(
    "Streamer",
    "exactly once",
    "exact",
    "streamer run",
)
PEERS: Final = (
    Participant(
        "Bytewax 0.21.1",
        "at least once",
        "wall clock; in history at the customer's next event",
        "bytewax_peer.py",
        ("bytewax==0.21.1", KAFKA, ORJSON),
    ),
    Participant(
        "Bytewax 0.21.1, no recovery",
        "none: state is lost",
        "wall clock; in history at the customer's next event",
        "bytewax_peer.py",
        ("bytewax==0.21.1", KAFKA, ORJSON),
        ("--no-recovery",),
    ),
    Participant(
        "Quix Streams 3.28.1",
        "at least once",
        "none; at the customer's next event",
        "quix_peer.py",
        ("quixstreams==3.28.1", KAFKA, ORJSON),
    ),
    Participant(
        "Quix Streams 3.28.1, transactions",
        "exactly once",
        "none; at the customer's next event",
        "quix_peer.py",
        ("quixstreams==3.28.1", KAFKA, ORJSON),
        ("--exactly-once",),
    ),
    Participant(
        "kafka-python and Redis, by hand",
        "at least once",
        "none; late or never",
        "redis_peer.py",
        ("kafka-python==3.0.12", "redis==8.1.0", "hiredis==3.5.0", ORJSON),
    ),
)


def topics(group: str) -> tuple[str, ...]:
    """Return the options that name the topics which only our worker writes."""
    memberships, rejected = f"{group}.memberships", f"{group}.rejected"
    return ("--memberships-topic", memberships, "--rejected-topic", rejected)


def clean_environment() -> dict[str, str]:
    """Return our environment without what would mix the packages of two Pythons."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _sources() -> list[Path]:
    return [*(ROOT / "streamer").rglob("*.py"), ROOT / "pyproject.toml", ROOT / "hatch_build.py"]


def _run(command: Sequence[str]) -> None:
    """Run a command of an installation.

    Raises:
        NotMeasured: it failed; with the first line in which it says why.
    """
    done = subprocess.run(  # noqa: S603 (our own command)
        command, env=clean_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or done.stdout.strip().splitlines()
        errors = [line for line in said if line.startswith("ERROR")] or said or ["it failed"]
        raise NotMeasured(f"cannot be installed: {errors[-1].removeprefix('ERROR: ')}")
