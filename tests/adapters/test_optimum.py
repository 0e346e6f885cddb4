"""The smallest value is found; without the library, the extra that brings it is named."""

import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest

from streamer.adapters.optimum import smallest
from streamer.errors import UsageError


def test_the_smallest_value_is_found() -> None:
    found = smallest(lambda at: (at[0] - 1) ** 2 + (at[1] + 2) ** 2 + 7, [0, 0])
    assert found.settled
    assert found.point == pytest.approx([1, -2], abs=1e-4)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(UsageError, match=r"pip install 'streamer\[fit\]'"):
        smallest(lambda at: at[0], [0])


def test_what_cannot_be_found_in_time_is_said() -> None:
    def valley(at: Sequence[float]) -> float:
        """Rosenbrock's, in so many dimensions that the way along its ground is too long."""
        return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(at))

    assert not smallest(valley, [-1.0] * 40).settled
