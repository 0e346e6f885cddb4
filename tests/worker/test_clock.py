"""A worker's idea of the broker's clock is never ahead of it once records have arrived."""

from streamer.worker.clock import BrokerClock


class Machine:
    """A machine's two clocks; the steady one counts from anywhere."""

    def __init__(self, wall: int) -> None:
        self.wall = wall
        self.steady = 77

    def passes(self, millis: int) -> None:
        self.wall += millis
        self.steady += millis


def clock_of(machine: Machine) -> BrokerClock:
    return BrokerClock(lambda: machine.wall, lambda: machine.steady)


def test_before_any_record_there_is_only_the_wall_clock() -> None:
    machine = Machine(5_000)
    clock = clock_of(machine)
    machine.passes(10)
    assert clock.now() == 5_010


def test_a_wall_clock_ten_minutes_ahead_does_not_matter_once_a_record_has_arrived() -> None:
    machine = Machine(600_000 + 5_000)
    clock = clock_of(machine)
    clock.arrived(5_000, waited=50)
    machine.passes(1_000)
    assert clock.now() == 6_000


def test_setting_the_wall_clock_does_not_matter_once_a_record_has_arrived() -> None:
    machine = Machine(5_000)
    clock = clock_of(machine)
    clock.arrived(5_000, waited=50)
    machine.wall += 3_600_000
    machine.passes(1_000)
    assert clock.now() == 6_000


def test_the_record_that_took_least_time_tells_most() -> None:
    machine = Machine(5_000)
    clock = clock_of(machine)
    clock.arrived(4_990, waited=50)
    clock.arrived(4_800, waited=50)
    assert clock.now() == 4_990


def test_a_record_that_may_have_waited_says_nothing() -> None:
    machine = Machine(5_000)
    clock = clock_of(machine)
    clock.arrived(1_000, waited=251)
    assert clock.now() == 5_000


def test_the_skew_is_how_far_the_broker_is_ahead_and_unknown_before_a_record() -> None:
    machine = Machine(5_000)
    clock = clock_of(machine)
    assert clock.skew() is None
    clock.arrived(65_000, waited=50)
    machine.passes(1_000)
    assert clock.skew() == 60_000
