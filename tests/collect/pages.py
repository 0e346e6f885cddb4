"""A page of a shop in headless Chromium: one origin serves it, the collector is another."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.collect.get import PACKAGES, PROGRAMS, browser


class Pages:
    """Serves the pages and the packages.

    `sent` is set once the page says /sent. A page that asks for /go waits until `go_on` is set.
    """

    def __init__(self, folders: tuple[Path, ...] = (PROGRAMS, PACKAGES)) -> None:
        self.sent = threading.Event()
        self.go_on = threading.Event()
        files = partial(_Files, self.sent, self.go_on, folders)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), files)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


class _Files(SimpleHTTPRequestHandler):
    """Files of several folders."""

    def __init__(
        self,
        sent: threading.Event,
        go_on: threading.Event,
        folders: tuple[Path, ...],
        *args: Any,  # noqa: ANN401 (the library's)
    ) -> None:
        self._sent = sent
        self._go_on = go_on
        self._folders = folders
        super().__init__(*args)

    def do_GET(self) -> None:
        if self.path == "/sent":
            self._sent.set()
        elif self.path == "/go":
            self._go_on.wait()
        super().do_GET()

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].lstrip("/")
        places = [folder / name for folder in self._folders]
        return str(next((place for place in places if place.is_file()), places[0]))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        pass


@contextmanager
def opened(page: str, folder: Path, **question: str) -> Iterator[subprocess.Popen[bytes]]:
    """Open a page in a browser of its own for as long as the block takes."""
    with (folder / "chromium.log").open("ab") as log:
        command = [
            *(browser() or "chromium", "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={folder / 'profile'}"),
            *("--remote-debugging-port=0", "--enable-logging=stderr"),
            f"{page}?{urlencode(question)}",
        ]
        process = subprocess.Popen(  # noqa: S603 (our own command)
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)
