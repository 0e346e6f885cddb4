"""Lines of an events file whose times meet the windows of the rules, or just miss them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st

from tests.strategies.conditions import Draw
from tests.strategies.moves import MOVES, POISON, Move, bodies
from tests.strategies.words import DURATION, STANDARD_EVENTS, Node, millis, texts_in

Until: TypeAlias = int | Literal["end"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STARTS = (
    1_767_225_600_000,  # 2026-01-01T00:00Z
    1_774_735_200_000,  # 2026-03-28T22:00Z: the clocks of Berlin go forward in the night after
    1_792_882_800_000,  # 2026-10-24T23:00Z: and back in this one
)
LATENESS = 2_000
MAX_AHEAD = 300_000
STRANGER = "never_heard_of"
ZONES = (UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8)))


@st.composite
def histories(draw: Draw, documents: Sequence[Node]) -> list[bytes]:
    """The lines of an events file of one to three customers."""
    own = [name for name in dict.fromkeys(texts_in(list(documents))) if name in STANDARD_EVENTS]
    names = [*own, *own, *own, "identified", STRANGER, *header_of(documents).get("events", ())]
    chosen = draw(st.lists(bodies(names), min_size=2, max_size=5))
    least = draw(st.sampled_from([1, 8, 16]))
    moves = draw(st.lists(MOVES, min_size=least, max_size=30))
    writing = Writing(
        documents, chosen, draw(st.sampled_from(STARTS)), appended=draw(st.booleans())
    )
    return [writing.line(move) for move in moves]


@st.composite
def untils(draw: Draw, documents: Sequence[Node], lines: Sequence[bytes]) -> Until:
    """`end`, or a time near one of the lines."""
    times = [time for line in lines if (time := time_of(line)) is not None]
    if not times or draw(st.booleans()):
        return "end"
    near: int = draw(st.sampled_from(times)) + draw(st.sampled_from(distances(documents)))
    return near


def header_of(documents: Sequence[Node]) -> Node:
    """The header among the documents, or nothing."""
    return next((document for document in documents if "ruleset" in document), {})


def distances(documents: Sequence[Node]) -> list[int]:
    """How far apart events may be: the durations of the rules, and a millisecond more or less."""
    head = header_of(documents)
    written = [text for document in documents for text in texts_in(document)]
    durations = list(dict.fromkeys(millis(text) for text in written if DURATION.fullmatch(text)))
    edges = [millis(head.get("max_lateness", "24h")), millis(head.get("retention", "400d"))]
    near = [shift for wait in durations for shift in (wait, wait, wait - 1, wait + 1, -wait)]
    usual = [0, 0, 1, -1, *near] * 3
    return [*usual, *(edge + shift for edge in edges for shift in (0, 1)), -edges[0], -edges[0] - 1]


def lags(documents: Sequence[Node]) -> list[int]:
    """How long after its time a record is appended: at once, at the edges, or much later."""
    longest = millis(header_of(documents).get("max_lateness", "24h"))
    usual = [0, 0, 0, 1, LATENESS, LATENESS, LATENESS - 1, LATENESS + 1] * 2
    edges = [-1, -MAX_AHEAD, -MAX_AHEAD - 1, longest, longest + 1]
    waits = {shift + LATENESS for shift in distances(documents) if 0 < shift <= longest}
    return [*usual, *edges, *sorted(waits)]


def time_of(line: bytes) -> int | None:
    """The time of a line that was written as a number."""
    try:
        record: Any = json.loads(line)
    except ValueError:
        return None
    time = record.get("time") if isinstance(record, dict) else None
    return time if type(time) is int and time > STARTS[0] // 2 else None


class Writing:
    """Turns moves into lines; remembers the times and ids that later moves refer to."""

    def __init__(
        self, documents: Sequence[Node], chosen: list[Node], start: int, *, appended: bool
    ) -> None:
        self.bodies = chosen
        self.distances = distances(documents)
        self.lags = lags(documents)
        self.times = [start]
        self.ids: list[str] = []
        self.appended = 0 if appended else None

    def line(self, move: Move) -> bytes:
        """The line of a move."""
        if move.form == 1:
            return POISON[(move.distance + move.lag) % len(POISON)]
        newest_first = sorted(self.times, reverse=True)
        time = newest_first[move.anchor % len(newest_first)]
        time += self.distances[move.distance % len(self.distances)]
        self.times.append(time)
        record: Node = {
            "id": self.identity(move),
            "time": written(time, move),
            **customer(move.who),
            **self.bodies[move.body % len(self.bodies)],
        }
        if self.appended is not None:
            record["appended"] = self.append_time(time, move)
        return json.dumps(record).encode()

    def identity(self, move: Move) -> str:
        """An id of its own, or at times that of an earlier line."""
        if self.ids and move.form in (2, 3):
            return self.ids[-1 - move.lag % len(self.ids)]
        self.ids.append(f"e{len(self.ids) + 1}")
        return self.ids[-1]

    def append_time(self, time: int, move: Move) -> int:
        """Append times rise, with a step back now and then."""
        appended = time + self.lags[move.lag % len(self.lags)]
        if move.form != 4:
            appended = max(appended, self.appended or 0)
        self.appended = appended
        return appended


def written(time: int, move: Move) -> int | float | str:
    """The time as a number or as text in some zone."""
    if move.form < 22:
        return time
    if move.form == 22:
        return float(time)
    there = (EPOCH + timedelta(milliseconds=time)).astimezone(ZONES[move.lag % len(ZONES)])
    text = there.isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def customer(who: int) -> Node:
    """Who it was: three customers, the first of them at times by the other id."""
    if who == 3:
        return {"user_id": "", "anonymous_id": "c1"}
    return {"user_id": f"c{who + 1}"}
