"""What is said of a time zone that there is not."""

import pytest

from streamer.language.zones import wrong_zone

OTHERWISE = "write UTC or a name such as Europe/Berlin"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("Europe/Berln", 'did you mean "Europe/Berlin"?'),
        ("Berlin", 'did you mean "Europe/Berlin"?'),
        ("tokyo", 'did you mean "Asia/Tokyo"?'),
        ("CEST", OTHERWISE),  # EST is another continent's
        ("GMT+2", OTHERWISE),
        ("", OTHERWISE),
    ],
)
def test_the_nearest_is_a_place(name: str, instead: str) -> None:
    assert wrong_zone(name) == f'no such time zone: "{name}": {instead}'


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "CET"])
def test_a_zone_that_there_is_is_not_wrong(name: str) -> None:
    assert wrong_zone(name) is None
