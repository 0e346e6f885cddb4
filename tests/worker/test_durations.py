"""Durations are counted as Prometheus wants them: each class holds all that were shorter."""

from streamer.worker import BOUNDS, Durations


def test_a_duration_counts_for_its_own_bound_and_every_longer_one() -> None:
    durations = Durations()
    for seconds in (0.0005, 0.001, 0.002, 31.0):
        durations.add(seconds)
    at_most = dict(zip((*BOUNDS, "any"), durations.at_most(), strict=True))
    assert (at_most[0.001], at_most[0.0025], at_most[30.0], at_most["any"]) == (2, 3, 3, 4)
    assert round(durations.total, 4) == 31.0035
