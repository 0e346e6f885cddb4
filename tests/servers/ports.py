"""Ports for servers that are stopped and come back at the same address."""

import os
import random
import socket

FIRST, BEYOND = 20_000, 30_000
"""Below the ports that systems hand out by themselves (from 32,768 on Linux, 49,152 elsewhere).

From that range another connection could take the port of a server that is down; worse, a client
that keeps trying could be given that very port as its own, and would be connected to itself.
"""

RUNNER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
RUNNERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
"""Test processes that run side by side take ports by turns: none takes one that another will need
again, for a server of its own that is down just now."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port on which nothing listens."""
    tries = random.SystemRandom().sample(range(FIRST + RUNNER, BEYOND, RUNNERS), 100)
    return next(port for port in tries if is_free(port))
