"""The ring of ids: what counts as told before, in log order, and as small as it can be."""

import pytest

from streamer.codecs.profiles import PROFILE_BYTES
from streamer.core.leaves.performed import Performed
from streamer.core.profile import MOST_IDS, Profile
from streamer.core.profile import SHORT as SHORT_RING
from streamer.core.rules.spec import Header, Scope
from streamer.hashes import ID_BYTES, fingerprint
from tests.core.shopper import Shopper, on

LATENESS = 10
X = fingerprint("x")


def others(number: int) -> list[bytes]:
    return [fingerprint(f"other {n}") for n in range(number)]


def profile_after(*accepted: tuple[bytes, int]) -> Profile:
    """A profile that has accepted these ids at these times."""
    profile = Profile("c", 0, 0, 0)
    for event_id, time in accepted:
        profile.accept(event_id, time, LATENESS)
    return profile


def times(profile: Profile) -> list[int]:
    """The times in the ring, in log order."""
    assert len(profile.ids) == ID_BYTES * len(profile.id_times)
    return profile.id_times


def test_hashes_of_ids_have_64_bits() -> None:
    assert len({fingerprint(f"e{n}") for n in range(1_000)}) == 1_000
    assert len(X) == 8


@pytest.mark.parametrize(("age", "known"), [(0, True), (LATENESS, True), (LATENESS + 1, False)])
def test_an_id_matters_as_long_as_it_could_be_accepted(age: int, *, known: bool) -> None:
    profile = profile_after((X, 100), (fingerprint("y"), 100 + age))
    assert profile.knows(X, LATENESS) is known


@pytest.mark.parametrize(("between", "known"), [(MOST_IDS - 1, True), (MOST_IDS, False)])
def test_the_ring_holds_the_last_256(between: int, *, known: bool) -> None:
    profile = profile_after((X, 5), *((one, 5) for one in others(between)))
    assert profile.knows(X, LATENESS) is known
    assert len(times(profile)) == MOST_IDS


def test_it_is_in_log_order_and_not_in_order_of_time() -> None:
    profile = profile_after((X, 9), *((one, 5) for one in others(MOST_IDS)))
    assert not profile.knows(X, LATENESS)


SHORT = [(one, 16) for one in others(SHORT_RING - 1)]
"""As many as a ring may hold and not be looked through, but one."""


def test_what_is_too_old_leaves_from_the_front_of_all_but_the_shortest_rings() -> None:
    profile = profile_after((X, 5), *SHORT)
    assert times(profile)[0] == 5
    assert not profile.knows(X, LATENESS)
    profile.accept(fingerprint("y"), 16, LATENESS)
    assert set(times(profile)) == {16}


def test_what_is_too_old_behind_the_front_keeps_its_place() -> None:
    front = fingerprint("front")
    profile = profile_after((front, 12), (X, 5), *SHORT)
    assert times(profile)[:2] == [12, 5]
    assert not profile.knows(X, LATENESS)


def test_an_id_accepted_again_takes_a_second_place() -> None:
    front = fingerprint("front")
    again = [(front, 12), (X, 5), (fingerprint("z"), 16), (X, 7)]
    profile = profile_after(*again)
    assert times(profile) == [12, 5, 16, 7]
    assert profile.knows(X, LATENESS)
    for number, other in enumerate(others(MOST_IDS - 3), 1):
        assert profile.knows(front, LATENESS), number
        profile.accept(other, 16, LATENESS)
    assert not profile.knows(front, LATENESS)
    assert times(profile)[:2] == [16, 7]


def test_an_id_accepted_again_and_again_keeps_the_ring_small() -> None:
    header = Header(max_lateness=1_000)
    shopper = Shopper(Performed(Scope(("seen",), within=1)), header=header)
    for at in range(400):
        shopper.does(on(at)._replace(id=f"new {at}"), on(at - 1_000)._replace(id="x"))
    assert len(times(shopper.alive)) == MOST_IDS
    assert len(shopper.bytes) <= PROFILE_BYTES


def test_the_clock_is_the_largest_time_and_never_goes_back() -> None:
    profile = profile_after((X, 5), (fingerprint("y"), 9), (fingerprint("z"), 7))
    assert (profile.clock, profile.last) == (9, 9)


def test_a_hash_across_two_entries_is_not_one_of_them() -> None:
    one, other = b"\0" * 4 + b"abcd", b"efgh" + b"\0" * 4
    profile = profile_after((one, 5), (other, 6))
    across = profile.ids[4 : 4 + ID_BYTES]
    assert across in profile.ids
    assert not profile.knows(across, LATENESS)
    assert profile.knows(one, LATENESS)
    assert profile.knows(other, LATENESS)
