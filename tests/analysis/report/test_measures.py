"""What a report measures, on small examples worked out by hand."""

import pytest

from streamer.analysis.report.measures import (
    Overlap,
    mean_size,
    member_time,
    members_of,
    outside,
    overlaps,
    shares,
    sizes,
    volatility,
)


def test_member_time_is_the_sum_of_all_stays_within_the_span() -> None:
    # From 100 to 200: one inside from 110 to 150, one from 140 on, one from before until 120.
    time = member_time(entries=110 + 140, exits=150 + 120, before=1, members=1, begin=100, end=200)
    assert time == 40 + 60 + 20
    assert mean_size(time, 100, 200) == 1.2


def test_somebody_who_never_left_was_inside_all_the_time() -> None:
    assert mean_size(member_time(0, 0, before=1, members=1, begin=0, end=50), 0, 50) == 1


def test_no_time_has_no_average() -> None:
    assert mean_size(0, 100, 100) is None


def test_a_size_that_reads_as_0_has_no_volatility() -> None:
    assert volatility(1, 1, 0.04) is None
    assert volatility(1, 1, 0.05) == 40


def test_volatility_is_moves_by_mean_size() -> None:
    assert volatility(entered=6, exited=4, size=2.5) == 4
    assert volatility(entered=0, exited=0, size=2.5) == 0


@pytest.mark.parametrize("size", [None, 0.0])
def test_nothing_is_volatile_where_nobody_was(size: float | None) -> None:
    assert volatility(3, 3, size) is None


def test_sizes_follow_the_moves_of_each_step() -> None:
    assert sizes(2, entered=[1, 0, 5], exited=[0, 3, 1]) == [3, 0, 4]


def test_a_mask_names_its_members() -> None:
    assert list(members_of(0b1011)) == [0, 1, 3]
    assert list(members_of(0)) == []


def test_overlaps_count_the_customers_in_both() -> None:
    masks = {0b011: 5, 0b111: 2, 0b100: 7, 0: 9}
    assert overlaps(masks) == [Overlap(0, 1, 7), Overlap(0, 2, 2), Overlap(1, 2, 2)]


def test_the_smaller_and_the_either_are_what_overlap_is_measured_by() -> None:
    assert shares(both=10, one=20, other=40) == (0.5, 0.2)
    assert shares(both=20, one=20, other=20) == (1, 1)


def test_outside_are_those_in_none_of_them() -> None:
    masks = {0b01: 1, 0b10: 2, 0b11: 4, 0: 8}
    assert outside(masks, 0b01) == 10
    assert outside(masks, -1) == 8
