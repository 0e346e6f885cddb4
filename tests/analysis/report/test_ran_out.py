"""What ran out where no event ended a stay: of segments, tiers, alternatives and the retention."""

import pytest

from streamer.analysis.report import report_changes, report_events
from streamer.codecs.changes import encode_change
from streamer.codecs.events import decode
from streamer.types import DAY
from tests.analysis.report.test_report import changes_of, log_of
from tests.cli.shop import event
from tests.engine import compiled

RULES = compiled("""
{ruleset: shop, retention: 30d}
---
segment: looks
title: Looks
purpose: An example for tests.
when:
  all:
    - {performed: page_viewed, within: 7d}
    - {not_performed: order_completed, within: 1d}
---
segment: either
title: One of two
purpose: An example for tests.
when: {any: [{performed: page_viewed, within: 1d}, {performed: page_viewed, within: 2d}]}
---
segment: fresh
title: Nothing old
purpose: An example for tests.
when:
  all:
    - {performed: page_viewed}
    - none: [{performed: page_viewed, older_than: 5d}]
---
ladder: pace
title: Pace
purpose: An example for tests.
tiers:
  - old: {performed: page_viewed, older_than: 3d}
  - fast: {performed: page_viewed, within: 1h}
  - slow: {performed: page_viewed, within: 10d}
""")
VIEWED = "performed page_viewed at least 1 time"
RAN_OUT = {
    "looks": f"{VIEWED} within 7d",
    "either": f"{VIEWED} within 1d; {VIEWED} within 2d",
    "fresh": f"none of ({VIEWED} older than 5d)",
    "pace.fast": f"{VIEWED} within 1h",
    "pace.slow": f"old came true: {VIEWED} older than 3d",
    "pace.old": "nothing came from the customer for the whole retention time",
}
LINES = [event(1, 0, name="page_viewed"), event(2, 31 * DAY, "u-2", name="cart_viewed")]


@pytest.mark.parametrize("membership", list(RAN_OUT))
def test_the_condition_is_named_that_ended_a_stay(membership: str) -> None:
    report = report_events(RULES, log_of(LINES), decode)
    told = {one.membership: one for one in report.segments}[membership]
    assert (dict(told.ended), dict(told.ran_out)) == ({"time": 1}, {RAN_OUT[membership]: 1})


def test_what_an_event_ended_has_none() -> None:
    bought = event(3, 2 * DAY, name="order_completed")
    report = report_events(RULES, log_of([LINES[0], bought]), decode)
    looks = {one.membership: one for one in report.segments}["looks"]
    assert (looks.ended, looks.ran_out) == ({"order_completed": 1}, {})


def test_changes_of_other_rules_name_what_these_rules_ask_for() -> None:
    changes = changes_of(LINES, RULES)
    other = compiled("segment: looks\ntitle: t\npurpose: p\nwhen: {performed: cart_viewed}\n")
    report = report_changes(other, log_of(map(encode_change, changes)))
    assert report.segments[0].ended == {"time": 1}
    assert report.segments[0].ran_out == {}
