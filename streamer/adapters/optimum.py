"""The smallest value of a function: the only module that knows the library for it."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from streamer.errors import UsageError

_MOST_CALLS: Final = 3_000
"""A function that has one smallest value takes a few hundred."""


class Optimum(NamedTuple):
    """Where a function is smallest, as far as it was looked for; `settled` if that is the place."""

    point: list[float]
    settled: bool


def smallest(function: Callable[[Sequence[float]], float], start: Sequence[float]) -> Optimum:
    """Return where the function is smallest, looking from `start` on.

    Raises `UsageError` where the library is not installed, naming the extra that brings it.
    """
    try:
        from scipy.optimize import minimize  # noqa: PLC0415 (an extra: only fitting needs it)
    except ImportError:
        raise UsageError(
            "fitting needs SciPy, which is not installed: pip install 'streamer[fit]', or in a "
            "source tree pip install '.[fit]'"
        ) from None
    rough = {"xatol": 1e-4, "fatol": 1e-5, "maxiter": _MOST_CALLS, "maxfev": _MOST_CALLS}
    near = minimize(function, start, method="Nelder-Mead", options=rough)
    # From where it stopped once more: the first stop may be in a narrow place.
    fine = {**rough, "xatol": 1e-7, "fatol": 1e-9}
    found = minimize(function, near.x, method="Nelder-Mead", options=fine)
    return Optimum([float(one) for one in found.x], bool(found.success))
