"""`streamer explain`: the answer as a person and as a program read it."""

import json
from pathlib import Path

from streamer.types import HOUR, MINUTE
from tests.cli.shop import event, run, shop

ANSWER = """\
Customer u-1 on 2026-01-01 01:00:00 (all times UTC)
1 event, the last to come product_added (e-1) at 2026-01-01 00:00:00
will be forgotten on 2027-02-05 00:00:00 if nothing happens
what is said of the future holds if nothing happens before

IN   cart_abandoner: Left something in the cart
     in it since 2026-01-01 00:30:00, as time passed; until 2026-01-08 00:00:00 if nothing happens
yes  all of these
yes      performed product_added at least 1 time within 7d: last at 2026-01-01 00:00:00
             true since 2026-01-01 00:00:00, by product_added (e-1), until 2026-01-08 00:00:00
yes      not performed order_completed since product_added: none so far
             true since 2026-01-01 00:00:00, by product_added (e-1), without an end
yes      quiet 30m: since 2026-01-01 00:00:00
             true since 2026-01-01 00:30:00, as time passed, without an end
"""


def test_it_answers_why_and_until_when(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0), event(2, HOUR, "u-2"))
    result = run("explain", "u-1", "--events", events, "--rules", rules)
    assert result.exit_code == 0
    cart, *others = result.stdout.split("\nIN   engagement.passive")
    assert cart == ANSWER
    assert others


def test_one_segment_can_be_asked_for(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0), event(2, HOUR))
    arguments = ["explain", "u-1", "--events", events, "--rules", rules]
    result = run(*arguments, "--segment", "engagement.active")
    assert "IN   engagement.active: How engaged" in result.stdout
    assert (
        "in it since 2026-01-01 01:00:00, by product_added (e-2); "
        "until 2026-01-02 00:00:00 if nothing happens, then engagement.passive"
    ) in result.stdout
    assert "tier passive: otherwise" in result.stdout
    assert "cart_abandoner" not in result.stdout


def test_a_customer_outside_learns_when_it_would_enter(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    result = run("explain", "u-1", "--events", events, "--rules", rules)
    assert "OUT  cart_abandoner: Left something in the cart" in result.stdout
    assert (
        "never in it; will enter cart_abandoner on 2026-01-01 00:30:00 if nothing happens"
    ) in result.stdout


def test_json_is_for_programs(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    arguments = ["explain", "u-1", "--events", events, "--rules", rules, "--format", "json"]
    facts = json.loads(run(*arguments, "--at", "2026-01-01T00:45:00Z").stdout)
    assert facts["at"] == "2026-01-01T00:45:00.000Z"
    view = facts["segments"][0]
    assert view["membership"] == "cart_abandoner"
    assert view["next_change"]["at"] == "2026-01-08T00:00:00.000Z"
    added = view["rungs"][0]["condition"]["conditions"][0]
    assert added["cause"] == {
        "id": "e-1",
        "name": "product_added",
        "time": "2026-01-01T00:00:00.000Z",
    }


def test_the_instant_may_lie_in_the_past_and_in_the_future(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0), event(2, 10 * MINUTE, name="order_completed"))
    arguments = ["explain", "u-1", "--events", events, "--rules", rules, "--at"]
    past = run(*arguments, "2026-01-01T00:05:00Z").stdout
    assert "1 event, the last to come product_added (e-1)" in past
    future = run(*arguments, "2027-06-01T00:00:00Z").stdout
    assert "forgotten on 2027-02-05 00:10:00: no event for the retention time" in future


def test_a_customer_who_does_not_occur_is_a_finding(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0, "u-17"))
    result = run("explain", "u-71", "--events", events, "--rules", rules)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"customer u-71 does not occur in {events}: did you mean u-17?\n"


def test_a_customer_without_an_event_by_then_is_a_finding(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, HOUR))
    arguments = ["explain", "u-1", "--events", events, "--rules", rules]
    result = run(*arguments, "--at", "2026-01-01T00:00:00Z")
    assert result.exit_code == 1
    assert "has no accepted event in" in result.stderr
    assert "by 2026-01-01 00:00:00 UTC" in result.stderr


def test_a_segment_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    arguments = ["explain", "u-1", "--events", events, "--rules", rules]
    result = run(*arguments, "--segment", "cart_abandonner")
    assert result.exit_code == 2
    assert "did you mean cart_abandoner?" in result.stderr


def lines_of(result: str, key: str) -> list[str]:
    """The lines about one segment."""
    return next(part for part in result.split("\n\n") if key in part).splitlines()


WHY_NOT = """\
segment: regular
title: Looks often
purpose: An example for tests.
when: {performed: product_viewed, at_least: 7, within: 7d}
---
segment: spender
title: Spends and is silent
purpose: An example for tests.
when:
  all:
    - {total: price, of: order_completed, where: {currency: EUR}, at_least: 100}
    - {quiet: 30m}
    - {none: [{performed: product_viewed}, {performed: product_added}]}
---
ladder: level
title: Level
purpose: An example for tests.
tiers:
  - high: {largest: price, of: order_completed, above: 70}
  - middle: {performed: order_completed, where: {currency: USD}}
  - low: {performed: order_completed}
---
segment: bulk
title: Buys many at once
purpose: An example for tests.
when: {total: quantity, of: order_completed, at_least: 2}
---
segment: local
title: Lives near
purpose: An example for tests.
when: {any: [{latest: postcode, of: product_viewed, is: 10115}, {performed: order_refunded}]}
"""
ORDER = {"price": 51, "currency": "EUR", "quantity": "1,5"}


def test_who_is_outside_learns_what_is_missing(tmp_path: Path) -> None:
    views = [event(n, n, name="product_viewed", properties={"postcode": "10115"}) for n in (1, 2)]
    order = event(3, MINUTE, name="order_completed", properties=ORDER)
    of_another = event(4, 19 * MINUTE, "u-2", name="order_refunded")
    events, rules = shop(tmp_path, *views, order, of_another, rules=WHY_NOT)
    said = run("explain", "u-1", "--events", events, "--rules", rules).stdout
    assert lines_of(said, "OUT  regular")[2] == (
        "     why not: performed product_viewed at least 7 times within 7d: 2 of 7"
    )
    total, quiet, viewed = lines_of(said, "OUT  spender")[2:5]
    assert total.startswith("     why not: total price of order_completed where currency is EUR")
    assert total.endswith(" at least 100: 51 of 100 EUR")
    assert quiet.endswith("quiet 30m: since 2026-01-01 00:01:00; in 12m, if nothing happens")
    assert viewed.endswith(
        "performed product_viewed at least 1 time: 2, last at 2026-01-01 00:00:00.002"
    )
    high, middle = lines_of(said, "IN   level.low")[2:4]
    assert high == "     why not high: largest price of order_completed above 70: it is 51"
    assert middle.startswith("     why not middle: performed order_completed at least 1 time where")
    assert middle.endswith(": currency is USD was never seen in order_completed; seen: EUR 1x")
    assert lines_of(said, "OUT  bulk")[2].endswith(
        'quantity could not be read in order_completed: 1x, such as "1,5"'
    )
    assert lines_of(said, "OUT  local")[2:4] == [
        '     why not: latest postcode of product_viewed is 10115: it is the text "10115"',
        "              performed order_refunded at least 1 time: order_refunded was never seen",
    ]


def test_whoever_is_outside_for_want_of_a_trait_learns_that_it_was_never_seen(
    tmp_path: Path,
) -> None:
    rules = """\
segment: member
title: A member
purpose: An example for tests.
when:
  all:
    - {trait: tier, is: gold}
    - {trait: country, in: [DE, AT]}
    - {age: {trait: born}, at_least: 18}
"""
    told = event(1, 0, traits={"country": "FR"})
    of_another = event(2, 1, "u-2", traits={"tier": "gold"})
    events, folder = shop(tmp_path, told, of_another, rules=rules)
    said = run("explain", "u-1", "--events", events, "--rules", folder).stdout
    tier, country, born = lines_of(said, "OUT  member")[2:5]
    assert tier == "     why not: trait tier is gold: the trait tier was never seen"
    assert country.endswith(": the trait country in [DE, AT] was never seen; seen: FR 1x")
    assert born.endswith("age by born at least 18: the trait born was never seen")


def test_what_is_missing_is_in_the_json_too(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0, name="product_viewed"), rules=WHY_NOT)
    arguments = ["explain", "u-1", "--events", events, "--rules", rules, "--format", "json"]
    (view,) = json.loads(run(*arguments, "--segment", "regular").stdout)["segments"]
    label = "performed product_viewed at least 7 times within 7d"
    (rung,) = view["rungs"]
    assert rung["why_not"] == [{"condition": label, "missing": "1 of 7", "flips": None}]
    assert rung["condition"]["missing"] == "1 of 7"


def test_counts_are_told_as_they_are(tmp_path: Path) -> None:
    rules_text = """\
segment: looker
title: Looks
purpose: An example for tests.
when: {performed: product_viewed, at_least: 3}
"""
    views = [event(n, n, name="product_viewed") for n in range(10)]
    events, rules = shop(tmp_path, *views, rules=rules_text)
    said = run("explain", "u-1", "--events", events, "--rules", rules).stdout
    assert "at least 3 times: 10, last at" in said
    out = tmp_path / "changes.jsonl"
    run("replay", events, "--rules", rules, "--out", str(out))
    (change,) = map(json.loads, out.read_text().splitlines())
    assert "at least 3 times: 3 or more, last at" in change["because"][0]
