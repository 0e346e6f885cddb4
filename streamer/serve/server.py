"""The server: questions over HTTP, answered from the view, beside the page and the stream.

A question is let in (host, token, rate), matched to a route, answered, and counted by its route.
Small answers are made in the event loop's thread; those that read many rows are made in others, so
that none of them delays the stream. Nothing that a question names is written to a log or a metric.
"""

import asyncio
import ipaddress
import logging
import threading
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from streamer.adapters.database import Database
from streamer.adapters.http.rates import Rates
from streamer.adapters.profiles import Profiles
from streamer.adapters.view.reading import ViewReader
from streamer.adapters.view.tables import open_view
from streamer.adapters.view.writing import Fresh
from streamer.app.live import Journal
from streamer.errors import Unavailable, UsageError
from streamer.serve.answers import Answers, Json
from streamer.serve.catalogue import Catalogue
from streamer.serve.counts import Counts
from streamer.serve.follower import Follower
from streamer.serve.openapi import openapi
from streamer.serve.pages import INDEX, Pages, etag
from streamer.serve.problems import Problem
from streamer.serve.questions import Question
from streamer.serve.routes import ROUTES, Asked, Route, matched, path_parts
from streamer.serve.stream import Missed, Stream
from streamer.serve.tokens import COOKIE, COOKIE_S, Token, Tokens

Result = TypeVar("Result")
Answering: TypeAlias = Coroutine[object, object, web.StreamResponse]

_BACKLOG: Final = 1024
_THREADS: Final = 2
_REBUILDING_S: Final = 2
_UNAVAILABLE_S: Final = 5
_SHUTDOWN_S: Final = 5.0
_JSON: Final = "application/json"
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SILENT: Final = logging.getLogger("streamer.serve.aiohttp")
_SILENT.disabled = True
"""aiohttp would log the address of every client that sends no HTTP; what we break is journalled."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server listens, and what it lets in.

    A connection is closed after `idle_seconds` without a question; `streams` may be open at once.
    """

    host: str
    port: int
    idle_seconds: float = 75.0
    streams: int = 2_000


@dataclass(frozen=True, slots=True)
class Access:
    """Where and for whom; `tokens` None lets everybody in who reaches a loopback address.

    `send` takes an event of the page's and appends it to the log, where that may be done.
    """

    place: Place
    tokens: Tokens | None = None
    send: Callable[[bytes], object] | None = None


class Server:
    """Answers until stopped. `profiles` is where to ask for profiles, None where that cannot be."""

    def __init__(
        self,
        view: Path,
        follower: Follower,
        catalogue: Catalogue,
        profiles: Profiles | None,
        access: Access,
        journal: Journal,
    ) -> None:
        place, tokens = access.place, access.tokens
        if tokens is None and not is_loopback(place.host):
            raise UsageError(
                f"{place.host} can be reached from other machines: name a file of tokens with "
                "--tokens, or listen on --host 127.0.0.1"
            )
        self._view = view
        self._follower = follower
        self._catalogue = catalogue
        self._profiles = profiles
        self._place = place
        self._journal = journal
        self._tokens = tokens
        self._send = access.send
        self._rates = Rates()
        self._readers = threading.local()
        self._pool = ThreadPoolExecutor(_THREADS, "answers")
        self._pages = Pages()
        self._document = orjson.dumps(openapi(ROUTES))
        self._stream = Stream(self._missed(), place.streams)
        self._stop: Callable[[], object] = lambda: None
        self.counts = Counts(
            lambda: follower.status, lambda: self._reader().sizes(), self._stream_counts
        )
        self.address = ""

    def unready(self) -> str | None:
        """Return why the server cannot answer as it should just now, None if it can."""
        status = self._follower.status
        if not status.ready:
            return f"the view is being rebuilt: {status.progress.read} of {status.progress.total}"
        return status.failure

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._stop()

    async def run(self, listening: Callable[[], object] = lambda: None) -> None:
        """Answer until `stop`; `listening` is called once questions are taken."""
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        self._stop = partial(loop.call_soon_threadsafe, stopping.set)
        self._follower.became_ready = lambda *at: loop.call_soon_threadsafe(
            partial(self._stream.begin, *at)
        )
        self._follower.heard = lambda fresh: loop.call_soon_threadsafe(partial(self._heard, fresh))
        server = web.Server(
            self._answer,
            keepalive_timeout=self._place.idle_seconds,
            access_log=None,
            logger=_SILENT,
        )
        runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            await self._listen(runner)
            self._follower.start()
            self._journal.say("listening", address=self.address)
            listening()
            await stopping.wait()
            self._journal.say("stopping")
        finally:
            await self._in_thread(self._follower.close)
            self._stream.close()
            await runner.cleanup()
            self._pool.shutdown()
            self._journal.say("stopped")

    async def _listen(self, runner: web.ServerRunner) -> None:
        place = self._place
        site = web.TCPSite(runner, place.host, place.port, backlog=_BACKLOG)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(
                f"port {place.port} cannot be listened on ({error.strerror}): "
                "choose another with --port"
            ) from None
        host = f"[{place.host}]" if ":" in place.host else place.host
        self.address = f"http://{host}:{runner.addresses[0][1]}"

    # One request.

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        route = "none"
        try:
            self._check_host(request)
            parts = path_parts(request.rel_url.raw_path)
            route, answering = self._routed(request, parts)
            response = await answering
        except Problem as problem:
            response = problem.response()
        except Unavailable as error:
            response = Problem("unavailable", str(error), retry_after=_UNAVAILABLE_S).response()
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 (an error of ours costs one request, no more)
            place = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            self._journal.say("failed", "error", error=kind, at=f"{place.name}:{place.lineno}")
            response = Problem("internal", "an error of the server; its log says where").response()
        self.counts.answered(route, response.status, time.monotonic() - began)
        if not response.prepared:
            response.headers.update(_SECURITY)
        return response

    def _routed(self, request: web.BaseRequest, parts: tuple[str, ...]) -> tuple[str, Answering]:
        """Return what the path asks for, by its name, and what makes the answer."""
        match parts:
            case ("",):
                return "page", self._file(request, INDEX)
            case ("page", *path):
                return "page", self._file(request, "/".join(path))
            case ("healthz",):
                return "healthz", _text("alive")
            case ("readyz",):
                reason = self.unready()
                return "readyz", _text("ready") if reason is None else _text(reason, 503)
            case ("openapi.json",):
                return "openapi", _stable(request, self._document)
            case ("v1", "session"):
                return "session", self._session(request)
            case ("v1", "changes", "stream"):
                return "stream", self._streamed(request)
        for route in ROUTES:
            names = matched(parts, route.parts)
            if names is not None:
                return route.name, self._from_view(request, route, names)
        raise Problem("not-found", "there is no such path; /openapi.json lists those there are")

    async def _from_view(
        self, request: web.BaseRequest, route: Route, names: Mapping[str, str]
    ) -> web.Response:
        _only(request, "GET", "HEAD")
        self._let_in(request)
        asked = Asked(names, Question(request.rel_url.raw_query_string, route.known()))
        if route.needs_view:
            self._check_ready()
        told = await self._made(partial(route.answering, asked), heavy=route.heavy)
        return _json(told)

    async def _made(self, make: Callable[[Answers], Json], *, heavy: bool) -> Json:
        """Make an answer, here or in a thread."""

        def answered() -> Json:
            status, now = self._follower.status, time.time_ns() // 1_000_000
            reader = self._reader()
            return make(Answers(reader, self._catalogue, status, self._profiles, now))

        return await self._in_thread(answered) if heavy else answered()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _reader(self) -> ViewReader:
        """Return the reader of this thread."""
        reader = getattr(self._readers, "reader", None)
        if reader is None:
            database: Database = open_view(self._view)
            reader = self._readers.reader = ViewReader(database)
        return reader

    # Who asks.

    def _check_host(self, request: web.BaseRequest) -> None:
        """Refuse names that are not this machine's where everybody is let in.

        Otherwise a page of any site could let its own name lead here, and read the answers.
        """
        if self._tokens is None:
            host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
            if not is_loopback(host):
                raise Problem("forbidden", "ask by the name localhost, or start with --tokens")

    def _let_in(self, request: web.BaseRequest) -> None:
        """Refuse who has no token, and who asks too often."""
        if self._tokens is None:
            return
        token = self._token(request, self._tokens)
        if token is None:
            message = "send Authorization: Bearer with a token of this server"
            raise Problem("unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
        now = time.monotonic()
        wait = self._rates.wait(token.name, token.rate, now)
        if wait:
            message = f"this token may ask {token.rate:g} questions a second"
            raise Problem("rate", message, retry_after=wait)
        self._rates.take(token.name, token.rate, now, 1)

    def _token(self, request: web.BaseRequest, tokens: Tokens) -> Token | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return tokens.find(secret.strip())
        cookie = request.cookies.get(COOKIE)
        if cookie is None or not _same_origin(request):
            return None
        return tokens.of_cookie(cookie, time.time())

    async def _session(self, request: web.BaseRequest) -> web.Response:
        """Give a page a cookie for its token, or take it away."""
        _only(request, "POST", "DELETE")
        if not _same_origin(request):
            raise Problem("forbidden", "a page of another origin cannot log in here")
        response = web.Response(status=204)
        if request.method == "DELETE":
            response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
            return response
        self._let_in(request)
        if self._tokens is not None:
            token = self._token(request, self._tokens)
            if token is not None:
                value = self._tokens.cookie(token, time.time())
                secure = request.headers.get("X-Forwarded-Proto", "http") == "https"
                response.set_cookie(
                    COOKIE,
                    value,
                    max_age=COOKIE_S,
                    secure=secure,
                    path="/",
                    httponly=True,
                    samesite="Strict",
                )
        return response

    # The stream.

    async def _streamed(self, request: web.BaseRequest) -> web.StreamResponse:
        _only(request, "GET", "HEAD")
        self._let_in(request)
        question = Question(request.rel_url.raw_query_string, {"segment"})
        self._check_ready()
        names = question.texts("segment")

        def found(answers: Answers) -> Json:
            return {"names": [one for name in names for one in answers.memberships(name)]}

        chosen = frozenset((await self._made(found, heavy=False))["names"])
        return await self._stream.serve(request, chosen, _SECURITY)

    def _missed(self) -> Missed:
        return Missed(
            lambda: self._in_thread(lambda: self._reader().reached()),
            lambda offsets: self._in_thread(lambda: self._reader().position_of(offsets)),
            lambda at, limit: self._in_thread(lambda: self._reader().after(at, limit)),
        )

    def _heard(self, fresh: Sequence[Fresh]) -> None:
        for _, one in fresh:
            self.counts.moved(one.change.segment, one.change.direction)
        self._stream.publish(fresh)

    def _stream_counts(self) -> tuple[int, int]:
        return self._stream.readers, self._stream.dropped

    # What needs no view.

    def _check_ready(self) -> None:
        status = self._follower.status
        if not status.ready:
            read, total, _ = status.progress
            why = f"; {status.failure}" if status.failure else ""
            raise Problem(
                "rebuilding",
                f"{read:,} of {total:,} records are read{why}",
                retry_after=_REBUILDING_S,
                progress={"read": read, "total": total},
            )

    async def _file(self, request: web.BaseRequest, name: str) -> web.Response:
        _only(request, "GET", "HEAD")
        file = self._pages.files.get(name)
        if file is None:
            raise Problem("not-found", "the page has no such file")
        headers = {
            "ETag": file.etag,
            "Cache-Control": "no-cache",
            "Content-Security-Policy": self._pages.policy,
            "Content-Type": file.content_type,
        }
        if request.headers.get("If-None-Match") == file.etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.body, headers=headers)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, seen from itself only."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _only(request: web.BaseRequest, *methods: str) -> None:
    if request.method not in methods:
        allowed = ", ".join(methods)
        raise Problem("method", f"only {allowed} here", headers={"Allow": allowed})


def _same_origin(request: web.BaseRequest) -> bool:
    """Return whether a page of ours asks, or no page at all."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return site in ("same-origin", "none") and (
        origin is None or urlsplit(origin).netloc == request.headers.get("Host")
    )


def _json(told: Json) -> web.Response:
    return web.Response(
        body=orjson.dumps(told), content_type=_JSON, headers={"Cache-Control": "no-store"}
    )


async def _text(text: str, status: int = 200) -> web.Response:
    return web.Response(text=f"{text}\n", status=status)


async def _stable(request: web.BaseRequest, body: bytes) -> web.Response:
    """Return what changes with the program only, or nothing where it is known."""
    _only(request, "GET", "HEAD")
    headers = {"ETag": etag(body), "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=_JSON, headers=headers)
