"""The contract of `Feed`: what is begun is delivered from its offset on, what is held is not."""

from collections.abc import Callable, Iterator

import pytest

from streamer.ports import OffsetRange
from streamer.types import Record
from tests.waiting import wait_until

from .adapters import FEEDS, FeedAdapter, OpenFeed

VALUES = [b"a", b"b", b"c", b"d", b"e"]
PATIENT = 0.05


@pytest.fixture(params=FEEDS)
def opened(request: pytest.FixtureRequest) -> Iterator[OpenFeed]:
    adapter: FeedAdapter = FEEDS[request.param]
    with adapter.opened(request.getfixturevalue) as feed:
        wait_until(
            lambda: not feed.feed.poll(10, PATIENT) and feed.feed.assigned().keys() == {0, 1},
            "both partitions are given",
        )
        yield feed


def delivered(
    opened: OpenFeed, enough: Callable[[list[Record]], bool], limit: int = 100
) -> list[Record]:
    """Poll until there is enough."""
    records: list[Record] = []

    def more() -> bool:
        batch = opened.feed.poll(limit, PATIENT)
        assert len(batch) <= limit
        records.extend(batch)
        return enough(records)

    wait_until(more, "the records are delivered")
    return records


def at_end(opened: OpenFeed, partition: int, offset: int) -> bool:
    opened.feed.poll(10, PATIENT)
    return opened.feed.at_end({partition: offset}) == {partition}


def test_each_giving_has_a_number_of_its_own(opened: OpenFeed) -> None:
    assert len(set(opened.feed.assigned().values())) == 2


def test_what_is_given_delivers_nothing_before_it_is_begun(opened: OpenFeed) -> None:
    opened.append(0, VALUES)
    opened.append(1, VALUES)
    opened.feed.start_at(1, 0)
    records = delivered(opened, lambda found: len(found) == 5)
    assert {record.partition for record in records} == {1}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_records_come_once_and_in_order_from_where_they_are_begun(
    opened: OpenFeed, limit: int
) -> None:
    opened.append(0, VALUES)
    opened.feed.start_at(0, 2)
    records = delivered(opened, lambda found: len(found) >= 3, limit)
    assert [(each.offset, each.value) for each in records] == [(2, b"c"), (3, b"d"), (4, b"e")]
    wait_until(lambda: at_end(opened, 0, 5), "the end")
    assert not opened.feed.poll(100, PATIENT)


def test_what_is_appended_later_is_delivered_too(opened: OpenFeed) -> None:
    opened.feed.start_at(0, 0)
    wait_until(lambda: at_end(opened, 0, 0), "the end of nothing")
    opened.append(0, [b"late"])
    assert [each.value for each in delivered(opened, bool)] == [b"late"]


def test_what_is_held_delivers_nothing_until_it_is_begun_again(opened: OpenFeed) -> None:
    opened.append(0, VALUES)
    opened.append(1, VALUES)
    opened.feed.start_at(0, 0)
    delivered(opened, bool, limit=1)
    opened.feed.pause(0)
    opened.feed.start_at(1, 0)
    records = delivered(opened, lambda found: len(found) == 5)
    assert {record.partition for record in records} == {1}
    opened.feed.start_at(0, 1)
    again = delivered(opened, lambda found: len(found) == 4)
    assert [(each.partition, each.offset) for each in again] == [(0, 1), (0, 2), (0, 3), (0, 4)]


def test_what_is_begun_again_goes_back(opened: OpenFeed) -> None:
    opened.append(0, VALUES)
    opened.feed.start_at(0, 0)
    delivered(opened, lambda found: len(found) >= 2, limit=1)
    opened.feed.start_at(0, 1)
    again = delivered(opened, lambda found: len(found) >= 4)
    assert [each.offset for each in again] == [1, 2, 3, 4]


def test_the_reach_is_what_the_log_holds(opened: OpenFeed) -> None:
    assert opened.feed.offset_range(0) == OffsetRange(0, 0)
    opened.append(0, VALUES)
    assert opened.feed.offset_range(0) == OffsetRange(0, 5)


def test_the_end_is_where_no_record_is_left(opened: OpenFeed) -> None:
    opened.append(0, VALUES)
    opened.feed.start_at(0, 0)
    delivered(opened, lambda found: len(found) >= 5, limit=2)
    wait_until(lambda: at_end(opened, 0, 5), "the end")
    assert not opened.feed.at_end({0: 4})


def test_the_log_itself_is_asked_for_its_end_whatever_was_heard_of_it(opened: OpenFeed) -> None:
    opened.feed.start_at(0, 0)
    opened.feed.start_at(1, 0)
    wait_until(lambda: at_end(opened, 0, 0) and at_end(opened, 1, 0), "the end of nothing")
    opened.append(0, VALUES)
    assert 0 not in opened.feed.at_end({0: 0, 1: 0}), "though it was not polled since"


def test_the_lag_is_what_is_left_to_be_read(opened: OpenFeed) -> None:
    opened.append(0, VALUES)
    opened.feed.start_at(0, 0)
    delivered(opened, lambda found: len(found) >= 5)
    wait_until(lambda: at_end(opened, 0, 5) and opened.feed.lag(0, 5) == 0, "no lag")
    assert opened.feed.lag(0, 2) == 3
