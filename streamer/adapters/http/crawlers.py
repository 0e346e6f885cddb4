"""Known crawlers by their user agent (the package crawler-user-agents)."""

from functools import lru_cache
from typing import Final

from crawleruseragents import is_crawler as _is_crawler

_READ: Final = 512
"""So much of a user agent is looked at: no browser's is longer, and looking costs time."""


def is_crawler(user_agent: str) -> bool:
    """Return whether the user agent is one of a known crawler."""
    return _known(user_agent[:_READ])


@lru_cache(maxsize=4096)
def _known(user_agent: str) -> bool:
    found: bool = _is_crawler(user_agent)
    return found
