"""The pictures of a report: what is drawn is what was counted."""

import re

import pytest

from streamer.cli.report_page.charts import bar, chart, spark


def drawn(sizes: list[int], entered: list[int], exited: list[int]) -> str:
    return chart(sizes, entered, exited, "loud: 2 members", ("2026-01-05", "2026-01-12"))


def test_a_size_is_a_flat_piece_as_high_as_its_share_of_the_largest() -> None:
    # 300 wide, two steps; 72 high below 14: half of the largest is at 50, the largest at 14.
    found = re.search(r'<polyline points="([^"]*)"', drawn([1, 2], [0, 0], [0, 0]))
    assert found is not None
    assert found[1] == "0.0,50.0 150.0,50.0 150.0,14.0 300.0,14.0"


def test_who_entered_goes_up_from_the_middle_and_who_left_goes_down() -> None:
    # The middle is at 114; 22 is the height of the most that came or went in a step.
    svg = drawn([1, 1], [4, 0], [0, 2])
    assert 'd="M0.0 114V92.0H149.0V114z" class="in"' in svg
    assert 'd="M150.0 114V125.0H299.0V114z" class="out"' in svg


def test_the_largest_size_and_the_ends_are_written() -> None:
    svg = drawn([1_234, 5], [0, 0], [0, 0])
    for said in (">1,234</text>", ">2026-01-05</text>", ">2026-01-12</text>"):
        assert said in svg


@pytest.mark.parametrize("sizes", [[0], [0, 0, 0], [7]])
def test_nothing_and_one_step_can_be_drawn(sizes: list[int]) -> None:
    none = [0 for _ in sizes]
    assert "nan" not in drawn(sizes, none, none)
    assert "nan" not in spark(sizes, "nobody")


def test_a_picture_says_in_words_what_it_shows() -> None:
    svg = drawn([1], [1], [0])
    assert 'role="img"' in svg
    assert "<title>loud: 2 members</title>" in svg


@pytest.mark.parametrize(("share", "width"), [(0.0, "0.0"), (0.256, "25.6"), (1.0, "100.0")])
def test_a_bar_is_as_wide_as_its_share(share: float, width: str) -> None:
    assert f'<rect width="{width}" height="4" class="fill">' in bar(share)
