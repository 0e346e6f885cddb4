"""What is answered is what was published: members, sizes, flows, stays, stories, reasons."""

from collections import Counter, defaultdict
from pathlib import Path
from statistics import median_low

import jsonschema_rs
import pytest

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteSink
from streamer.instants import parse_iso
from streamer.serve.openapi import openapi
from streamer.serve.routes import ROUTES
from streamer.types import HOUR, Millis, SegmentChange
from tests.serve.asking import Asking


@pytest.fixture(scope="module")
def changes(shop_file: Path) -> list[SegmentChange]:
    """Every change of the shop, read another way."""
    with Database(shop_file) as database:
        return [change for _, change in SqliteSink(database).changes(limit=1_000_000)]


def folded(changes: list[SegmentChange]) -> dict[str, dict[str, Millis]]:
    """Who is in each membership, and since when, after all changes."""
    inside: defaultdict[str, dict[str, Millis]] = defaultdict(dict)
    for change in changes:
        if change.direction == "entered":
            inside[change.segment][change.customer] = change.at
        else:
            del inside[change.segment][change.customer]
    return inside


def test_members_are_those_whom_all_changes_leave_inside(
    ask: Asking, changes: list[SegmentChange]
) -> None:
    for segment, members in folded(changes).items():
        found: dict[str, Millis] = {}
        following = ""
        while True:
            page = ask(f"/v1/segments/{segment}/members?limit=7{following}").body
            assert page["size"] == len(members)
            found |= {one["customer_id"]: parse_iso(one["since"]) for one in page["members"]}
            if page["next"] is None:
                break
            following = f"&cursor={page['next']}"
        assert found == members


def test_a_customer_is_where_all_changes_leave_them(
    ask: Asking, changes: list[SegmentChange]
) -> None:
    inside = folded(changes)
    for customer in {change.customer for change in changes}:
        told = ask(f"/v1/customers/{customer}").body["segments"]
        wanted = {
            name: members[customer] for name, members in inside.items() if customer in members
        }
        assert {one["segment"]: parse_iso(one["since"]) for one in told} == wanted


@pytest.mark.parametrize("bucket", ["1h", "6h", "1d"])
def test_sizes_over_time_are_those_at_the_end_of_each_bucket(
    ask: Asking, changes: list[SegmentChange], bucket: str
) -> None:
    told = ask(f"/v1/sizes?bucket={bucket}&buckets=40").body
    assert told["series"]
    for series in told["series"]:
        mine = [change for change in changes if change.segment == series["segment"]]
        for number, at in enumerate(map(parse_iso, told["at"])):
            end = at + told["bucket_ms"]
            before = Counter(change.direction for change in mine if change.at < end)
            within = Counter(change.direction for change in mine if at <= change.at < end)
            assert series["size"][number] == before["entered"] - before["exited"]
            assert series["entered"][number] == within["entered"]
            assert series["exited"][number] == within["exited"]
            assert series["net"][number] == within["entered"] - within["exited"]


def test_minutes_are_told_as_long_as_they_are_kept(
    ask: Asking, changes: list[SegmentChange]
) -> None:
    told = ask("/v1/sizes?bucket=5m&buckets=288&segment=cart_abandoner").body
    (series,) = told["series"]
    begin, end = parse_iso(told["from"]), parse_iso(told["to"])
    mine = [one for one in changes if one.segment == "cart_abandoner" and begin <= one.at < end]
    assert sum(series["entered"]) == sum(one.direction == "entered" for one in mine)
    assert sum(series["exited"]) == sum(one.direction == "exited" for one in mine)
    refused = ask("/v1/sizes?bucket=1m&from=2026-01-02T00:00:00Z&to=2026-01-02T01:00:00Z")
    assert refused.status == 400
    assert "1h or more" in refused.body["detail"]


def test_the_last_day_and_the_median_stay_of_a_segment(
    ask: Asking, changes: list[SegmentChange]
) -> None:
    since = parse_iso(ask("/v1/segments").body["since"])
    assert since == max(one.at for one in changes) // HOUR * HOUR - 23 * HOUR
    told = ask("/v1/segments/cart_abandoner").body
    mine = [one for one in changes if one.segment == "cart_abandoner"]
    assert told["size"] == len(folded(changes)["cart_abandoner"])
    assert told["entered"] == sum(one.at >= since and one.direction == "entered" for one in mine)
    assert told["exited"] == sum(one.at >= since and one.direction == "exited" for one in mine)
    entered: dict[str, Millis] = {}
    stays = []
    for one in mine:
        if one.direction == "entered":
            entered[one.customer] = one.at
        else:
            stays.append(one.at - entered.pop(one.customer))
    assert told["stays"] == {"cart_abandoner": {"median_ms": median_low(stays), "of": len(stays)}}


def test_overlaps_are_counted_by_members(ask: Asking, changes: list[SegmentChange]) -> None:
    inside = folded(changes)
    mine = inside["cart_abandoner"].keys()
    told = ask("/v1/segments/cart_abandoner/overlaps").body["overlaps"]
    wanted = {
        name: len(mine & members.keys())
        for name, members in inside.items()
        if name != "cart_abandoner" and mine & members.keys()
    }
    assert {one["segment"]: one["customers"] for one in told} == wanted


def test_changes_come_the_latest_first_as_they_were_published(
    ask: Asking, changes: list[SegmentChange]
) -> None:
    told = ask("/v1/changes?limit=20").body["changes"]
    assert [one["change_id"] for one in told] == [one.change_id for one in reversed(changes[-20:])]
    told = ask("/v1/changes?segment=engagement&direction=entered&limit=5").body["changes"]
    mine = [one for one in changes if one.ladder == "engagement" and one.direction == "entered"]
    assert [one["change_id"] for one in told] == [one.change_id for one in reversed(mine[-5:])]
    customer = changes[-1].customer
    story = ask(f"/v1/customers/{customer}/changes?limit=500").body["changes"]
    own = [one.change_id for one in changes if one.customer == customer]
    assert [one["change_id"] for one in reversed(story)] == own


def test_why_agrees_with_where_a_customer_is(ask: Asking, changes: list[SegmentChange]) -> None:
    inside = folded(changes)["cart_abandoner"]
    outside = {change.customer for change in changes} - inside.keys()
    told = ask(f"/v1/customers/{min(inside)}/segments/cart_abandoner").body
    assert told["membership"] == "cart_abandoner"
    assert told["missing"] == []
    assert told["tiers"][0]["condition"]["holds"]
    assert told["next"]["direction"] == "exited"
    told = ask(f"/v1/customers/{min(outside)}/segments/cart_abandoner").body
    assert told["membership"] is None
    assert told["missing"]
    assert not told["tiers"][0]["condition"]["holds"]
    outlook = ask(f"/v1/customers/{min(inside)}/outlook").body
    times = [one["next"]["at"] for one in outlook["coming"]]
    assert times == sorted(times)
    assert "cart_abandoner" in {one["membership"] for one in outlook["inside"]}


def test_every_answer_is_as_the_document_says(ask: Asking, changes: list[SegmentChange]) -> None:
    document = ask("/openapi.json").body
    assert document == openapi(ROUTES)
    names = {"{segment}": "cart_abandoner", "{customer}": changes[-1].customer}
    for route in ROUTES:
        if route.answer == "Effect":
            continue  # nobody is held out here
        path = route.path
        for name, value in names.items():
            path = path.replace(name, value)
        answer = ask(path)
        assert answer.status == 200, answer.body
        schema = {"$ref": f"#/components/schemas/{route.answer}", **document}
        jsonschema_rs.validator_for(schema).validate(answer.body)
        assert answer.body["as_of"].keys() == {"0"}
