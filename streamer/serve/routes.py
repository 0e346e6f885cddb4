"""Which path asks for which answer: the one source of the router and of the OpenAPI document.

A route that `needs_view` is answered 503 with the progress while the view is rebuilt. One that is
`heavy` reads many rows, so it is answered in another thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from streamer.codecs.event_schemas import Schema
from streamer.serve.answers import customers, delivering, effects, happenings, segments, system
from streamer.serve.answers.context import Context, Json
from streamer.serve.answers.sizes import MOST_BUCKETS, sizes_over_time
from streamer.serve.problems import Problem
from streamer.serve.questions import BUCKETS, WITHIN, Question, customer_id

MOST_MEMBERS: Final = 1_000
MOST_CHANGES: Final = 500


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A question as it came: what its path names, and its query."""

    names: Mapping[str, str]
    question: Question


Answering: TypeAlias = Callable[[RouteRequest, Context], Json]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a path or query, for the router and for readers of the document."""

    name: str
    description: str
    schema: Schema
    many: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One path. `name` is what metrics and the document call it; `answer` names its schema."""

    name: str
    path: str
    summary: str
    answer: str
    answering: Answering
    query: tuple[Parameter, ...] = ()
    needs_view: bool = True
    heavy: bool = True

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(self.path.strip("/").split("/"))

    def known(self) -> frozenset[str]:
        """The parameters that its query may have."""
        return frozenset(one.name for one in self.query)


_TEXT: Final[Schema] = {"type": "string"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}


def _limit(default: int, most: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter("limit", "How many at most.", schema)


SEGMENTS: Final = Parameter(
    "segment", "Only of this segment, tier or ladder; may be given several times.", _TEXT, many=True
)
_DIRECTION: Final = Parameter(
    "direction", "Only entered, or only exited.", {"enum": ["entered", "exited"]}
)
_BUCKET: Final = Parameter(
    "bucket", "How long each bucket is.", {"enum": list(BUCKETS), "default": "1h"}
)
_BUCKETS: Final = Parameter(
    "buckets",
    "How many buckets before `to`, where there is no `from`.",
    {"type": "integer", "minimum": 1, "maximum": MOST_BUCKETS, "default": 24},
)
_FROM: Final = Parameter("from", "The first instant, instead of `buckets`.", _TIME)
_TO: Final = Parameter("to", "The end; the event time that is reached without it.", _TIME)
_WITHIN: Final = Parameter(
    "within",
    "How long after entering the segment a conversion counts.",
    {"enum": list(WITHIN), "default": "7d"},
)
_CONVERSION: Final = Parameter(
    "conversion",
    f"The event that is a conversion, `{effects.CONVERSION}` without it; may be given several "
    "times.",
    _TEXT,
    many=True,
)
_CURSOR: Final = Parameter("cursor", "`next` of the page before.", _TEXT)


def _direction(asked: RouteRequest) -> str | None:
    return asked.question.choice("direction", "", ("entered", "exited")) or None


def _sizes(asked: RouteRequest, context: Context, names: list[str]) -> Json:
    bucket = BUCKETS[asked.question.choice("bucket", "1h", BUCKETS)]
    since, until = asked.question.instant("from"), asked.question.instant("to")
    count = asked.question.number("buckets", 24, MOST_BUCKETS)
    return sizes_over_time(context, names, (since, until), bucket, count)


ROUTES: Final = (
    Route(
        "segments",
        "/v1/segments",
        "Every segment with its size, and who entered and exited in the last day of event time",
        "Segments",
        lambda _, context: segments.every_segment(context),
    ),
    Route(
        "segment",
        "/v1/segments/{segment}",
        "One segment: purpose, rule, needs, size, how long customers stay",
        "Segment",
        lambda asked, context: segments.one_segment(context, asked.names["segment"]),
    ),
    Route(
        "members",
        "/v1/segments/{segment}/members",
        "The members of a segment or tier, by id, page by page",
        "Members",
        lambda asked, context: segments.members(
            context,
            asked.names["segment"],
            asked.question.text("cursor"),
            asked.question.number("limit", 100, MOST_MEMBERS),
        ),
        (_CURSOR, _limit(100, MOST_MEMBERS)),
        heavy=False,
    ),
    Route(
        "segment_sizes",
        "/v1/segments/{segment}/sizes",
        "The size of a segment over time, who entered, who exited, and the difference",
        "Sizes",
        lambda asked, context: _sizes(asked, context, [asked.names["segment"]]),
        (_FROM, _TO, _BUCKET, _BUCKETS),
    ),
    Route(
        "overlaps",
        "/v1/segments/{segment}/overlaps",
        "How many members of a segment or tier are in each other one, too",
        "Overlaps",
        lambda asked, context: segments.overlaps(context, asked.names["segment"]),
    ),
    Route(
        "effect",
        "/v1/segments/{segment}/effect",
        "Do members who are not held out convert more often, by the events of the demo's file",
        "Effect",
        lambda asked, context: effects.effect(
            context,
            asked.names["segment"],
            asked.question.texts("conversion") or (effects.CONVERSION,),
            WITHIN[asked.question.choice("within", "7d", WITHIN)],
        ),
        (_CONVERSION, _WITHIN),
    ),
    Route(
        "sizes",
        "/v1/sizes",
        "The sizes of several segments over time, of all without a name",
        "Sizes",
        lambda asked, context: _sizes(asked, context, asked.question.texts("segment")),
        (SEGMENTS, _FROM, _TO, _BUCKET, _BUCKETS),
    ),
    Route(
        "customer",
        "/v1/customers/{customer}",
        "The segments that a customer is in",
        "Customer",
        lambda asked, context: customers.one_customer(
            context, customer_id(asked.names["customer"])
        ),
        heavy=False,
    ),
    Route(
        "outlook",
        "/v1/customers/{customer}/outlook",
        "What comes next of a customer if nothing happens, and near misses, by the stored profile",
        "Outlook",
        lambda asked, context: customers.outlook(context, customer_id(asked.names["customer"])),
    ),
    Route(
        "why",
        "/v1/customers/{customer}/segments/{segment}",
        "Why a customer is in a segment or why not: each condition, by the stored profile",
        "Why",
        lambda asked, context: customers.why(
            context, customer_id(asked.names["customer"]), asked.names["segment"]
        ),
    ),
    Route(
        "story",
        "/v1/customers/{customer}/changes",
        "The latest changes and events of a customer, the latest first",
        "Story",
        lambda asked, context: customers.story(
            context,
            customer_id(asked.names["customer"]),
            asked.question.number("limit", 100, MOST_CHANGES),
        ),
        (_limit(100, MOST_CHANGES),),
    ),
    Route(
        "changes",
        "/v1/changes",
        "The latest changes, the latest first",
        "Changes",
        lambda asked, context: happenings.changes(
            context,
            asked.question.texts("segment"),
            _direction(asked),
            asked.question.number("limit", 50, MOST_CHANGES),
        ),
        (SEGMENTS, _DIRECTION, _limit(50, MOST_CHANGES)),
    ),
    Route(
        "rejected",
        "/v1/rejected",
        "What was rejected, by reason, with an example each",
        "Rejected",
        lambda _, context: happenings.rejected(context),
    ),
    Route(
        "deliveries",
        "/v1/deliveries",
        "Whether changes reach webhooks and reactions: backlog, failures, what is switched off",
        "Deliveries",
        lambda _, context: delivering.deliveries(context),
        needs_view=False,
    ),
    Route(
        "health",
        "/v1/health",
        "How it is, in one sentence",
        "Health",
        lambda _, context: system.health(context),
        needs_view=False,
    ),
    Route(
        "rules",
        "/v1/rules",
        "The rules in the files, beside those that decide",
        "Rules",
        lambda _, context: system.rules(context),
        needs_view=False,
    ),
)
"""Every question that is answered with a document."""


def path_parts(raw: str) -> tuple[str, ...]:
    """Return the parts of a raw path, each decoded; raises `Problem` for what is no UTF-8."""
    try:
        return tuple(unquote(part, errors="strict") for part in raw.strip("/").split("/"))
    except UnicodeDecodeError:
        raise Problem("bad-request", "the path of the address is not UTF-8") from None


def matched(parts: tuple[str, ...], pattern: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the names in a path that fits a pattern, None if it does not fit."""
    if len(parts) != len(pattern):
        return None
    names = {}
    for part, wanted in zip(parts, pattern, strict=True):
        if wanted.startswith("{"):
            names[wanted[1:-1]] = part
        elif part != wanted:
            return None
    return names
