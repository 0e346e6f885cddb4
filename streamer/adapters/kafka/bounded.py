"""Calls of librdkafka that may never return, whatever time they were given."""

import threading
from collections.abc import Callable
from concurrent.futures import Future


def bounded(act: Callable[[], object], seconds: float) -> None:
    """Act, and raise what that raises; or raise `TimeoutError` and leave it behind in its thread.

    The thread keeps what the call works on, and does not keep the process from ending.
    """
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is raised below)
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name="bounded", daemon=True).start()
    outcome.result(seconds)
