"""Instants as six bytes, big-endian: a *stamp*. Several of them, ascending, are a *run*.

Stamps sort as their instants do, and a run is one object however many it holds: looking through
customers is waiting for memory, so fewer objects are faster, and a run is encoded at once.

A stamp holds every instant from 1970 to beyond the year 10000; earlier ones are taken for 1970,
before which nothing happens.
"""

from typing import Final, TypeAlias

from streamer.types import Millis

STAMP_BYTES: Final = 6
Stamp: TypeAlias = bytes
Run: TypeAlias = bytes


def stamped(at: Millis) -> Stamp:
    """Return the stamp of an instant."""
    return at.to_bytes(STAMP_BYTES) if at > 0 else bytes(STAMP_BYTES)


def instant(stamp: Stamp) -> Millis:
    """Return the instant of a stamp."""
    return int.from_bytes(stamp)


def nth_last(run: Run, n: int) -> Millis:
    """Return the n-th last instant of a run that has so many."""
    end = len(run) - STAMP_BYTES * (n - 1)
    return int.from_bytes(run[end - STAMP_BYTES : end])


def after(run: Run, upto: Millis) -> Run:
    """Return the part of a run that is later than an instant."""
    stamp = stamped(upto)
    if run[:STAMP_BYTES] > stamp:
        return run
    low, high = 1, len(run) // STAMP_BYTES
    while low < high:
        middle = (low + high) // 2
        at = middle * STAMP_BYTES
        if run[at : at + STAMP_BYTES] > stamp:
            high = middle
        else:
            low = middle + 1
    return run[low * STAMP_BYTES :]


def added(run: Run, stamp: Stamp, keep: int) -> Run:
    """Return the last `keep` stamps of the run with one more in it."""
    if stamp >= run[-STAMP_BYTES:]:
        return (run + stamp)[-STAMP_BYTES * keep :]
    later = after(run, int.from_bytes(stamp))
    return (run[: len(run) - len(later)] + stamp + later)[-STAMP_BYTES * keep :]
