"""How many lines were accepted, how many were not, and why: as people read it, and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from streamer.app.intake import Intake, RefusalReason
from streamer.cli.wording import counted

NONE_ACCEPTED: Final = "no line was accepted: there are no events to answer from"


def intake_line(intake: Intake) -> str:
    """Return how many lines were read, and what became of them."""
    read = f"{counted(intake.lines, 'line')} read, {intake.applied:,} applied"
    kinds = ("invalid", "late", "early", "duplicate")
    rejected = ", ".join(f"{getattr(intake, k):,} {k}" for k in kinds if getattr(intake, k))
    if rejected:
        read += f", {intake.rejected:,} rejected ({rejected})"
    if intake.left_out:
        read += f", {intake.left_out:,} left out (after --until)"
    return read


def intake_lines(intake: Intake) -> Iterator[str]:
    """Yield lines on the intake: counts, reasons, and what they mean for the answer."""
    yield from accepted_lines(intake)
    if intake.unusable:
        yield NONE_ACCEPTED
    elif intake.rejected:
        yield "the answer rests on the accepted lines alone: the input is incomplete"


def accepted_lines(intake: Intake) -> Iterator[str]:
    """Yield lines on the intake: counts, reasons, and what to do about a wrong order."""
    yield intake_line(intake)
    yield from reason_lines(intake.reasons)
    if intake.late and not intake.timed:
        yield late_line(intake.late)


def late_line(late: int) -> str:
    """Return the advice for events that are late because of their order."""
    lines = counted(late, "line")
    return f"the events are not in order of time, which made {lines} late: --sort reads them so"


def reason_lines(reasons: Sequence[RefusalReason]) -> Iterator[str]:
    """Yield the most frequent reasons of invalid lines, each with its first line."""
    for reason in reasons:
        yield f"  {reason.times:,} invalid, the first {reason.example}"


def intake_facts(intake: Intake | None) -> dict[str, Any] | None:
    """Return the intake as JSON members, None where no events were read."""
    if intake is None:
        return None
    kinds = ("lines", "applied", "duplicate", "late", "early", "invalid", "left_out")
    facts: dict[str, Any] = {name: getattr(intake, name) for name in kinds}
    return facts | {"reasons": [reason._asdict() for reason in intake.reasons]}
