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

_TRIES = 100
_RETURNED: set[int] = set()


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
    """Return a port on which nothing listens, and which was not returned before.

    A server may have been given a port and not listen on it: not yet, or not just now. Only when
    hardly any are left are they returned a second time.
    """
    left = [port for port in range(FIRST + RUNNER, BEYOND, RUNNERS) if port not in _RETURNED]
    if len(left) < 2 * _TRIES:
        _RETURNED.clear()
    port = next(one for one in random.SystemRandom().sample(left, _TRIES) if is_free(one))
    _RETURNED.add(port)
    return port
