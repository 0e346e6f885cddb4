"""How often Python looks for garbage while a command works through many events."""

import gc
from typing import Final

_NEW_OBJECTS: Final = 200_000
"""How many new objects make Python look: profiles are kept, so looking finds next to nothing."""


def look_rarely() -> None:
    """Look for garbage rarely from now on: what is needed no longer is freed without looking."""
    gc.set_threshold(_NEW_OBJECTS)
