"""Sizes over time, and who came and went, by bucket.

A size in the past is the present one less what has moved since, so both never disagree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from streamer.adapters.view.reading import BucketFlow
from streamer.adapters.view.tables import HOURS, MINUTES
from streamer.adapters.view.writing import KEPT_MINUTES
from streamer.instants import iso
from streamer.serve.answers.context import Context, Json
from streamer.serve.problems import Problem
from streamer.types import FOREVER, HOUR, MINUTE, Millis

MOST_BUCKETS: Final = 2_000


def sizes_over_time(
    context: Context,
    names: Sequence[str],
    span: tuple[Millis | None, Millis | None],
    bucket: Millis,
    buckets: int,
) -> Json:
    """Return sizes and flows by bucket, of all memberships for no name.

    `span` is from when to when; without, so many `buckets` up to the event time reached.
    """
    asked = [one for name in names for one in context.memberships(name)]
    begin, end = _range(context.event_time, span, bucket, buckets)
    only = asked[0] if len(asked) == 1 else None
    flows = context.reader.flows(_table(bucket), begin, FOREVER, only)
    sizes = context.reader.sizes()
    shown = asked or sorted(context.catalogue.memberships | sizes.keys())
    began = context.reader.began()
    return context.of(
        {
            "from": iso(begin),
            "to": iso(end),
            "bucket_ms": bucket,
            "counted_since": None if began is None else iso(began),
            "at": [iso(at) for at in range(begin, end, bucket)],
            "series": _series(shown, sizes, flows, (begin, end, bucket)),
        }
    )


def _table(bucket: Millis) -> str:
    return HOURS if bucket % HOUR == 0 else MINUTES


def _range(
    now: Millis, span: tuple[Millis | None, Millis | None], bucket: Millis, buckets: int
) -> tuple[Millis, Millis]:
    """Return the first instant and the end, both at the edge of a bucket."""
    since, until = span
    end = -(-((now + 1) if until is None else until) // bucket) * bucket
    begin = (end - buckets * bucket if since is None else since) // bucket * bucket
    count = (end - begin) // bucket
    if not 0 < count <= MOST_BUCKETS:
        message = f"from, to and bucket must make 1 to {MOST_BUCKETS:,} buckets; they make"
        raise Problem("bad-request", f"{message} {max(0, count):,}")
    if _table(bucket) == MINUTES and begin < now - KEPT_MINUTES:
        kept = iso((now - KEPT_MINUTES) // MINUTE * MINUTE)
        message = f"minutes are kept for two days, since {kept}: ask for a bucket of 1h or more"
        raise Problem("bad-request", message)
    return begin, end


def _series(
    names: Sequence[str],
    sizes: Mapping[str, int],
    flows: Iterable[BucketFlow],
    span: tuple[Millis, Millis, Millis],
) -> list[Json]:
    begin, end, bucket = span
    count = (end - begin) // bucket
    moves: defaultdict[str, list[list[int]]] = defaultdict(
        lambda: [[0] * (count + 1), [0] * (count + 1)]
    )
    for one in flows:
        number = min((one.bucket - begin) // bucket, count)
        entered, exited = moves[one.segment]
        entered[number] += one.entered
        exited[number] += one.exited
    return [_one_series(name, sizes.get(name, 0), *moves[name]) for name in names]


def _one_series(name: str, size: int, entered: list[int], exited: list[int]) -> Json:
    """Return one series; the last number of both lists is what came after the last bucket."""
    sizes = []
    for number in reversed(range(1, len(entered))):
        size -= entered[number] - exited[number]
        sizes.append(size)
    sizes.reverse()
    return {
        "segment": name,
        "size": sizes,
        "entered": entered[:-1],
        "exited": exited[:-1],
        "net": [one - other for one, other in zip(entered[:-1], exited[:-1], strict=True)],
    }
