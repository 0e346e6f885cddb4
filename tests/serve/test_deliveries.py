"""What webhooks and reactions say of themselves, as the page shows it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from streamer.adapters.web import OperatorPages
from streamer.errors import UsageError
from streamer.react.counts import ReactionCounts
from streamer.serve.deliveries import Deliveries
from streamer.types import DAY
from streamer.webhooks.deliveries import Delivery, DeliveryLog, Standing, WebhookCounts
from tests.serve.asking import asking
from tests.serve.conftest import RULES, filled
from tests.servers.ports import free_port


def webhooks(lag: int, *, off: bool = False) -> OperatorPages:
    """The operator's pages of a process with two endpoints."""
    counts = WebhookCounts(
        lambda: {
            "crm": Standing("off" if off else "closed", 3, 1, lag),
            "mail": Standing("closed", 0, 0, 0),
        }
    )
    counts.changes.labels("crm", "delivered").inc(7)
    counts.changes.labels("crm", "given up").inc()
    counts.tries.labels("crm", "failed").inc(4)
    log = DeliveryLog()
    for at, outcome in ((1_000, "failed"), (2_000, "delivered")):
        log.add("crm", Delivery(at, "c", "vip", "entered", 1, outcome, 503, "slow", 9, "", None))
    return OperatorPages("127.0.0.1", 0, counts.registry, lambda: None, {"/deliveries": log.page})


def reactions() -> OperatorPages:
    """The operator's pages of a process of reactions."""
    counts = ReactionCounts()
    counts.changes.labels("handled").inc(5)
    counts.seconds.labels("remind").observe(0.1)
    counts.dead.set(2)
    counts.waiting.set(3)
    return OperatorPages("127.0.0.1", 0, counts.registry, lambda: "catching up with 2 partitions")


@pytest.fixture
def addresses() -> Iterator[list[str]]:
    """Two processes of webhooks, one of reactions, and an address where nobody is."""
    with ExitStack() as stack:
        pages = [stack.enter_context(one) for one in (webhooks(5), webhooks(6, off=True))]
        pages.append(stack.enter_context(reactions()))
        yield [f"http://127.0.0.1:{port}" for port in (*(one.port for one in pages), free_port())]


def test_the_figures_are_those_of_all_processes(addresses: list[str], tmp_path: Path) -> None:
    file = filled(tmp_path / "shop.db", DAY)
    with asking(file, RULES, tmp_path, deliveries=addresses) as ask:
        told = ask("/v1/deliveries").body
    crm, mail = told["endpoints"]
    assert crm["endpoint"] == "crm"
    assert (crm["lag"], crm["in_hand"], crm["waiting"]) == (11, 6, 2)
    assert (crm["delivered"], crm["given_up"], crm["failed_tries"]) == (14, 2, 8)
    assert crm["off"]
    assert crm["breaker"] == "off"
    assert crm["last_failure"] == {
        "at": "1970-01-01T00:00:01.000Z", "status": 503, "reason": "slow", "next_try": None,
    }  # fmt: skip
    assert not mail["off"]
    assert mail["last_failure"] is None
    (reaction,) = told["reactions"]
    assert reaction["functions"] == ["remind"]
    assert (reaction["handled"], reaction["waiting"], reaction["dead"]) == (5, 3, 2)
    assert [one["does"] for one in told["processes"]] == ["webhooks", "webhooks", "reactions", None]
    assert [one["reason"] for one in told["processes"]] == [
        None, None, "catching up with 2 partitions", "nobody answers there",
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["9466", "https://react:9466", "http://react", "http://r:x"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="http://HOST:PORT"):
        Deliveries([address])
