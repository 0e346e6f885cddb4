"""`streamer test`: the tests in the rule files."""

from typing import Literal, TypeAlias

import click

from streamer.app.inputs import load_rules
from streamer.app.scenario import ScenarioVerdict, render, run_tests
from streamer.cli.failures import FINDINGS
from streamer.cli.options import examples, format_option, rules_argument
from streamer.cli.verdicts import as_annotations, as_json, as_junit
from streamer.cli.wording import counted

Form: TypeAlias = Literal["text", "json", "github", "junit"]


@click.command(
    epilog=examples("""
streamer test rules/
streamer test rules/cart_abandonment rules/shop.yaml --quiet
streamer test rules/ --format junit
""")
)
@rules_argument
@click.option("--quiet", "-q", is_flag=True, help="Show only the tests that failed.")
@format_option(
    "For people, for programs, as annotations of a GitHub workflow, or as JUnit's XML.",
    "github",
    "junit",
)
def test(rules: tuple[str, ...], quiet: bool, form: Form) -> None:
    """Run the tests that stand in rule files.

    RULES are files, or folders whose *.yaml and *.yml files are taken; the default is the folder
    named by STREAMER_RULES, or else rules. A test that fails shows what was expected, what
    happened and why.
    """
    loaded = load_rules(rules)
    verdicts = run_tests(loaded)
    untested = _untested(loaded.declared.places, verdicts)
    match form:
        case "json":
            click.echo(as_json(verdicts, untested))
        case "github":
            click.echo(as_annotations(verdicts), nl=not all(one.passed for one in verdicts))
        case "junit":
            click.echo(as_junit(verdicts))
        case "text":
            _tell(verdicts, untested, quiet=quiet)
    if not all(verdict.passed for verdict in verdicts):
        raise click.exceptions.Exit(FINDINGS)


def _tell(verdicts: list[ScenarioVerdict], untested: list[str], *, quiet: bool) -> None:
    for verdict in verdicts:
        if not quiet or not verdict.passed:
            click.echo(_coloured(verdict))
    failed = sum(not verdict.passed for verdict in verdicts)
    skipped = sum(verdict.skipped for verdict in verdicts)
    counts = [f"{len(verdicts) - failed - skipped:,} passed"]
    counts += [f"{failed:,} failed"] * bool(failed) + [f"{skipped:,} skipped"] * bool(skipped)
    click.echo(f"{counted(len(verdicts), 'test')}: {', '.join(counts)}")
    if untested:
        click.echo(f"without a test: {', '.join(untested)}")


def _coloured(verdict: ScenarioVerdict) -> str:
    head, *story = render(verdict).split("\n")
    colour = None if verdict.skipped else "green" if verdict.passed else "red"
    return "\n".join([click.style(head, fg=colour), *story])


def _untested(keys: dict[str, str], verdicts: list[ScenarioVerdict]) -> list[str]:
    tested = {verdict.case.document for verdict in verdicts}
    return [key for key in keys if key not in tested]
