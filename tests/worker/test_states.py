"""The table of states: which moves there are, and what each state allows."""

from itertools import pairwise

import pytest

from streamer.errors import Unavailable
from streamer.worker.states import TABLE, Act, IllegalMove, Lifecycle, State

AWAY = Unavailable("the store cannot be reached")
WHOLE_LIFE = [
    State.ASSIGNED,
    State.CLAIMED,
    State.RESTORING,
    State.MIGRATING,
    State.RUNNING,
    State.CLOSING,
    State.CLOSED,
]
ENDED = {State.CLOSED, State.REVOKED}


def at(state: State) -> Lifecycle:
    life = Lifecycle()
    life.state = state
    return life


def test_every_state_has_its_row() -> None:
    assert TABLE.keys() == set(State)


def test_a_life_goes_from_the_assignment_to_the_end() -> None:
    life = Lifecycle()
    for before, after in pairwise(WHOLE_LIFE):
        assert life.state is before
        life.move(after)


@pytest.mark.parametrize("state", [one for one in State if one not in ENDED])
def test_every_live_state_can_be_paused_and_revoked(state: State) -> None:
    life = at(state)
    life.pause(AWAY, 700)
    assert (life.state, life.reason, life.until, life.idle) == (State.PAUSED, AWAY, 700, True)
    at(state).move(State.REVOKED)


@pytest.mark.parametrize("state", [one for one in State if one in ENDED])
def test_nothing_comes_after_the_end(state: State) -> None:
    for other in State:
        with pytest.raises(IllegalMove, match=f"from {state.name} to {other.name}"):
            at(state).move(other)


def test_a_pause_ends_with_a_claim_and_its_reason_with_it() -> None:
    life = at(State.RUNNING)
    life.pause(AWAY, 700)
    with pytest.raises(IllegalMove, match="from PAUSED to RUNNING"):
        life.move(State.RUNNING)
    life.move(State.CLAIMED)
    assert life.reason is None


def test_nothing_is_published_of_what_is_restored() -> None:
    life = at(State.RESTORING)
    life.require(Act.READ)
    life.require(Act.COMMIT)
    with pytest.raises(IllegalMove, match="RESTORING must not PUBLISH"):
        life.require(Act.PUBLISH)


@pytest.mark.parametrize("act", Act)
def test_only_what_is_claimed_may_act(act: Act) -> None:
    for state in (State.ASSIGNED, State.PAUSED, *ENDED):
        assert not at(state).allows(act)


def test_what_is_closing_reads_no_more_records() -> None:
    assert not at(State.CLOSING).allows(Act.READ)
    assert at(State.CLOSING).allows(Act.PUBLISH)
