"""The server: questions over HTTP, answered from the view, beside the page and the stream.

A question is let in (host, token, rate), matched to a route, answered, and counted by its route.
Nothing that a question names is written to a log or a metric.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import orjson
from aiohttp import web

from streamer.adapters.http.listening import listen, server_runner
from streamer.adapters.view.writing import Fresh
from streamer.app.live import Journal
from streamer.errors import Unavailable, UsageError
from streamer.serve.admission import Admission, is_loopback
from streamer.serve.answering import Answering
from streamer.serve.answers.context import Context, Json, Stores
from streamer.serve.counts import ServerCounts
from streamer.serve.follower import Follower
from streamer.serve.openapi import openapi
from streamer.serve.pages import INDEX, PageFiles
from streamer.serve.problems import Problem
from streamer.serve.questions import Question
from streamer.serve.responses import SECURITY, as_json, as_text, file_of, only, stable
from streamer.serve.routes import ROUTES, Route, RouteRequest, matched, path_parts
from streamer.serve.rulebook import Rulebook
from streamer.serve.sending import body_of, sent
from streamer.serve.stream import NO_MORE, Missed, Stream, StreamLimits
from streamer.serve.tokens import Tokens
from streamer.worker.bugs import raised_at

Response: TypeAlias = Coroutine[object, object, web.StreamResponse]

_LOOKS_EVERY_S: Final = 5.0
_REBUILDING_S: Final = 2
_UNAVAILABLE_S: Final = 5
_SHUTDOWN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where the server listens, and what it lets in.

    A connection is closed after `idle_seconds` without a question, or in the midst of one.
    """

    host: str
    port: int
    idle_seconds: float = 75.0
    limits: StreamLimits = NO_MORE


@dataclass(frozen=True, slots=True)
class Access:
    """Address and tokens; without tokens, all clients of a loopback address are let in."""

    place: ServerOptions
    tokens: Tokens | None = None


class Server:
    """Answers until stopped, from a view and the stores beside it."""

    def __init__(
        self,
        view: Path,
        follower: Follower,
        rulebook: Rulebook,
        stores: Stores,
        access: Access,
        journal: Journal,
    ) -> None:
        place, tokens = access.place, access.tokens
        if tokens is None and not is_loopback(place.host):
            raise UsageError(
                f"{place.host} can be reached from other machines: name a file of tokens with "
                "--tokens, or listen on --host 127.0.0.1"
            )
        self._follower = follower
        self._rulebook = rulebook
        self._answering = Answering(view, follower, rulebook, stores)
        self._admission = Admission(tokens)
        self._place = place
        self._journal = journal
        self._pages = PageFiles()
        self._document = orjson.dumps(openapi(ROUTES))
        self._stream = Stream(self._missed(), place.limits)
        self._stop: Callable[[], object] = lambda: None
        self.counts = ServerCounts(
            lambda: follower.status, lambda: self._answering.reader().sizes(), self._stream_counts
        )
        self.address = ""
        self._fixed: dict[tuple[str, ...], tuple[str, Callable[[web.BaseRequest], Response]]] = {
            ("",): ("page", self._index),
            ("healthz",): ("healthz", self._alive),
            ("readyz",): ("readyz", self._ready),
            ("openapi.json",): ("openapi", self._openapi),
            ("v1", "session"): ("session", self._admission.session),
            ("v1", "changes", "stream"): ("stream", self._streamed),
            ("v1", "events"): ("send", self._sent),
        }

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
        runner = server_runner(
            self._answer, _SHUTDOWN_S, keepalive_timeout=self._place.idle_seconds
        )
        await runner.setup()
        try:
            await self._listen(runner)
            self._follower.start()
            self._journal.say("listening", address=self.address)
            listening()
            while not stopping.is_set():
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOKS_EVERY_S):
                        await stopping.wait()
            self._journal.say("stopping")
        finally:
            await self._answering.beside(self._follower.close)
            self._stream.close()
            await runner.cleanup()
            self._answering.close()
            self._journal.say("stopped")

    async def _look(self) -> None:
        """Look whether the files of the rules have changed."""
        deciding = {one.rules for one in self._follower.status.reached.values()}
        await self._answering.beside(lambda: self._rulebook.look(deciding))

    async def _listen(self, runner: web.ServerRunner) -> None:
        place = self._place
        port = await listen(runner, place.host, place.port)
        host = f"[{place.host}]" if ":" in place.host else place.host
        self.address = f"http://{host}:{port}"

    # One request.

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        route = "none"
        try:
            self._admission.check_host(request)
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
            kind = type(error).__name__
            self._journal.say("failed", "error", error=kind, at=raised_at(error))
            response = Problem("internal", "an error of the server; its log says where").response()
        self.counts.answered(route, response.status, time.monotonic() - began)
        if not response.prepared:
            response.headers.update(SECURITY)
        return response

    def _routed(self, request: web.BaseRequest, parts: tuple[str, ...]) -> tuple[str, Response]:
        """Return what the path asks for, by its name, and what makes the answer."""
        name, *path = parts
        if name == "page":
            return "page", file_of(request, self._pages, "/".join(path))
        if parts in self._fixed:
            name, answering = self._fixed[parts]
            return name, answering(request)
        for route in ROUTES:
            names = matched(parts, route.parts)
            if names is not None:
                return route.name, self._from_view(request, route, names)
        raise Problem("not-found", "there is no such path; /openapi.json lists those there are")

    async def _alive(self, _: web.BaseRequest) -> web.Response:
        return as_text("alive")

    async def _ready(self, _: web.BaseRequest) -> web.Response:
        reason = self.unready()
        return as_text("ready") if reason is None else as_text(reason, 503)

    async def _index(self, request: web.BaseRequest) -> web.Response:
        return await file_of(request, self._pages, INDEX)

    async def _openapi(self, request: web.BaseRequest) -> web.Response:
        return await stable(request, self._document)

    async def _from_view(
        self, request: web.BaseRequest, route: Route, names: Mapping[str, str]
    ) -> web.Response:
        only(request, "GET", "HEAD")
        self._admission.let_in(request)
        asked = RouteRequest(names, Question(request.rel_url.raw_query_string, route.known()))
        if route.needs_view:
            self._check_ready()
        answer = await self._answering.made(partial(route.answering, asked), heavy=route.heavy)
        return as_json(answer)

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

    async def _sent(self, request: web.BaseRequest) -> web.Response:
        self._admission.let_in(request)
        Question(request.rel_url.raw_query_string, ())
        body = await body_of(request)
        self._check_ready()
        answer = await self._answering.made(lambda context: sent(context, body), heavy=True)
        return as_json(answer, 202)

    # The stream.

    async def _streamed(self, request: web.BaseRequest) -> web.StreamResponse:
        only(request, "GET", "HEAD")
        self._admission.let_in(request)
        question = Question(request.rel_url.raw_query_string, {"segment"})
        self._check_ready()
        names = question.texts("segment")

        def found(context: Context) -> Json:
            return {"names": [one for name in names for one in context.memberships(name)]}

        chosen = frozenset((await self._answering.made(found, heavy=False))["names"])
        return await self._stream.serve(request, chosen, SECURITY)

    def _missed(self) -> Missed:
        reader, beside = self._answering.reader, self._answering.beside
        return Missed(
            lambda: beside(lambda: reader().reached()),
            lambda offsets: beside(lambda: reader().position_of(offsets)),
            lambda at, limit: beside(lambda: reader().after(at, limit)),
        )

    def _heard(self, fresh: Sequence[Fresh]) -> None:
        for _, one in fresh:
            self.counts.moved(one.change.segment, one.change.direction)
        self._stream.publish(fresh)

    def _stream_counts(self) -> tuple[int, int]:
        return self._stream.readers, self._stream.dropped
