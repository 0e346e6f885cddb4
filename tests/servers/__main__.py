"""Start a real Kafka and a real Redis, say where they are, and stop them on Ctrl-C.

Each is at its usual port where that is free, so that `streamer` finds them without being told.
Nothing is kept: the data are removed at the end.
"""

import contextlib
import threading

from tests.servers import KafkaServer, RedisServer
from tests.servers.ports import is_free


def main() -> None:
    """Run both until Ctrl-C."""
    with (
        contextlib.suppress(KeyboardInterrupt),
        KafkaServer(port=9092 if is_free(9092) else None) as kafka,
        RedisServer(port=6379 if is_free(6379) else None) as redis,
    ):
        print(f"export STREAMER_KAFKA={kafka.address}")  # noqa: T201 (this command's answer)
        print(f"export STREAMER_REDIS={redis.url}", flush=True)  # noqa: T201 (the same)
        print("Both run until Ctrl-C; nothing is kept.", flush=True)  # noqa: T201 (the same)
        threading.Event().wait()


if __name__ == "__main__":
    main()
