"""`streamer effect`: two groups, the difference with its interval, and whether it is enough."""

import json
from pathlib import Path

import pytest

from streamer.types import DAY, HOUR
from tests.cli.shop import event, process, run, shop

RULES = """\
segment: looked
title: Looked
purpose: An example for tests.
when: {performed: product_viewed, within: 1h}
settings: {holdout: 50%}
"""


def shopped(folder: Path, people: int) -> tuple[str, str]:
    """Write a shop in which everybody looks, and everybody who is not held out buys."""
    looks = [event(n, n, f"u-{n}", name="product_viewed") for n in range(people)]
    events, rules = shop(folder, *looks, rules=RULES)
    changes = folder / "all.jsonl"
    run("replay", events, "--rules", rules, "--out", str(changes))
    told = [json.loads(line) for line in changes.read_bytes().splitlines()]
    buyers = [one["customer_id"] for one in told if not one["holdout"]]
    buys = [event(9_000 + n, HOUR, who, name="order_completed") for n, who in enumerate(buyers)]
    end = event(99_999, 30 * DAY, "u-end", name="page_viewed")
    return shop(folder, *looks, *buys, end, rules=RULES)


def test_a_clear_effect_is_said_in_words(tmp_path: Path) -> None:
    events, rules = shopped(tmp_path, 60)
    result = run("effect", events, "--rules", rules, "--segment", "looked")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "order_completed within 7d of the first time in looked"
    assert any(line.startswith("not held out") and " 100.0%" in line for line in lines)
    assert any(line.startswith("held out ") and " 0.0%" in line for line in lines)
    assert lines[-1] == "Enough data: those who were not held out convert more often."


def test_a_conversion_that_never_occurs_is_named(tmp_path: Path) -> None:
    events, rules = shopped(tmp_path, 60)
    of = ("--segment", "looked", "--conversion", "order_complete")
    result = run("effect", events, "--rules", rules, *of)
    assert "no event is called order_complete: did you mean order_completed?" in result.stdout


def test_a_visitor_who_buys_as_a_user_has_converted(tmp_path: Path) -> None:
    header = "ruleset: shop\nidentity: {anonymous: last}\n---\n"
    looks = [event(n, n, "", anonymous_id=f"a-{n}", name="product_viewed") for n in range(60)]
    buys = [
        event(100 + n, HOUR, f"u-{n}", anonymous_id=f"a-{n}", name="order_completed")
        for n in range(60)
    ]
    end = event(999, 30 * DAY, "u-end", name="page_viewed")
    events, rules = shop(tmp_path, *looks, *buys, end, rules=header + RULES)
    changes = tmp_path / "changes.jsonl"
    run("replay", events, "--rules", rules, "--out", str(changes))
    more = ("--segment", "looked", "--format", "json")
    told = run("effect", events, "--rules", rules, *more)
    facts = json.loads(told.stdout)
    assert [facts[group]["converted"] for group in ("not_held_out", "held_out")] == [
        facts[group]["customers"] for group in ("not_held_out", "held_out")
    ]
    of_changes = ("effect", events, "--changes", str(changes), *more)
    assert run(*of_changes, "--identity", "last").stdout == told.stdout
    wrong = run("effect", events, "--rules", rules, *more, "--identity", "last")
    assert (wrong.exit_code, "--identity goes with --changes" in wrong.stderr) == (2, True)


def test_too_little_data_is_said_with_how_much_it_takes(tmp_path: Path) -> None:
    events, rules = shopped(tmp_path, 20)
    arguments = ("effect", events, "--rules", rules, "--segment", "looked")
    result = run(*arguments, "--conversion", "product_added")
    assert "Not enough data: what is seen here can be chance." in result.stdout
    assert "To show a difference of 1 point, about " in result.stdout
    other = run(*arguments, "--conversion", "product_added", "--worth", "90%").stdout
    assert "Enough data: if there is a difference, it is smaller than 90 points." in other


def test_changes_can_be_given_and_json_asked_for(tmp_path: Path) -> None:
    events, rules = shopped(tmp_path, 60)
    changes = tmp_path / "changes.jsonl"
    run("replay", events, "--rules", rules, "--out", str(changes))
    more = ("--segment", "looked", "--format", "json")
    told = run("effect", events, "--changes", str(changes), *more).stdout
    assert told == run("effect", events, "--rules", rules, *more).stdout
    facts = json.loads(told)
    groups = facts["not_held_out"], facts["held_out"]
    assert sum(group["customers"] for group in groups) == 60
    assert facts["difference"] == 1
    assert facts["verdict"] == "more"
    assert facts["interval"][0] > 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--segment", "loked"], "no segment loked in the rules: did you mean looked?"),
        (["--segment", "looked", "--within", "60d"], "the time to convert is not over"),
        (["--segment", "looked", "--worth", "0"], "--worth is a share of more than 0"),
        (["--segment", "looked", "--worth", "-1%"], "expected a share such as 0.05 or 5%"),
        (["--segment", "looked", "--within", "soon"], "expected a duration such as 90s"),
        (["--segment", "looked", "--changes", "{events}"], "events.jsonl:1: not a segment change"),
        (["--segment", "looked", "--changes", "missing"], "missing does not exist"),
    ],
)
def test_wrong_use_is_said_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    events, rules = shopped(tmp_path, 10)
    given = [one.format(events=events) for one in arguments]
    result = run("effect", events, "--rules", rules, *given)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_an_error_says_how_many_lines_were_not_accepted(tmp_path: Path) -> None:
    events, rules = shopped(tmp_path, 10)
    with Path(events).open("ab") as file:
        file.write(b"no event\n")
    result = run("effect", events, "--rules", rules, "--segment", "looked", "--within", "60d")
    assert "the time to convert is not over; 1 of " in result.stderr
    assert "lines were not accepted, the first " in result.stderr


def test_standard_input_is_refused_since_it_is_read_twice(tmp_path: Path) -> None:
    _, rules = shop(tmp_path, rules=RULES)
    done = process("effect", "-", "--rules", rules, "--segment", "looked")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: - can be read only once")
