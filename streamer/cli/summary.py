"""The summary of a replay: a table on a terminal, aligned text in a pipe, or JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Final

import click
import orjson

from streamer.analysis.never_seen import Missing
from streamer.app.books import MOST_STAYS, Account
from streamer.app.replay import ReplaySummary
from streamer.cli.intake import accepted_lines
from streamer.cli.tables import show_table
from streamer.cli.wording import counted, instant, lasting, unusable
from streamer.instants import iso

_HEADS: Final = ("segment", "entered", "exited", "members", "customers", "median stay")
_MEBIBYTE: Final = 1 << 20


def show(summary: ReplaySummary, stream: IO[str], most_bytes: int) -> None:
    """Write the summary for a person; rules make Streamer keep `most_bytes` of one customer."""
    for line in _story(summary):
        click.echo(line, file=stream)
    click.echo(file=stream)
    show_table(_HEADS, [_row(account) for account in summary.accounts], stream)
    for line in _notes(summary, most_bytes):
        click.echo(line, file=stream)


def as_json(summary: ReplaySummary, missing: Sequence[Missing], most_bytes: int) -> str:
    """Return the summary as one JSON object, its instants as text; `most_bytes` as in `show`."""
    facts = asdict(summary) | {"bytes_most": most_bytes}
    for name in ("first", "last", "until"):
        facts[name] = None if facts[name] is None else iso(facts[name])
    facts["reasons"] = [reason._asdict() for reason in summary.reasons]
    facts["missing"] = [one._asdict() for one in missing]
    facts["segments"] = facts.pop("accounts")
    for segment in facts["segments"]:
        segment["median_stay_ms"] = segment.pop("median_stay")
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def _story(summary: ReplaySummary) -> list[str]:
    lines = list(accepted_lines(summary.intake))
    said = f"{counted(summary.customers, 'customer')}, {counted(summary.changes, 'segment change')}"
    if summary.first is not None and summary.last is not None:
        said += f", events from {instant(summary.first)} to {instant(summary.last)} UTC"
    lines.append(said)
    if summary.until is not None and summary.until != summary.last:
        lines.append(f"everything due up to {instant(summary.until)} UTC has happened")
    return lines


def _row(account: Account) -> tuple[str, ...]:
    stay = "-" if account.median_stay is None else lasting(account.median_stay)
    return (
        account.membership,
        f"{account.entered:,}",
        f"{account.exited:,}",
        f"{account.members:,}",
        f"{account.customers:,}",
        f"~{stay}" if account.sampled else stay,
    )


def _notes(summary: ReplaySummary, most_bytes: int) -> list[str]:
    lines = ["", "members: inside at the end; customers: inside at least once"]
    if any(account.sampled for account in summary.accounts):
        lines.append(f"~: median of a sample of {MOST_STAYS:,} stays")
    lines.extend(
        f"perhaps not exact: {label} needed more than its bound {counted(times, 'time')}"
        for label, times in summary.beyond.items()
    )
    lines.extend(unusable(summary.unusable))
    if summary.bytes_average is not None and summary.bytes_largest is not None:
        lines.append(
            f"a customer takes {summary.bytes_average:,} bytes on average, the largest "
            f"{summary.bytes_largest:,}, of the {most_bytes:,} that the rules could ask for"
        )
    pace = summary.lines / summary.seconds if summary.seconds else 0
    cost = f"{summary.seconds:.1f} s, {pace:,.0f} lines per second"
    if summary.peak_memory is not None:
        cost += f", peak memory {summary.peak_memory / _MEBIBYTE:,.0f} MiB"
    lines.append(cost)
    return lines
