"""A description of a bug that must stop only one record or one partition."""

import traceback


def describe(error: Exception) -> str:
    """Return the error, and the function and line that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r} at {place.name}:{place.lineno}"
