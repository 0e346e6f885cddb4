"""A real Prometheus with our rules, in which a minute lasts a second, and a slow link to Redis."""

import json
import re
import select
import shutil
import socket
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from tests.ops.rules import FILES, load
from tests.servers.machine import prometheus_program
from tests.servers.ports import free_port
from tests.servers.process import Process
from tests.waiting import wait_until

JOBS: Final = ("streamer", "streamer-collect", "streamer-react", "streamer-serve")
MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}
START_S: Final = 60


def hastened(text: str) -> str:
    """Return rules in which what lasts a minute lasts a second: windows, offsets and `for`."""

    def seconds(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) * MINUTES[found[3]]}s{found[4]}"

    window = re.sub(r"(\[)(\d+)([mhd])(\])", seconds, text)
    window = re.sub(r"(\boffset )(\d+)([mhd])(\b)", seconds, window)
    return re.sub(r"(\bfor: )(\d+)([mhd])(\b)", seconds, window)


class Watch:
    """Prometheus, which scrapes every second what `targets` was told. A context manager."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="streamer-prometheus-"))
        rules = self._folder / "rules"
        rules.mkdir()
        for path in FILES:
            (rules / path.name).write_text(hastened(path.read_text("utf-8")), "utf-8")
            assert load(rules / path.name)["groups"]
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules / "*.yml")],
            "scrape_configs": [
                {"job_name": job, "file_sd_configs": [{"files": [str(self._targets(job))]}]}
                for job in JOBS
            ],
        }
        (self._folder / "prometheus.yml").write_text(json.dumps(settings), "utf-8")
        for job in JOBS:
            self.targets(job, [])
        command = [
            str(prometheus_program()),
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self._server = Process(command, self._folder)

    def __enter__(self) -> Self:
        self._server.start()
        wait_until(self._is_ready, "Prometheus is ready", START_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def targets(self, job: str, ports: Sequence[int]) -> None:
        """Say which ports of this machine a job has."""
        place = self._targets(job)
        part = place.with_suffix(".part")
        part.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in ports]}]))
        part.rename(place)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an expression now; fails where it cannot be evaluated."""
        words = urllib.parse.urlencode({"query": expression})
        found = json.loads(self._get(f"/api/v1/query?{words}"))
        assert found["status"] == "success", found
        series = found["data"]["result"]
        return list(series) if isinstance(series[:1], list) else [series]

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        return {one["metric"]["alertname"] for one in self.query('ALERTS{alertstate="firing"}')}

    def wait_for_alert(self, name: str, seconds: float = 120) -> None:
        """Return once an alert fires."""
        wait_until(lambda: self._looked(name), f"{name} fires", seconds)

    def wait_for_quiet(self, name: str, seconds: float = 120) -> None:
        """Return once an alert does not fire."""
        wait_until(lambda: not self._looked(name), f"{name} ends", seconds)

    def _looked(self, name: str) -> bool:
        time.sleep(0.5)  # it evaluates every second
        return name in self.firing()

    def _targets(self, job: str) -> Path:
        return self._folder / f"{job}.targets.json"

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def _is_ready(self) -> bool:
        assert self._server.is_alive(), self._server.last_words()
        try:
            return bool(self._get("/-/ready"))
        except OSError:
            return False


class SlowLink:
    """A TCP proxy that holds back what a client sends for `delay` seconds. A context manager.

    While `trickle` is set, every byte of an answer takes so many seconds.
    """

    def __init__(self, port: int) -> None:
        self.delay = self.trickle = 0.0
        self._behind = port
        self._ending = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        behind = ("127.0.0.1", self._behind)
        with client, suppress(OSError), socket.create_connection(behind) as server:
            while not self._ending.is_set():
                for one in select.select([client, server], [], [], 0.5)[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    if one is client:
                        self._ending.wait(self.delay)
                        server.sendall(data)
                    else:
                        self._answer(client, data)

    def _answer(self, client: socket.socket, data: bytes) -> None:
        while data and self.trickle and not self._ending.is_set():
            client.sendall(data[:1])
            data = data[1:]
            self._ending.wait(self.trickle)
        client.sendall(data)
