"""A real HTTP server that receives webhooks: it answers, fails, stalls, resets, redirects.

What it does with a request is said by a function of the customer's id and of how many requests for
that change came before; without one it answers 200.
"""

import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook

LARGE = 10_000_000


@dataclass(frozen=True)
class Act:
    """What is done with a request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    reset: bool = False
    stall: bool = False


@dataclass(frozen=True)
class Request:
    """What came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 (any JSON)
        return json.loads(self.body)

    @property
    def customer(self) -> str:
        return str(self.document["data"]["customer_id"])

    @property
    def change_id(self) -> str:
        return str(self.document["data"]["change_id"])

    def verify(self, secret: str) -> None:
        """Verify the signature; raises if it is wrong."""
        Webhook(secret).verify(self.body, self.headers)


Script = Callable[[Request, int], Act]


def well(_request: Request, _before: int) -> Act:
    return Act()


class Receiver:
    """Serves on a port of its own until closed."""

    def __init__(self, script: Script = well) -> None:
        self.script = script
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._before: Counter[str] = Counter()
        self._free = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks"

    def delivered(self) -> list[tuple[str, int]]:
        """Return customer and sequence of every request that was answered with 200."""
        with self._lock:
            return [
                (each.customer, each.document["data"]["sequence"])
                for each, act in self._acts
                if act == Act()
            ]

    def close(self) -> None:
        self._free.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self
        self._acts: list[tuple[Request, Act]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, dict(self.headers), body)
                receiver._answer(request, self)

            def do_GET(self) -> None:
                receiver.requests.append(Request(self.path, dict(self.headers), b""))
                self.send_error(418)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name)
                pass

        return Handler

    def _answer(self, request: Request, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            act = self.script(request, self._before[request.change_id])
            self._before[request.change_id] += 1
            self.requests.append(request)
            self._acts.append((request, act))
        if act.stall:
            self._free.wait()
        if act.reset or act.stall:
            once = struct.pack("ii", 1, 0)  # closes with RST
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, once)
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(act.status)
        for name, text in act.headers.items():
            handler.send_header(name, text)
        handler.send_header("Content-Length", str(act.size))
        handler.end_headers()
        try:
            handler.wfile.write(b"x" * act.size)
        except OSError:
            handler.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that we have cut."""
