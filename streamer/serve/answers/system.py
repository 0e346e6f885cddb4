"""The system itself: the rules that decide beside those in the files, and how it is, in words."""

from statistics import median_low
from typing import Final

from streamer.serve.answers.context import Context, Json
from streamer.serve.follower import ViewStatus
from streamer.types import HOUR, Millis

_DELAYS_OF: Final = 200


def rules(context: Context) -> Json:
    """Return the rules that decide beside those in the files, and how the files differ.

    `read` is the version that answers are made by, `files` that of the files, None where they are
    no rules; `running` is what decided last, by partition.
    """
    context.rulebook.look(context.deciding)
    held, read = context.rulebook.files, context.catalogue
    files = None if held.catalogue is None else held.catalogue.rules.version
    running = {one.partition: one.rules for one in context.status.reached.values()}
    sizes = context.reader.sizes()
    return context.of(
        {
            "files": files,
            "files_error": held.error,
            "read": read.rules.version,
            "running": {str(number): version for number, version in sorted(running.items())},
            "pending": any(version != files for version in running.values()),
            "differences": [one._asdict() for one in held.differences(read)],
            "only_running": sorted(
                name
                for name, size in sizes.items()
                if size and name not in context.catalogue.memberships
            ),
            "segments": [one.details() for one in context.catalogue.entries],
        }
    )


def health(context: Context) -> Json:
    """Return how it is, in one sentence, and the figures that the sentence rests on."""
    status = context.status
    delays = context.reader.delays(_DELAYS_OF) if status.ready else []
    delay = median_low(delays) if delays else None
    rejected = context.reader.rejected_since(context.present - HOUR)
    return context.of(
        {
            "healthy": status.ready and status.failure is None,
            "sentence": _sentence(status, delay, rejected),
            "failure": status.failure,
            "progress": _progress(status),
            "delay_ms": delay,
            "delay_of": len(delays),
            "rejected_last_hour": rejected,
            "unreadable": status.unreadable,
            "customers": context.reader.customers(),
            "test_events": context.stores.shop is not None,
        }
    )


def _progress(status: ViewStatus) -> Json:
    read, total, _ = status.progress
    return {"read": read, "total": total, "share": round(read / total, 4) if total else None}


def _sentence(status: ViewStatus, delay: Millis | None, rejected: int) -> str:
    if not status.ready:
        failure = f": {status.failure}" if status.failure else ""
        read, total, _ = status.progress
        return f"Rebuilding: {read:,} of {total:,} records are read{failure}."
    if status.failure is not None:
        return f"Not up to date: {status.failure}. What is shown is what was read before."
    if status.event_time is None:
        return "Up to date, and nobody has entered a segment yet."
    late = "" if delay is None else f": changes are published {_lasting(delay)} after their event"
    many = "nothing" if not rejected else f"{rejected:,} record{'' if rejected == 1 else 's'}"
    return f"Up to date{late}; {many} rejected in the last hour."


def _lasting(delay: Millis) -> str:
    return f"{delay:,} ms" if delay < 10_000 else f"{delay // 1_000:,} s"  # noqa: PLR2004
