"""No server outlives the one who started it, however that one ends."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.process import Process
from tests.waiting import wait_until

STARTER = """
import sys
from pathlib import Path
from tests.servers.process import Process
folder, pipe = sys.argv[1:]
server = Process(["sh", "-c", f"exec sleep 1000 >{pipe}"], Path(folder))
server.start()
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server").mkdir()
    return tmp_path / "server"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_dies_with_its_starter_and_leaves_nothing(
    folder: Path, tmp_path: Path, end: int
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-c", STARTER, str(folder), str(pipe)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        with pipe.open("rb") as held_by_the_server:
            assert not select.select([held_by_the_server], [], [], 0)[0]
            starter.send_signal(end)
            assert select.select([held_by_the_server], [], [], 10)[0], "the server lives on"
        starter.wait()
    wait_until(lambda: not folder.exists(), "the folder is removed", 10)


def test_a_paused_one_can_be_killed(folder: Path) -> None:
    server = Process(["sleep", "1000"], folder)
    server.start()
    server.pause()
    server.kill()
    assert not server.is_alive()
    server.close()


def test_one_that_does_not_end_in_order_is_killed(folder: Path) -> None:
    stubborn = "trap '' TERM; echo ready; while :; do read -r _ || :; done"
    server = Process(["sh", "-c", stubborn], folder)
    server.start()
    wait_until(lambda: server.last_words() == "ready", "the server is ready")
    server.stop(seconds=0.1)
    assert not server.is_alive()
    server.close()
    assert not folder.exists()
