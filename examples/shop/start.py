"""Starts the shop and all that reacts; Ctrl-C or SIGTERM ends it. Needs a Kafka and a Redis.

STREAMER_KAFKA and STREAMER_REDIS say where those are; SHOP_PORT (8000), RECEIVER_PORT (8001) and
COLLECTOR_PORT (8080) which ports to take.
"""

import base64
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = sys.executable
STREAMER = (PYTHON, "-m", "streamer")


def main() -> int:
    """Run everything until one of them ends, or all are asked to."""
    environment = {
        **os.environ,
        "SHOP_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "SHOP_COLLECTOR": f"http://127.0.0.1:{os.environ.get('COLLECTOR_PORT', '8080')}",
    }
    subprocess.run([*STREAMER, "topics", "create"], check=True, env=environment)  # noqa: S603 (ours)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder:
        hooks = Path(folder) / "webhooks.toml"
        port = os.environ.get("RECEIVER_PORT", "8001")
        text = (HERE / "webhooks.toml").read_text(encoding="utf-8")
        hooks.write_text(text.replace(":8001/", f":{port}/"), encoding="utf-8")
        key = Path(folder) / "control.key"  # of a group that goes on it must stay the same
        key.write_text(secrets.token_hex(32), encoding="ascii")
        running = [
            subprocess.Popen(command, cwd=HERE, env=environment)  # noqa: S603 (our own)
            for command in commands(str(hooks), str(key))
        ]
        try:
            while all(process.poll() is None for process in running):
                time.sleep(0.5)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(60)
    return 1


def commands(hooks: str, key: str) -> list[list[str]]:
    """Return what runs: each of them a process of its own."""
    none = ("--metrics-port", "0")
    collector = os.environ.get("COLLECTOR_PORT", "8080")
    return [
        [*STREAMER, "collect", "--keys", "keys.toml", "--port", collector, *none],
        [*STREAMER, "run", "--rules", "rules", "--control-key-file", key, *none],
        [*STREAMER, "react", "run", "reminders:app", *none],
        [*STREAMER, "react", "webhooks", "--config", hooks, *none],
        [PYTHON, "receiver.py"],
        [PYTHON, "backend.py"],
    ]


if __name__ == "__main__":
    sys.exit(main())
