"""Compares the changes that a participant has written with those that are true.

What is true is what `streamer replay` makes of the same events. A change is the same if customer,
segment, direction and instant are. A true change counts once, as

* right: it was written with its instant, and with no more than `BEHIND` events of its partition
  between that instant and the latest change that was written before it;
* late: it was written further behind than that, or with a later instant;
* missing: neither.

What else was written is extra, repeated changes included. How far behind a change is can only be
told from what was written, so it is a lower bound; `BEHIND` is more than any participant reads in
one batch.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import orjson

BEHIND: Final = 2_500

Kind = tuple[str, str, str]
"""Customer, segment and direction."""


class Change(NamedTuple):
    """What counts of a change; `at` in ms since 1970."""

    kind: Kind
    at: int


class Verdict(NamedTuple):
    """How many changes were right, late, missing and extra."""

    right: int
    late: int
    missing: int
    extra: int


def read_change(value: bytes) -> Change:
    """Return what counts of a change as a participant or `streamer replay` writes it."""
    facts = orjson.loads(value)
    at = facts["at"]
    if isinstance(at, str):
        at = round(datetime.fromisoformat(at).timestamp() * 1_000)
    return Change((facts["customer_id"], facts["segment"], facts["direction"]), at)


def judge(
    true: Iterable[Change],
    written: Iterable[tuple[int, Change]],
    times: Mapping[int, Sequence[int]],
    partition_of: Callable[[str], int],
) -> Verdict:
    """Compare what is true with what was written, each with its partition and in its order.

    `times` are those of the events of each partition, in order; `partition_of` gives the partition
    of a customer's events.
    """
    wanted = Counter(true)
    right = late = 0
    left: dict[Kind, list[int]] = defaultdict(list)
    reached: dict[tuple[int, int], int] = {}
    for place, change in written:
        partition = partition_of(change.kind[0])
        latest = reached.get((partition, place), 0)
        reached[partition, place] = max(latest, change.at)
        if not wanted[change]:
            left[change.kind].append(change.at)
            continue
        wanted[change] -= 1
        here = times[partition]
        if bisect_right(here, latest) - bisect_right(here, change.at) > BEHIND:
            late += 1
        else:
            right += 1
    missed = sorted(wanted.elements())
    found = _with_later_instants(missed, left)
    extra = sum(map(len, left.values()))
    return Verdict(right, late + found, len(missed) - found, extra - found)


def _with_later_instants(missed: Sequence[Change], left: Mapping[Kind, Sequence[int]]) -> int:
    """Return how many of the missed were written with a later instant, before the next missed."""
    found = 0
    instants: dict[Kind, list[int]] = defaultdict(list)
    for kind, at in missed:
        instants[kind].append(at)
    for kind, wanted in instants.items():
        later = sorted(left.get(kind, ()))
        for at, following in zip(wanted, [*wanted[1:], None], strict=True):
            place = bisect_right(later, at)
            if place < len(later) and (following is None or later[place] < following):
                found += 1
    return found
