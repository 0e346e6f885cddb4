"""Changes as server-sent events, to as many readers as are let in.

Theory of operation.

1. The id of an event is the position of every partition after it: `0:17,3:4`. It means the same on
   every instance, so a reader may come back to another one.
2. A reader that comes back with `Last-Event-ID` first gets from the view what it has missed, then
   what comes. Where that is not kept any more, or the id is none of ours, it gets one `reset`: it
   then has to ask for the present state again. So it is where the id is beyond the view, as after
   topics were made anew: nothing would come until they are as long as they were. When the view is
   begun anew, all readers get a `reset`.
3. Frames are written once and shared. A reader that does not take them gets `dropped` with the
   reason if it still can, and is closed: no other reader waits for it.
4. While nothing happens a comment is sent now and then, so proxies keep the connection and a reader
   that went away is noticed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiohttp.web import BaseRequest, StreamResponse

from streamer.adapters.view.batches import Published
from streamer.adapters.view.reading import Reached, StoredChange
from streamer.adapters.view.writing import Fresh
from streamer.serve.problems import Problem

_PAGE: Final = 500
_LONGEST_ID: Final = 8_000
_HEARTBEAT: Final = b": still here\n\n"
_AGAIN_MS: Final = 2_000
_FULL_S: Final = 10

Offsets = dict[int, int]


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many readers there may be, and how slow one may be.

    For one reader so many frames may be `waiting`, and for `patience_s` it may take nothing while
    some are. A comment is sent after `heartbeat_s` without any.
    """

    readers: int = 2_000
    waiting: int = 2_000
    patience_s: float = 20.0
    heartbeat_s: float = 15.0


NO_MORE: Final = StreamLimits()
"""The limits unless others are set."""


@dataclass(slots=True, eq=False)
class _Reader:
    segments: frozenset[str]
    most_waiting: int
    known: Offsets = field(default_factory=dict)
    waiting: deque[bytes] = field(default_factory=deque)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    too_slow: bool = False

    def wants(self, one: Published) -> bool:
        return one.offset > self.known.get(one.partition, -1) and (
            not self.segments or one.change.segment in self.segments
        )

    def offer(self, data: bytes) -> None:
        if len(self.waiting) >= self.most_waiting:
            self.too_slow = True
        else:
            self.waiting.append(data)
        self.awake.set()


class Missed:
    """What a reader who comes back has missed: asks the view page by page."""

    def __init__(
        self,
        reached: Callable[[], Awaitable[list[Reached]]],
        position_of: Callable[[Iterable[tuple[int, int]]], Awaitable[int]],
        after: Callable[[int, int], Awaitable[list[StoredChange]]],
    ) -> None:
        self.reached = reached
        self.position_of = position_of
        self.after = after


class Stream:
    """All readers of one server. Used in the thread of its event loop."""

    def __init__(self, missed: Missed, limits: StreamLimits) -> None:
        self._missed = missed
        self._limits = limits
        self._readers: set[_Reader] = set()
        self._offsets: Offsets = {}
        self._position = 0
        self.dropped = 0

    @property
    def readers(self) -> int:
        """How many readers there are."""
        return len(self._readers)

    def begin(self, reached: Iterable[Reached], position: int) -> None:
        """Say where the view stands before the first change that is published here."""
        self._offsets = {one.partition: one.offset for one in reached}
        self._position = position
        for reader in self._readers:  # they know what was before the view was begun anew
            reader.known = {}
            reader.offer(_reset(self._offsets))

    def publish(self, fresh: Sequence[Fresh]) -> None:
        """Hand new changes to every reader who wants them."""
        for position, one in fresh:
            self._offsets[one.partition] = one.offset
            self._position = position
            if self._readers:
                data = _event(one.line, self._offsets)
                for reader in self._readers:
                    if reader.wants(one):
                        reader.offer(data)

    def close(self) -> None:
        """Let every reader go."""
        for reader in self._readers:
            reader.waiting.append(_named("closing", {"reason": "the server is being stopped"}))
            reader.too_slow = True
            reader.awake.set()

    async def serve(
        self, request: BaseRequest, segments: frozenset[str], headers: Mapping[str, str]
    ) -> StreamResponse:
        """Answer a request with changes for as long as its reader takes them."""
        most = self._limits.readers
        if len(self._readers) >= most:
            message = f"{most:,} streams are open, which is as many as are let in"
            raise Problem("too-many-streams", message, retry_after=_FULL_S)
        response = StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                **headers,
            }
        )
        reader = _Reader(segments, self._limits.waiting)
        self._readers.add(reader)  # from now on nothing is missed
        position, offsets = self._position, dict(self._offsets)
        try:
            await response.prepare(request)
            if request.method != "HEAD":
                last = request.headers.get("Last-Event-ID") or None
                await self._catch_up(response, reader, last, (position, offsets))
                await self._follow(response, reader)
        except TimeoutError:
            self.dropped += 1
            _abort(request)
        except (ConnectionError, asyncio.CancelledError):
            _abort(request)  # the reader went
        finally:
            self._readers.discard(reader)
        return response

    async def _catch_up(
        self,
        response: StreamResponse,
        reader: _Reader,
        last: str | None,
        here: tuple[int, Offsets],
    ) -> None:
        position, offsets = here
        known = None if last is None else read_id(last)
        if last is not None and known is not None and await self._is_kept(known):
            reader.known = dict(known)
            await self._send_missed(response, reader, known, position)
            return
        begin = b"retry: %d\n" % _AGAIN_MS
        if last is None:
            await self._send(response, begin + _id(offsets) + _named("start", {}))
        else:
            await self._send(response, begin + _reset(offsets))

    async def _is_kept(self, known: Offsets) -> bool:
        reached = {one.partition: one for one in await self._missed.reached()}
        return known.keys() <= reached.keys() and all(
            one.dropped <= known.get(number, -1) <= one.offset for number, one in reached.items()
        )

    async def _send_missed(
        self, response: StreamResponse, reader: _Reader, known: Offsets, until: int
    ) -> None:
        reached = await self._missed.reached()
        asked = [(one.partition, known.get(one.partition, -1)) for one in reached]
        position = await self._missed.position_of(asked)
        await self._send(response, b"retry: %d\n\n" % _AGAIN_MS)
        while position < until:
            rows = await self._missed.after(position, _PAGE)
            rows = [row for row in rows if row.position <= until]
            if not rows:
                return
            frames = []
            for row in rows:
                if row.offset > known.get(row.partition, -1):
                    known[row.partition] = row.offset
                    segment = orjson.loads(row.line)["segment"] if reader.segments else ""
                    if not reader.segments or segment in reader.segments:
                        frames.append(_event(row.line, known))
            position = rows[-1].position
            await self._send(response, b"".join(frames))

    async def _follow(self, response: StreamResponse, reader: _Reader) -> None:
        while True:
            if not reader.waiting and not reader.too_slow:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.heartbeat_s):
                        await reader.awake.wait()
            reader.awake.clear()
            data = b"".join(reader.waiting) or _HEARTBEAT
            reader.waiting.clear()
            if reader.too_slow:
                reason = "changes came faster than they were taken: come back with Last-Event-ID"
                await self._send(response, data + _named("dropped", {"reason": reason}))
                self.dropped += 1
                return
            await self._send(response, data)

    async def _send(self, response: StreamResponse, data: bytes) -> None:
        if data:
            async with asyncio.timeout(self._limits.patience_s):
                await response.write(data)


def _abort(request: BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()


def _event(line: bytes, offsets: Offsets) -> bytes:
    return _id(offsets) + b"event: change\ndata: " + line + b"\n\n"


def _reset(offsets: Offsets) -> bytes:
    reason = "what came after the last id is not kept any more: ask for the present state"
    return _id(offsets) + _named("reset", {"reason": reason})


def _named(name: str, facts: dict[str, str]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(facts) + b"\n\n"


def _id(offsets: Offsets) -> bytes:
    positions = ",".join(f"{number}:{offset}" for number, offset in sorted(offsets.items()))
    return b"id: " + positions.encode() + b"\n"


def read_id(text: str) -> Offsets | None:
    """Return the offsets that an id names, None for what is none of ours."""
    if len(text) > _LONGEST_ID:
        return None
    found: Offsets = {}
    for part in text.split(","):
        number, _, offset = part.partition(":")
        if not (_is_number(number) and (_is_number(offset) or offset == "-1")):
            return None
        found[int(number)] = int(offset)
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004 (fits 64 bits)
