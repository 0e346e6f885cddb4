"""A command of Streamer as a process: its journal, its pages, and how it ends."""

import copy
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError

from tests.servers.ports import free_port
from tests.waiting import wait_until

READY_S = 120


class Running:
    """One process, not started yet; `metrics` begins the names of its metrics.

    What it writes goes into `log`. A subclass says what the command is.
    """

    def __init__(self, folder: Path, name: str, metrics: str) -> None:
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.metrics = metrics
        self.metrics_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.options: Sequence[str] = ()

    def words(self) -> Sequence[str]:
        """Return what follows `streamer`."""
        raise NotImplementedError

    def settings(self) -> Mapping[str, str]:
        """Return what is added to the environment."""
        return {}

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "streamer", *self.words(), *self.options, *options]

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings()}

    def twin(self) -> Self:
        """Return another process of the same command, not started yet."""
        other = copy.copy(self)
        other.metrics_port = free_port()
        other.log = self.folder / f"twin-{other.metrics_port}.log"
        other.process = None
        return other

    def start(self) -> Self:
        """Start it; return once it is ready."""
        self.launch()
        self.wait_until_ready()
        return self

    def launch(self) -> None:
        """Start it; return at once."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                self.command("--metrics-port", str(self.metrics_port)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment(),
            )

    def wait_until_ready(self) -> None:
        wait_until(self._is_ready, f"{self.log.name}: readiness", READY_S)

    def run_once(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run it with further options to its end."""
        return subprocess.run(  # noqa: S603 (our own command)
            self.command("--metrics-port", "0", *options),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.folder,
            env=self.environment(),
        )

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it in order, which must work."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(60) == 0, self.text
        assert self.said()[-1] == "stopped", self.text

    def close(self) -> None:
        """End it in order, if it runs; it must not have broken."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        assert "Traceback" not in self.text, self.text
        assert "failed" not in self.said(), self.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        elif self.process is not None:
            self.kill()
            print(self.text)  # noqa: T201 (pytest shows it where a test fails)

    @property
    def text(self) -> str:
        """All that it has written."""
        return self.log.read_text(encoding="utf-8") if self.log.is_file() else ""

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of its journal."""
        return [json.loads(line) for line in self.text.splitlines() if line[:1] == "{"]

    def said(self) -> list[str]:
        """Return the events of its journal."""
        return [line["event"] for line in self.lines()]

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.metrics_port}{path}", timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Return the value of a metric; 0 where there is none yet."""
        shown = ",".join(f'{key}="{text}"' for key, text in sorted(labels.items()))
        begins = f"{self.metrics}_{name}{'{' + shown + '}' if shown else ''} "
        found = [line for line in self.page("/metrics")[1].splitlines() if line.startswith(begins)]
        return float(found[0].split()[-1]) if found else 0.0

    def is_up(self) -> bool:
        """Whether its pages are there."""
        try:
            return self.page("/healthz")[0] == 200
        except OSError:
            return False

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.text
        try:
            return self.page("/readyz")[0] == 200
        except OSError:
            return False
