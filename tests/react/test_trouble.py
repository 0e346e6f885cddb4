"""What stays away for long is said now and then, and not at every look."""

from redis.exceptions import ConnectionError as Away

from streamer.errors import Fenced
from streamer.react.trouble import Trouble


class Said:
    """Remembers what a journal was told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def say(self, event: str, _: str = "info", /, **facts: object) -> None:
        self.lines.append((event, facts))


def test_the_same_trouble_of_a_partition_is_said_every_ten_seconds() -> None:
    said, now = Said(), [0.0]
    trouble = Trouble(said, lambda: now[0])
    for turn in range(101):
        now[0] = turn / 5
        trouble.met(Away("Connection refused."), 1)
        trouble.met(Away("Connection refused."), 2)
    times = [facts["partition"] for event, facts in said.lines if event == "unavailable"]
    assert times == [1, 2] * 3
    trouble.met(Away("Timeout."), 1)
    assert said.lines[-1] == ("unavailable", {"error": "Timeout.", "partition": 1})


def test_a_mistake_is_said_every_time_and_a_lost_partition_ends_it() -> None:
    said = Said()
    trouble = Trouble(said, lambda: 0.0)
    for _ in range(2):
        trouble.met(ValueError("five"), 3)
    assert said.lines == [("failed", {"error": "ValueError('five')", "partition": 3})] * 2
    trouble.met(Fenced("another owner"), 3)
    assert trouble.fatal == "another owner"
