"""Why is it empty: what rules ask for and no line had, as replay and report say it."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from streamer.types import HOUR
from tests.cli.shop import event, run, shop

RULES = """\
segment: reviewer
title: Reviews
purpose: An example for tests.
when: {performed: product_reviewd, within: 7d}
---
segment: spender
title: Spends
purpose: An example for tests.
when: {total: price, of: order_completed, where: {currency: EUR}, at_least: 100}
---
segment: gifted
title: Gives
purpose: An example for tests.
when: {performed: order_completed, where: {gift: true}}
---
segment: buyer
title: Buys
purpose: An example for tests.
when: {performed: order_completed, where: {currency: GBP}}
---
segment: silent
title: Silent after a contract
purpose: An example for tests.
when: {all: [{performed: order_completed, at_least: 9}, {not_performed: cart_viewed, within: 1d}]}
---
ruleset: shop
events: [product_reviewd]
"""
ORDER: Final[dict[str, Any]] = {
    "name": "order_completed",
    "properties": {"currency": "GBP", "price": 200},
}
LINES = (event(1, 0, **ORDER), event(2, HOUR, **ORDER), event(3, HOUR, name="product_reviewed"))
MISSING = {
    "product_reviewd was never seen; seen: product_reviewed 1x": ["reviewer"],
    "currency is EUR was never seen in order_completed; seen: GBP 2x": ["spender"],
    "gift was never seen in order_completed": ["gifted"],
}


@pytest.mark.parametrize("command", ["replay", "report"])
def test_what_was_never_seen_is_said_with_who_asks_for_it(tmp_path: Path, command: str) -> None:
    events, rules = shop(tmp_path, *LINES, rules=RULES)
    lines = run(command, events, "--rules", rules).stdout.splitlines()
    said = {f"  {what} ({keys[0]})" for what, keys in MISSING.items()}
    assert said == {line for line in lines if "never seen" in line}
    assert "cart_viewed" not in "".join(lines)


def test_the_json_has_it_all(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, *LINES, rules=RULES)
    facts = json.loads(run("replay", events, "--rules", rules, "--format", "json").stdout)
    assert {one["what"]: one["segments"] for one in facts["missing"]} == MISSING


def test_nothing_is_said_of_segments_that_were_entered(tmp_path: Path) -> None:
    rules = RULES.partition("---")[2].replace("EUR", "GBP").replace("gift: true", "currency: GBP")
    events, folder = shop(tmp_path, *LINES, rules=rules.strip("\n"))
    assert "never seen" not in run("replay", events, "--rules", folder).stdout


def test_a_value_in_a_product_counts_as_seen(tmp_path: Path) -> None:
    products: dict[str, Any] = {
        "name": "order_completed",
        "properties": {"products": [{"gift": True}]},
    }
    events, rules = shop(tmp_path, event(1, 0, **products), rules=RULES)
    said = run("replay", events, "--rules", rules).stdout
    assert "gift was" not in said
    assert "currency was never seen in order_completed (spender, buyer)" in said


DEAD = """\
segment: interested
purpose: An example for tests.
when: {any: [{performed: order_completed}, {performed: cart_shared}, {trait: vip, is: true}]}
---
ladder: pace
purpose: An example for tests.
tiers:
  - any_of_two: {any: [{performed: order_completed, where: {currency: EUR}}, {performed: any}]}
---
segment: few
purpose: An example for tests.
when:
  any:
    - {performed: order_completed}
    - {performed: cart_viewed, at_most: 2}
    - {total: price, of: cart_viewed, below: 5}
    - {ratio: {part: {performed: cart_viewed}, whole: {performed: any}}, below: 10%}
    - none: [{performed: cart_viewed}]
"""
DEAD_SAID = {
    "cart_shared was never seen": "interested",
    "the trait vip was never seen": "interested",
    "currency is EUR was never seen in order_completed; seen: GBP 2x": "pace",
}


@pytest.mark.parametrize(("command", "option"), [("replay", "--format"), ("report", "--json")])
def test_an_alternative_that_was_never_true_is_said_of_who_was_entered(
    tmp_path: Path, command: str, option: str
) -> None:
    events, rules = shop(tmp_path, *LINES, rules=DEAD)
    lines = run(command, events, "--rules", rules).stdout.splitlines()
    at = lines.index(
        "these were entered, but one of their conditions asks for what was in no line:"
    )
    said = {f"  {what} ({key})" for what, key in DEAD_SAID.items()}
    assert {line for line in lines[at:] if "never seen" in line} == said
    assert not any("nobody entered" in line for line in lines)
    value = "json" if command == "replay" else "-"
    facts = json.loads(run(command, events, "--rules", rules, option, value).stdout)
    assert {one["what"]: one["entered"] for one in facts["missing"]} == {
        what: [key] for what, key in DEAD_SAID.items()
    }
    assert not any(one["segments"] for one in facts["missing"])


def test_no_more_than_six_of_them_are_said(tmp_path: Path) -> None:
    dead = ", ".join(f"{{performed: never_{number}}}" for number in range(9))
    names = ", ".join(f"never_{number}" for number in range(9))
    rule = f"segment: wide\npurpose: An example.\nwhen: {{any: [{{performed: any}}, {dead}]}}\n"
    rule += f"---\nruleset: shop\nevents: [{names}]\n"
    events, rules = shop(tmp_path, *LINES, rules=rule)
    lines = run("replay", events, "--rules", rules).stdout.splitlines()
    assert sum("was never seen" in line for line in lines) == 6
    assert "  and 3 things more: the JSON lists them" in lines


def test_explain_says_it_of_who_is_inside(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, *LINES, rules=DEAD)
    lines = run("explain", "u-1", "--events", events, "--rules", rules).stdout.splitlines()
    said = {line.strip() for line in lines if "never seen" in line}
    assert said == {
        "never true so far: cart_shared was never seen",
        "never true so far: currency is EUR was never seen in order_completed; seen: GBP 2x",
        "never true so far: the trait vip was never seen",
    }


TRAITS = """\
segment: from_here
purpose: An example for tests.
when: {all: [{trait: country, is: DE}, {none: [{trait: blocked, is: true}]}]}
---
segment: adult
purpose: An example for tests.
when: {age: {trait: birth_date}, at_least: 18}
---
segment: subscribed
purpose: An example for tests.
when: {any: [{trait: plans, is: gold}, {none: [{performed: any}]}]}
"""


def test_traits_that_were_never_seen_are_said_too(tmp_path: Path) -> None:
    told = (
        event(1, 0, traits={"country": "FR", "plans": ["silver", "basic"]}),
        event(2, 1, "u-2", traits={"country": "FR", "birth_date": None}),
    )
    events, rules = shop(tmp_path, *told, rules=TRAITS)
    lines = run("replay", events, "--rules", rules).stdout.splitlines()
    assert {line for line in lines if "never seen" in line} == {
        "  the trait country is DE was never seen; seen: FR 2x (from_here)",
        "  the trait birth_date was never seen (adult)",
        "  the trait plans is gold was never seen; seen: silver 1x, basic 1x (subscribed)",
    }


def test_explain_tells_of_what_must_not_be(tmp_path: Path) -> None:
    rule = "segment: a\npurpose: p\nwhen: {none: [{performed: order_completed, where: {x: 1}}]}\n"
    events, rules = shop(tmp_path, event(1, 0), rules=rule)
    assert run("explain", "u-1", "--events", events, "--rules", rules).exit_code == 0
