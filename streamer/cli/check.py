"""`streamer check`: every error of every rule at once, and what the rules remember."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click
import orjson

from streamer.analysis.inventory import Inventory, Needs, inventory
from streamer.analysis.program import program_json
from streamer.app.inputs import load_rules
from streamer.app.shipped import mapping_file
from streamer.cli.failures import FINDINGS
from streamer.cli.mapped import Mapped, made_json, made_lines, mapped, mapped_lines
from streamer.cli.options import examples, format_option, mapping_option, rules_argument
from streamer.cli.wording import counted
from streamer.errors import Finding, RuleErrors
from streamer.language import render
from streamer.mapping import made_by, read_mapping

Form: TypeAlias = Literal["text", "json", "github"]


@click.command(
    epilog=examples("""
streamer check rules/
streamer check rules/cart_abandonment rules/shop.yaml --format json
streamer check rules/ --format github
streamer check rules/ --program
streamer check rules/ --map shopify_webhooks
streamer check --map mapping.yaml
""")
)
@rules_argument
@format_option("For people, for programs, or as annotations of a GitHub workflow.", "github")
@mapping_option
@click.option(
    "--program",
    "as_program",
    is_flag=True,
    help="Write the compiled program as JSON: columns, cells, leaves, segments, version.",
)
def check(rules: tuple[str, ...], form: Form, mapping: str | None, *, as_program: bool) -> None:
    """Find all errors of rule files at once, and say what the rules remember.

    RULES are files, or folders whose *.yaml and *.yml files are taken; the default is the folder
    named by STREAMER_RULES, or else rules. All of them together are one rule set. Without errors
    it shows, for each segment, which events and properties it reads and the most bytes that it
    remembers of one customer. With --program it writes instead what the rules compile to, for
    people who want to know which rules share what is remembered, or what a change of a rule
    changes. With --map it also says which segments are off, because the mapping never makes what
    they ask for; without rules it checks the mapping alone, and says what it makes.
    """
    made = None if mapping is None else made_by(read_mapping(mapping_file(mapping)).says)
    if made is not None and not (rules != ("rules",) or Path("rules").exists()):
        click.echo(made_json(made) if form == "json" else "\n".join(made_lines(made)))
        return
    try:
        loaded = load_rules(rules)
    except RuleErrors as error:
        click.echo(_report(error.findings, None, form))
        raise click.exceptions.Exit(FINDINGS) from None
    if as_program:
        click.echo(program_json(loaded), nl=False)
        return
    report = _report(loaded.declared.warnings, inventory(loaded), form, mapped(loaded, made))
    if report:
        click.echo(report)


def _report(
    findings: Sequence[Finding], found: Inventory | None, form: Form, mapped: Mapped | None = None
) -> str:
    match form:
        case "json":
            return _json(findings, found, mapped)
        case "github":
            return "\n".join(map(_annotation, findings))
        case "text":
            of_mapping = () if mapped is None else mapped_lines(mapped)
            return "\n".join([*_text(findings, found), *of_mapping])


def _text(findings: Sequence[Finding], found: Inventory | None) -> Iterator[str]:
    for finding in findings:
        yield render(finding)
    if findings:
        yield ""
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        yield click.style(counted(errors, "error"), fg="red")
    if found is None:
        return
    for needs in found.segments:
        yield from _needs(needs)
    evaluated = sum(needs.remembers is not None for needs in found.segments)
    warnings = f", {counted(len(findings), 'warning')}" if findings else ""
    yield (
        f"{counted(evaluated, 'segment')}, no errors{warnings}; "
        f"at most {found.total:,} bytes per customer, what is shared counted once "
        "(replay says how many a customer takes on average)"
    )


def _needs(needs: Needs) -> Iterator[str]:
    yield click.style(needs.key, bold=True) + f": {needs.title}"
    if needs.remembers is None:
        yield "  not evaluated: its settings say enabled: false"
    else:
        said = f"  remembers at most {needs.remembers:,} bytes per customer"
        if needs.shared_with:
            said += f", {needs.shared:,} of them shared with {', '.join(needs.shared_with)}"
        yield said
    reads = [
        f"{word} {', '.join(names)}"
        for word, names in (
            ("events", needs.events),
            ("properties", needs.properties),
            ("traits", needs.traits),
        )
        if names
    ]
    yield f"  reads {'; '.join(reads)}" if reads else "  reads no events"
    for limit in needs.limits:
        yield f"  {limit}"


def _json(findings: Sequence[Finding], found: Inventory | None, mapped: Mapped | None) -> str:
    facts: dict[str, Any] = {
        "ok": found is not None,
        "findings": [asdict(finding) for finding in findings],
        "segments": [] if found is None else [asdict(needs) for needs in found.segments],
        "bytes_per_customer": None if found is None else found.total,
    }
    if mapped is not None:
        facts["mapping"] = mapped.facts()
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()


def _annotation(finding: Finding) -> str:
    """Return the finding as a workflow command of GitHub; what would end a field is escaped."""
    place = f"file={escaped(finding.file, ',:')},line={finding.line},col={finding.column}"
    return f"::{finding.severity} {place}::{escaped(finding.message)}"


def escaped(text: str, also: str = "") -> str:
    """Return a text for a workflow command of GitHub, with what would end a field escaped."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
