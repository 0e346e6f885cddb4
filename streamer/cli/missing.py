"""What segments that nobody entered ask for, and no line had: as people read it."""

from collections.abc import Iterable, Iterator
from typing import Final

from streamer.analysis.never_seen import Missing

_MOST: Final = 12
_NAMED: Final = 4


def missing_lines(missing: tuple[Missing, ...]) -> Iterator[str]:
    """Yield what was never seen, with the segments that ask for it."""
    if missing:
        yield "nobody entered these, and in no line was there what they ask for:"
    for one in missing[:_MOST]:
        yield f"  {one.what} ({_names(one.segments)})"
    if len(missing) > _MOST:
        yield f"  and {len(missing) - _MOST:,} things more: --format json of replay lists them"


def never_entered(entered: Iterable[tuple[str, int]]) -> set[str]:
    """Return the keys of segments and ladders with a membership that no customer was ever in."""
    return {membership.partition(".")[0] for membership, customers in entered if not customers}


def _names(segments: tuple[str, ...]) -> str:
    more = len(segments) - _NAMED
    listed = ", ".join(segments[:_NAMED])
    return f"{listed} and {more:,} more" if more > 0 else listed
