"""The Python that `docs/publishing.md` shows works as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import orjson
from click.testing import CliRunner

from streamer.cli import main
from tests.adapters.kafka.topics import committed_records, fresh_topics
from tests.servers import KafkaServer

TEXT = (Path(__file__).parents[1] / "docs" / "publishing.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_publishes_what_it_says(kafka: KafkaServer, tmp_path: Path) -> None:
    topic = fresh_topics().events
    made = CliRunner().invoke(
        main, ["topics", "create", f"--kafka={kafka.address}", f"--events-topic={topic}"]
    )
    assert made.exit_code == 0, made.output
    code = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
    code = code.replace("127.0.0.1:9092", kafka.address).replace(', topic="storefront.events"', "")
    script = tmp_path / "shop.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 (the page's own code)
        [sys.executable, str(script)],
        env=os.environ | {"STREAMER_KAFKA": kafka.address, "STREAMER_EVENTS_TOPIC": topic},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("not an event: no customer")
    events = [orjson.loads(record.value) for record in committed_records(kafka.address, topic)]
    assert sorted(event["name"] for event in events) == [
        "product_added",
        "product_added_to_wishlist",
    ]
