"""`streamer trace`: how one change came to be, stage by stage."""

import re
import urllib.error
import urllib.request
from typing import Any, Final, Literal

import click
import orjson

from streamer.adapters.clock import wall_time
from streamer.adapters.kafka import Connection, Topics
from streamer.app.trace import Trace, TraceStage, find_trace
from streamer.cli.failures import FINDINGS, say
from streamer.cli.options import examples, format_option
from streamer.cli.quantities import Duration
from streamer.cli.servers import kafka_options, topic_options
from streamer.cli.wording import instant, plain
from streamer.errors import UsageError
from streamer.instants import iso
from streamer.types import Millis

_FORM: Final = re.compile(r"[0-9a-f]{32}")
_PATIENCE_S: Final = 10
_VERBS: Final = {"entered": "enters", "exited": "exits"}


@click.command(
    epilog=examples("""
streamer trace 0f1e2d3c4b5a69788796a5b4c3d2e1f0
streamer trace 0f1e2d3c4b5a69788796a5b4c3d2e1f0 --since 7d --format json
""")
)
@click.argument("change_id")
@click.option(
    "--since",
    type=Duration(),
    default="24h",
    show_default=True,
    help="How far back the change may have been published.",
)
@click.option(
    "--react",
    "pages",
    metavar="URL",
    multiple=True,
    help="Where a `streamer react` has its metrics, such as http://127.0.0.1:9466: when it was "
    "delivered. May be given several times.",
)
@format_option("How it is written.")
@kafka_options
@topic_options("events", "changes")
@click.pass_context
def trace(
    context: click.Context,
    change_id: str,
    since: Millis,
    pages: tuple[str, ...],
    form: Literal["text", "json"],
    connection: Connection,
    topics: Topics,
) -> None:
    """Show which event or timer caused a change, and when it came through each stage.

    Reads the topics of changes and of events, and moves nothing. The gaps between stages are told
    in milliseconds; a gap over two clocks, such as the storefront's and the broker's, may be
    negative. A change that is not found is exit status 1.
    """
    if _FORM.fullmatch(change_id) is None:
        raise UsageError(
            f"{change_id!r} is no change_id: expected 32 digits of 0-9 and a-f, as the field "
            f"change_id of a change has them"
        )
    deliveries = [_deliveries(url) for url in pages]
    begins = wall_time() - since
    found = find_trace(connection, topics, change_id, begins, deliveries)
    if found is None:
        say(
            f"no change {change_id} was published to {topics.changes} since {iso(begins)}: "
            f"look further back with --since"
        )
        context.exit(FINDINGS)
    click.echo(_json(found) if form == "json" else _text(found))


def _deliveries(url: str) -> dict[str, Any]:
    """Return the last deliveries that a process of webhooks shows."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--react {url} is no address: write http://HOST:PORT")
    try:
        with urllib.request.urlopen(  # noqa: S310 (its scheme is one of the two)
            f"{url.rstrip('/')}/deliveries", timeout=_PATIENCE_S
        ) as answer:
            found: dict[str, Any] = orjson.loads(answer.read())
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise UsageError(f"the deliveries at {url} cannot be read: {error}") from None
    return found


def _text(trace: Trace) -> str:
    change = trace.change
    lines = [
        f"{change.customer} {_VERBS[change.direction]} {change.segment} at {instant(change.at)}",
        *(f"  because {plain(reason)}" for reason in change.because),
    ]
    if trace.traceparent is not None:
        lines.append(f"  traceparent {plain(trace.traceparent)}")
    lines.append("")
    for stage, gap in _gaps(trace):
        at = "not known" if stage.at is None else iso(stage.at)
        after = "" if gap is None else f"{gap:+,} ms"
        lines.append(f"{stage.name:<10} {at:<24} {after:>14}  {plain(stage.where)}")
    return "\n".join(lines)


def _json(trace: Trace) -> bytes:
    stages = [
        {
            "stage": stage.name,
            "at": None if stage.at is None else iso(stage.at),
            "milliseconds_after": gap,
            "where": stage.where,
        }
        for stage, gap in _gaps(trace)
    ]
    change = orjson.Fragment(trace.line)
    return orjson.dumps({"change": change, "traceparent": trace.traceparent, "stages": stages})


def _gaps(trace: Trace) -> list[tuple[TraceStage, Millis | None]]:
    """Return each stage with the time since the one before, None where one is not known."""
    found: list[tuple[TraceStage, Millis | None]] = []
    last: Millis | None = None
    for stage in trace.stages:
        known = last is not None and stage.at is not None
        found.append((stage, (stage.at or 0) - (last or 0) if known else None))
        last = stage.at
    return found
