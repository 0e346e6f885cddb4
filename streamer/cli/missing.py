"""What rules ask for and no line had, as people read it."""

from collections.abc import Iterable, Iterator
from typing import Final

from streamer.analysis.never_seen import Missing

_MOST: Final = 12
_MOST_ENTERED: Final = 6
_NAMED: Final = 4


def missing_lines(missing: tuple[Missing, ...]) -> Iterator[str]:
    """Yield what was never seen, first where the segments that need it have no member."""
    empty = [(one.what, one.segments) for one in missing if one.segments]
    if empty:
        yield "nobody entered these, and in no line was there what they ask for:"
        yield from _bounded(empty, _MOST)
    entered = sorted((-len(one.entered), one.what, one.entered) for one in missing if one.entered)
    if entered:
        yield "these were entered, but one of their conditions asks for what was in no line:"
        yield from _bounded([(what, segments) for _, what, segments in entered], _MOST_ENTERED)


def _bounded(things: list[tuple[str, tuple[str, ...]]], most: int) -> Iterator[str]:
    for what, segments in things[:most]:
        yield f"  {what} ({_names(segments)})"
    if len(things) > most:
        yield f"  and {len(things) - most:,} things more: the JSON lists them"


def never_entered(entered: Iterable[tuple[str, int]]) -> set[str]:
    """Return the keys of segments and ladders with a membership that no customer was ever in."""
    return {membership.partition(".")[0] for membership, customers in entered if not customers}


def _names(segments: tuple[str, ...]) -> str:
    more = len(segments) - _NAMED
    listed = ", ".join(segments[:_NAMED])
    return f"{listed} and {more:,} more" if more > 0 else listed
