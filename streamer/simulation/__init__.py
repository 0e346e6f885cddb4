"""Shoppers that behave like published funnels, from a seed: the same one gives the same bytes.

catalogue   what the shop sells
funnel      the published shares, and the chances that follow from them
people      who comes, how often, and what they like
visits      what happens in one visit, as events
mishaps     what happens to events on their way: late, twice, broken
stream      all of it in order of time, endless
rate        as fast as possible, so many lines a second, or when they happen
"""

from streamer.simulation.mishaps import Mishaps
from streamer.simulation.rate import as_they_happen, batches, visits_for
from streamer.simulation.stream import DEFAULT_START, Arrival, Simulation, simulate

__all__ = [
    "DEFAULT_START",
    "Arrival",
    "Mishaps",
    "Simulation",
    "as_they_happen",
    "batches",
    "simulate",
    "visits_for",
]
