"""The smallest value of a function: the only module that knows the library for it."""

from collections.abc import Callable, Sequence

from streamer.errors import UsageError


def smallest(function: Callable[[Sequence[float]], float], start: Sequence[float]) -> list[float]:
    """Return where the function is smallest, looking from `start` on.

    Raises `UsageError` where the library is not installed, naming the extra that brings it, and
    where no smallest value is found.
    """
    try:
        from scipy.optimize import minimize  # noqa: PLC0415 (an extra: only fitting needs it)
    except ImportError:
        raise UsageError(
            "fitting needs SciPy, which is not installed: pip install 'streamer[fit]', or in a "
            "source tree pip install '.[fit]'"
        ) from None
    rough = {"xatol": 1e-4, "fatol": 1e-5, "maxiter": 5_000, "maxfev": 10_000}
    near = minimize(function, start, method="Nelder-Mead", options=rough)
    # From where it stopped once more: the first stop may be in a narrow place.
    fine = {**rough, "xatol": 1e-7, "fatol": 1e-9}
    found = minimize(function, near.x, method="Nelder-Mead", options=fine)
    if not found.success:
        raise UsageError(f"no best parameters were found: {found.message}")
    return [float(one) for one in found.x]
