"""`docs/metrics.md` lists every metric that is exposed, with its type and labels, and no other."""

import re
import sys
from pathlib import Path

import pytest
from prometheus_client.registry import CollectorRegistry

from streamer.adapters.http.counts import CollectorCounts
from streamer.adapters.metrics import Metrics
from streamer.adapters.readings import Footprint, Histogram, PartitionReading, Readings
from streamer.adapters.view.reading import Reached
from streamer.serve.counts import ServerCounts
from streamer.serve.follower import ViewStatus
from streamer.webhooks.deliveries import Standing, WebhookCounts
from streamer.worker import State

PAGE = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| [^|]+ \| ([^|]*)\| [^|]+ \|$", re.MULTILINE)
NAME = re.compile(r"(?:^|, )`(\w+)`")
KEPT = {"counter": "_total", "histogram": "_count", "gauge": ""}
"""The sample that stands for a metric of each type."""


def rows(command: str) -> dict[str, tuple[str, set[str]]]:
    """Return the metrics of a command, each with type and labels, as the page has them."""
    (section,) = re.findall(rf"^## `{command}`$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    found = ROW.findall(section)
    assert len(found) == section.count("\n| `")
    return {
        name: (
            kind,
            set(NAME.findall(labels.split(":")[0])) | set(re.findall(r", `(\w+)`:", labels)),
        )
        for name, kind, labels in found
    }


def exposed(registry: CollectorRegistry) -> dict[str, tuple[str, set[str]]]:
    """Return the metrics of a registry, each with type and labels."""
    found = {}
    for family in registry.collect():
        name = family.name + (KEPT["counter"] if family.type == "counter" else "")
        sample = family.name + KEPT[family.type]
        labels = [set(one.labels) for one in family.samples if one.name == sample]
        assert labels, f"{name} has no sample: give the test a reading of it"
        found[name] = (family.type, labels[0])
    return found


def worker() -> CollectorRegistry:
    """Return a registry with a reading of everything."""
    counts = {"one": 1}
    readings = Readings(
        records=counts,
        invalid={"": 1},
        links=counts,
        changes={("vip", "entered"): 1},
        overflows=counts,
        unusable=counts,
        spent=counts,
        passed=counts,
        failures=counts,
        commits=Histogram({0.5: 1}, 1, 0.1),
        states={"running": 1},
        partitions={0: PartitionReading(1, 0, 0.0, skew_seconds=0.0)},
        footprints={0: Footprint(1, 400, 1000, 0)},
        build={"version": "1", "compiled": "true"},
    )
    return Metrics(lambda: readings).registry()


def collector() -> CollectorRegistry:
    """Return a registry that has counted everything once."""
    counts = CollectorCounts(lambda: False, lambda: 0)
    counts.answered(200, "")
    counts.safe("web", 1, 1, 0.1)
    return counts.registry


def server() -> CollectorRegistry:
    """Return a registry that has counted everything once."""
    status = ViewStatus(ready=True, reached={0: Reached(0, 1, "", 0, -1)}, failure=None)
    counts = ServerCounts(lambda: status, lambda: {"vip": 1}, lambda: (1, 1))
    counts.answered("segments", 200, 0.1)
    counts.moved("vip", "entered")
    return counts.registry


def webhooks() -> CollectorRegistry:
    """Return a registry that has counted everything once, of one endpoint."""
    counts = WebhookCounts(lambda: {"crm": Standing("closed", 0, 0, 0)})
    counts.tries.labels("crm", "delivered").inc()
    counts.changes.labels("crm", "delivered").inc()
    counts.dropped.labels("crm").inc(0)
    counts.seconds.labels("crm").observe(0.1)
    return counts.registry


@pytest.mark.skipif(sys.platform != "linux", reason="the process's own metrics are Linux's")
@pytest.mark.parametrize(
    ("command", "registry"),
    [
        ("streamer run", worker()),
        ("streamer collect", collector()),
        ("streamer react", webhooks()),
        ("streamer serve", server()),
    ],
)
def test_the_page_lists_what_is_exposed(command: str, registry: CollectorRegistry) -> None:
    assert rows(command) == exposed(registry)


def test_the_page_names_every_state_of_a_living_partition() -> None:
    gone = {State.CLOSED, State.REVOKED}
    (said,) = re.findall(r"^\| state \| [^:]+: (.+) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", said)) == {
        one.name.lower() for one in State if one not in gone
    }


def test_the_page_names_every_stage_of_the_cycle() -> None:
    (said,) = re.findall(r"^\| stage \| [^:]+: (.+) \|$", PAGE, re.MULTILINE)
    sources = (Path(__file__).parents[1] / "streamer" / "worker").glob("*.py")
    laps = re.findall(r'\.lap\("(\w+)"\)', "".join(one.read_text("utf-8") for one in sources))
    assert set(re.findall(r"`(\w+)`", said)) == set(laps)


def test_a_record_that_cannot_be_read_has_a_path_of_its_own() -> None:
    sample = worker().get_sample_value("streamer_invalid_records_total", {"path": "/"})
    assert sample == 1
