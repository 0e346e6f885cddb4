"""`streamer privacy`: what is kept about a customer, which rules need it, why, and how long."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Literal

import click
import orjson

from streamer.analysis.privacy import Datum, Privacy, without_reason
from streamer.analysis.privacy import privacy as kept_by
from streamer.app.inputs import load_rules
from streamer.cli.failures import FINDINGS
from streamer.cli.options import examples, format_option, rules_argument
from streamer.cli.wording import counted
from streamer.core.wording import duration
from streamer.errors import Finding
from streamer.language import render


@click.command(
    epilog=examples("""
streamer privacy rules/
streamer privacy rules/ --format json
streamer privacy rules/ --check
""")
)
@rules_argument
@format_option("How it is written.")
@click.option("--check", "judge", is_flag=True, help="Only say what is kept without a purpose.")
def privacy(rules: tuple[str, ...], form: Literal["text", "json"], judge: bool) -> None:
    """Say what the rules keep about a customer, why, and for how long.

    RULES are files, or folders whose *.yaml and *.yml files are taken; the default is the folder
    named by STREAMER_RULES, or else rules. What no rule needs is not kept; a rule with
    enabled: false keeps nothing. With --check the exit status is 1 if anything is kept without a
    purpose: the purpose of a rule that needs it is a placeholder, no sentence, or only repeats the
    rule's name.
    """
    loaded = load_rules(rules)
    found = kept_by(loaded)
    findings = without_reason(loaded) if judge else []
    if form == "json":
        click.echo(orjson.dumps(_facts(found, findings), option=orjson.OPT_INDENT_2))
    elif judge:
        click.echo("\n".join(_verdict(found, findings)))
    elif sys.stdout.isatty():
        _show_table(found)
    else:
        click.echo("\n".join(_text(found)))
    if findings:
        raise click.exceptions.Exit(FINDINGS)


def _verdict(found: Privacy, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield render(finding)
    if findings:
        yield f"{counted(len(findings), 'rule')} without a purpose for what it keeps"
    else:
        rules = counted(len(found.reasons), "rule")
        data = counted(len(found.data), "datum", "data")
        yield f"{data} kept by {rules}: each has its purpose"


def _head(found: Privacy) -> Iterator[str]:
    yield (
        f"Of one customer at most, and until {duration(found.retention)} after the last event, "
        "when everything is deleted:"
    )
    yield ""
    for one in found.always:
        yield f"- {one}"


def _text(found: Privacy) -> Iterator[str]:
    yield from _head(found)
    purposes = {one.key: one.purpose for one in found.reasons}
    for datum in found.data:
        yield ""
        yield click.style(datum.what, bold=True)
        yield f"  counts {_counts(datum)}; at most {datum.bytes:,} bytes"
        for key in datum.rules:
            yield f"  {key}: {purposes[key]}"


def _show_table(found: Privacy) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    purposes = {one.key: one.purpose for one in found.reasons}
    table = Table("kept", "counts", "needed by", "purpose", box=SIMPLE_HEAD)
    for column, ratio in zip(table.columns, (4, 1, 3, 6), strict=True):
        column.overflow, column.ratio = "fold", ratio
    for datum in found.data:
        for nth, key in enumerate(datum.rules):
            first = (datum.what, _counts(datum)) if nth == 0 else ("", "")
            table.add_row(*first, key, purposes[key], end_section=key == datum.rules[-1])
    click.echo("\n".join(_head(found)))
    Console().print(table)


def _counts(datum: Datum) -> str:
    return "always" if datum.counts_for is None else f"for {duration(datum.counts_for)}"


def _facts(found: Privacy, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "ok": not findings,
        "findings": [asdict(finding) for finding in findings],
        "retention_ms": found.retention,
        "always": found.always,
        "data": [_datum_facts(datum) for datum in found.data],
        "rules": [asdict(reason) for reason in found.reasons],
    }


def _datum_facts(datum: Datum) -> dict[str, Any]:
    facts = asdict(datum)
    facts["counts_for_ms"] = facts.pop("counts_for")
    return facts
