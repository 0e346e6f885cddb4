"""The pages of a process for its operator, as every command that runs on serves them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from prometheus_client import CollectorRegistry

from streamer.adapters.web import OperatorPages

_EVERYWHERE: Final = ""
"""The address of a machine under all its names, as containers need it."""


def operator_pages(
    port: int,
    registry: CollectorRegistry,
    unready: Callable[[], str | None],
    more: Mapping[str, Callable[[str], bytes]] | None = None,
) -> AbstractContextManager[object]:
    """Serve `/metrics`, `/healthz`, `/readyz` and `more` while the block lasts; port 0: nowhere.

    They are on all addresses of the machine. `adapters/web.Pages` says what is answered and raised.
    """
    return OperatorPages(_EVERYWHERE, port, registry, unready, more) if port else nullcontext()
