"""The small pages of a process for its operator: `/metrics`, `/healthz`, `/readyz`.

They are served from a thread of their own. `/healthz` answers 200 as long as the process is alive,
also while Kafka or Redis are away; `/readyz` answers 503 with the reason while it cannot work.
"""

from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from streamer.adapters.closing import Closing
from streamer.errors import UsageError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class OperatorPages(Closing):
    """Serves the pages on a port until closed; `unready` says why it cannot work, or None.

    `more` are further pages by path: JSON, given the query. Port 0 takes a free one, `port` says
    which. Raises `UsageError` if the port is taken.
    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        unready: Callable[[], str | None],
        more: Mapping[str, Callable[[str], bytes]] | None = None,
    ) -> None:
        self._metrics = make_wsgi_app(registry)
        self._unready = unready
        self._more = more or {}
        try:
            self._server = make_server(host, port, self._answer, _Threads, _Silent)
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used for /metrics ({error.strerror}): "
                f"choose another with --metrics-port, or 0 for none"
            ) from None
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, name="pages", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        match request["PATH_INFO"]:
            case "/metrics":
                page: Iterable[bytes] = self._metrics(request, start)
                return page
            case "/healthz":
                return _text(start, "200 OK", "alive")
            case "/readyz":
                reason = self._unready()
                if reason is None:
                    return _text(start, "200 OK", "ready")
                return _text(start, "503 Service Unavailable", reason)
            case path if path in self._more:
                start("200 OK", [("Content-Type", "application/json")])
                return [self._more[path](request.get("QUERY_STRING", ""))]
            case _:
                return _text(start, "404 Not Found", "there are /metrics, /healthz and /readyz")


def _text(start: "StartResponse", status: str, text: str) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]


class _Threads(ThreadingMixIn, WSGIServer):
    """A thread for each request, so that a slow reader delays no other."""

    daemon_threads = True


class _Silent(WSGIRequestHandler):
    """Requests are not logged."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""
