"""`streamer`, but the process kills itself at the point that `STREAMER_FATE` names.

`commit-after:3:SIGKILL` is the third time that it has committed. Nothing is cleaned up, as when the
machine dies. With SIGSTOP it only sleeps there, until somebody sends SIGCONT.
"""

import os
import signal
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final

from confluent_kafka import Producer

from streamer.adapters.kafka import KafkaFeed, KafkaSink, sink
from streamer.adapters.redis import RedisStore
from streamer.cli import main
from streamer.codecs.controls import ControlCodec


class Doomed(Producer):
    """A producer whose methods can be replaced."""


POINTS: Final[dict[str, tuple[type, str, bool]]] = {
    "claim-before": (RedisStore, "claim", False),
    "claim-after": (RedisStore, "claim", True),
    "mark-after": (KafkaSink, "mark", True),
    "load-after": (RedisStore, "load", True),
    "commit-before": (RedisStore, "commit", False),
    "commit-after": (RedisStore, "commit", True),
    "produced": (Doomed, "send_offsets_to_transaction", False),
    "offsets-sent": (Doomed, "send_offsets_to_transaction", True),
    "committing": (Doomed, "commit_transaction", False),
    "publish-after": (KafkaSink, "publish", True),
}
"""The class, its method, and whether it is after the method's work."""
KINDS: Final = ("join", "link", "dropped", "forward")
"""The first one first: a device has only one history to join."""
JOINS: Final[dict[str, tuple[type, str, bool]]] = {
    f"{kind}-{what}": (ControlCodec, method, True)
    for kind in KINDS
    for what, method in (("told", "encode"), ("read", "decode"))
}
"""The same, for what partitions tell each other; only records of the kind count."""
STALLS: Final[dict[str, tuple[type, str, bool]]] = {
    "polled": (KafkaFeed, "poll", True),
    "looked-at-wakes": (RedisStore, "due", True),
    "asking-for-the-end": (KafkaFeed, "at_end", False),
    "told-the-end": (KafkaFeed, "at_end", True),
}
"""The same, for points where nothing is half done, and time is about to move. Their calls count
from when the worker reads a partition: before, it would sleep without a share."""


def when_it_reads(act: Callable[[], None]) -> None:
    """Act before the first partition is started."""
    honest = KafkaFeed.start_at

    @wraps(honest)
    def first(*args: Any) -> None:  # noqa: ANN401 (passed on)
        setattr(KafkaFeed, "start_at", honest)  # noqa: B010 (a method is replaced)
        act()
        honest(*args)

    setattr(KafkaFeed, "start_at", first)  # noqa: B010 (a method is replaced)


def concerns(kind: str, *messages: object) -> bool:
    """Whether a control record of that kind is among what a method was given, or has returned."""
    return not kind or any(type(one).__name__.lower() == kind for one in messages)


def doom(
    holder: type, method: str, *, after: bool, times: int, end: signal.Signals, kind: str = ""
) -> None:
    """Let the process get a signal the n-th time that the method is called, for that kind."""
    left = times
    honest: Callable[..., Any] = getattr(holder, method)

    @wraps(honest)
    def fatal(*args: Any, **named: Any) -> Any:  # noqa: ANN401 (passed on)
        nonlocal left
        if not after:
            left -= 1
            if not left:
                os.kill(os.getpid(), end)
        result = honest(*args, **named)
        if after and concerns(kind, result, *args):
            left -= 1
            if not left:
                os.kill(os.getpid(), end)
        return result

    setattr(holder, method, fatal)


if __name__ == "__main__":
    point, number, end = os.environ["STREAMER_FATE"].split(":")
    vars(sink)["Producer"] = Doomed
    where, what, afterwards = (POINTS | STALLS | JOINS)[point]
    whose = point.partition("-")[0] if point in JOINS else ""
    signalled = signal.Signals[end]
    fated = partial(
        doom, where, what, after=afterwards, times=int(number), end=signalled, kind=whose
    )
    when_it_reads(fated) if point in STALLS else fated()
    main()
