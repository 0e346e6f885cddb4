"""What is known about a customer: `trait`."""

from dataclasses import dataclass

from streamer.core.syntax import Comparison


@dataclass(frozen=True, slots=True)
class Trait:
    """The latest value of the profile attribute `name` compares as stated."""

    name: str
    comparisons: tuple[Comparison, ...]
