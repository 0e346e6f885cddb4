"""What is said of an error in our own code, where it must not stop the rest."""

import traceback


def told_of(error: Exception) -> str:
    """Return what the error is, and the function and line that it came from."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r} at {place.name}:{place.lineno}"
