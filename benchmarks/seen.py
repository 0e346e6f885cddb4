"""How soon a browser shows a change after it was published: Kafka, `streamer serve`, Chromium.

    python benchmarks/seen.py [--changes N] [--rate N]

Changes are published at a steady rate. The page, open in a headless Chromium on the same machine,
notes when each one is in its document; the time since just before it was published is what counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

from streamer.codecs.changes import encode_change
from tests.adapters.kafka.topics import create_all, producer_of
from tests.collect.devtools import evaluate, page_of
from tests.collect.pages import opened
from tests.servers import KafkaServer
from tests.servers.ports import free_port
from tests.waiting import wait_until
from tests.webhooks.changes import change

RULES = "segment: cart_abandoner\npurpose: A benchmark.\nwhen: {performed: product_added}\n"
NOTE = """
window.seen = {};
new MutationObserver(() => {
  for (const link of document.querySelectorAll(".feed .change a[href^='#/customers/']"))
    window.seen[link.textContent] ??= Date.now();
}).observe(document.body, { childList: true, subtree: true });
"""


def main(changes: int, rate: float) -> None:
    """Print the figures."""
    with KafkaServer() as kafka, TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        topics = create_all(kafka.address)
        (folder / "rules.yaml").write_text(RULES)
        command = [
            *(sys.executable, "-m", "streamer", "serve", "--rules", str(folder / "rules.yaml")),
            *("--kafka", kafka.address, "--changes-topic", topics.changes),
            *("--memberships-topic", topics.memberships, "--rejected-topic", topics.rejected),
            *("--view", str(folder / "view.db"), "--port", str(port), "--metrics-port", "0"),
        ]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet) as one:  # noqa: S603 (our own)
            try:
                address = f"http://127.0.0.1:{port}"
                wait_until(lambda: is_ready(f"{address}/readyz"), "the server", 60)
                with opened(f"{address}/", folder):
                    page = page_of(folder / "profile")
                    shown = "document.querySelector('.feed') !== null"
                    wait_until(lambda: evaluate(page, shown) is True, "the page", 60)
                    evaluate(page, NOTE)
                    sent = publish(kafka.address, topics.changes, changes, rate)
                    time.sleep(3)
                    seen = json.loads(str(evaluate(page, "JSON.stringify(window.seen)")))
            finally:
                one.terminate()
    delays = [seen[who] - at for who, at in sent.items() if who in seen]
    cuts = statistics.quantiles(delays, n=100)
    print(f"{changes:,} changes at {rate:g} a second, {len(delays):,} of them seen")
    print(f"published to seen in the browser: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")


def is_ready(address: str) -> bool:
    """Return whether a server answers that it is ready."""
    try:
        with urlopen(address, timeout=10) as answer:  # noqa: S310 (our own)
            return bool(answer.status == 200)  # noqa: PLR2004 (of HTTP)
    except OSError:
        return False


def publish(address: str, topic: str, changes: int, rate: float) -> dict[str, float]:
    """Publish a change of a customer each; return when each was, in ms since 1970."""
    sent = {}
    began = time.monotonic()
    with producer_of(address) as producer:
        for number in range(changes):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            one = change(f"u-{number}")
            sent[one.customer] = time.time() * 1_000
            producer.send(topic, encode_change(one), one.customer.encode(), partition=number % 2)
    return sent


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=20)
    asked = parser.parse_args()
    main(asked.changes, asked.rate)
