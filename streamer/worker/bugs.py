"""A description of a bug that must stop only one request, one record or one partition."""

import traceback


def raised_at(error: BaseException) -> str:
    """Return the function and line that raised the error: `function:line`."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{place.name}:{place.lineno}"


def describe(error: Exception) -> str:
    """Return the error, and the function and line that raised it."""
    return f"{error!r} at {raised_at(error)}"
