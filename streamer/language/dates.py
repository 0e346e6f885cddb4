"""Dates in the tests of rules: a warning for each that cannot be what is meant."""

from typing import Final

from streamer.core.state.dates import date_of
from streamer.language.reading import Reading
from streamer.language.scalars import described, is_null

_EARLIEST_YEAR: Final = 1900
"""Dates before that are mostly what a form wrote where it was left empty."""


def warn(reading: Reading) -> None:
    """Warn of values of dated traits that are no dates, or surely wrong ones."""
    for name, node in reading.test_traits:
        if name not in reading.dated or is_null(node):
            continue
        date = date_of(node.text)
        if date is None:
            message = (
                f"{name} is no date here, so that date, anniversary and age are false: expected an "
                f"existing day as YYYY-MM-DD, found {described(node)}"
            )
            reading.report.warning(node.at, message)
        elif date.year < _EARLIEST_YEAR:
            message = f"{name} is in the year {date.year}: it counts as it stands; is that meant?"
            reading.report.warning(node.at, message)
