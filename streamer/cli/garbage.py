"""How often Python looks for garbage while a command works through many events."""

import gc
from typing import Final

_NEW: Final = 1_000_000
"""How many new objects make Python look: profiles are kept, so looking finds next to nothing."""
_SURVIVORS: Final = 1
"""After more looks than this, those that survived are looked at once more: a tenth of a second."""
_ALL: Final = 1_000
"""After more of those, everything is: with 100,000 profiles nothing else happens for a second."""


def look_rarely() -> None:
    """Look for garbage rarely from now on: what is needed no longer is freed without looking."""
    gc.set_threshold(_NEW, _SURVIVORS, _ALL)
