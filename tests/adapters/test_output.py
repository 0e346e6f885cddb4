"""Outputs appear under their names whole or not at all, also when disks are full."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from streamer.adapters.files import FileSink
from streamer.adapters.output import whole
from streamer.codecs.changes import encode_change, rejection_line
from streamer.errors import AdapterError, UsageError
from streamer.ports import OutboxEntry
from tests.contracts.examples import change, outbox_entry, rejection

ROOT = Path(__file__).parents[2]
Unprivileged = Callable[[], AbstractContextManager[None]]
AtMost = Callable[[int], AbstractContextManager[None]]

needs_dev_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tell(
    out: str | Path | None,
    rejected: str | Path | None,
    *told: OutboxEntry,
    then: type[BaseException] | None = None,
) -> None:
    """Publish all of it through a sink, and then fail."""
    with FileSink(out, rejected) as sink:
        for each in told:
            sink.publish([each])
        if then is not None:
            raise then


def test_both_files_hold_one_json_line_each(tmp_path: Path) -> None:
    with FileSink(tmp_path / "out", tmp_path / "rejected") as sink:
        sink.publish([OutboxEntry(1, (change(1), change(2)), (rejection(1),))])
        sink.publish([OutboxEntry(2, (), (rejection(2),))])
    lines = [encode_change(change(1)), encode_change(change(2))]
    assert (tmp_path / "out").read_bytes() == b"\n".join(lines) + b"\n"
    lines = [rejection_line(rejection(1)), rejection_line(rejection(2))]
    assert (tmp_path / "rejected").read_bytes() == b"\n".join(lines) + b"\n"


def test_outputs_without_lines_are_empty_files(tmp_path: Path) -> None:
    FileSink(tmp_path / "out", tmp_path / "rejected").close()
    assert names(tmp_path) == ["out", "rejected"]
    assert (tmp_path / "out").read_bytes() == b""


def test_what_is_not_asked_for_is_not_written(tmp_path: Path) -> None:
    with FileSink(None) as sink:
        sink.publish([outbox_entry(1, 1, 1)])
        assert sink.mark(0).number == 1
    with FileSink(None, tmp_path / "rejected") as sink:
        sink.publish([outbox_entry(1, 1, 1)])
    assert names(tmp_path) == ["rejected"]


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with FileSink("-") as sink:
        sink.publish([OutboxEntry(1, (change(1),), ())])
    assert capfdbinary.readouterr().out == encode_change(change(1)) + b"\n"


def test_until_it_is_closed_the_old_output_stands(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"old")
    with FileSink(out) as sink:
        sink.publish([outbox_entry(1)])
        assert out.read_bytes() == b"old"
    assert out.read_bytes() != b"old"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_run_that_fails_leaves_nothing_behind(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "rejected").write_bytes(b"old")
    with pytest.raises(error):
        tell(tmp_path / "out", tmp_path / "rejected", outbox_entry(1, 1000, 1000), then=error)
    assert names(tmp_path) == ["rejected"]
    assert (tmp_path / "rejected").read_bytes() == b"old"


def test_a_killed_run_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    script = """
import sys
from streamer.adapters.files import FileSink
from tests.contracts.examples import outbox_entry
sink = FileSink(sys.argv[1])
sink.publish([outbox_entry(1, 10_000)])
print("written", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script, tmp_path / "out"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
    assert not (tmp_path / "out").exists()
    assert all(name.startswith(".out.") and name.endswith(".part") for name in names(tmp_path))


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path, at_most: AtMost) -> None:
    (tmp_path / "out").write_bytes(b"old")
    with (
        pytest.raises(AdapterError, match=r"out cannot be written, the disk is full: free some"),
        at_most(100_000),
    ):
        tell(tmp_path / "out", None, *(outbox_entry(number, 10) for number in range(1, 1000)))
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_bytes() == b"old"


def test_a_disk_that_is_full_at_the_very_end_leaves_neither_output(
    tmp_path: Path, at_most: AtMost
) -> None:
    little = outbox_entry(1, changes=1, rejections=20)  # enough to fail, and to wait in the buffer
    with pytest.raises(AdapterError, match="the disk is full"), at_most(1000):
        tell(tmp_path / "out", tmp_path / "rejected", little)
    assert names(tmp_path) == []


@needs_dev_full
def test_devices_are_written_directly() -> None:
    with pytest.raises(AdapterError, match="/dev/full cannot be written, the disk is full"):
        tell("/dev/full", None, outbox_entry(1))
    tell(os.devnull, os.devnull, outbox_entry(1, 1, 1))
    assert Path(os.devnull).is_char_device()


@needs_dev_full
@pytest.mark.parametrize(
    ("target", "expected"),
    [("/dev/full", "standard output cannot be written, the disk is full: "), (None, "closed by")],
)
def test_standard_output_that_fails_is_one_line(target: str | None, expected: str) -> None:
    script = """
import sys
from streamer.adapters.files import FileSink
from streamer.errors import AdapterError
from tests.contracts.examples import outbox_entry
try:
    with FileSink("-") as sink:
        sink.publish([outbox_entry(1, 100)])
except AdapterError as error:
    sys.exit(str(error))
"""
    if target is None:
        reader, stdout = os.pipe()
        os.close(reader)
    else:
        stdout = os.open(target, os.O_WRONLY)
    child = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(stdout)
    assert child.returncode == 1
    (line,) = child.stderr.splitlines()
    assert expected in line


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match=r"cannot be written: .*/none is not a folder"):
        FileSink(tmp_path / "none" / "out")


def test_a_folder_that_may_not_be_written(open_folder: Path, unprivileged: Unprivileged) -> None:
    open_folder.chmod(0o555)
    with unprivileged(), pytest.raises(AdapterError, match="cannot be written: allow writing to"):
        FileSink(open_folder / "out")


def test_a_file_that_may_not_be_written(open_folder: Path, unprivileged: Unprivileged) -> None:
    out = open_folder / "out"
    out.write_bytes(b"kept")
    out.chmod(0o444)
    with unprivileged(), pytest.raises(AdapterError, match="cannot be written: allow writing to"):
        FileSink(out)
    assert out.read_bytes() == b"kept"


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="is a folder: name a file in it"):
        FileSink(tmp_path)


def test_when_one_output_cannot_be_opened_the_other_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(AdapterError):
        FileSink(tmp_path / "out", tmp_path / "none" / "rejected")
    assert names(tmp_path) == []


def test_both_outputs_in_one_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "out")
    for out, rejected in [("out", "out"), ("out", "link"), ("out", "../" + tmp_path.name + "/out")]:
        with pytest.raises(UsageError, match="cannot both go to"):
            FileSink(tmp_path / out, tmp_path / rejected)
    with pytest.raises(UsageError, match="cannot both go to -"):
        FileSink("-", "-")
    assert names(tmp_path) == ["link"]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "out")
    FileSink(tmp_path / "link").close()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "out").is_file()


def test_a_replaced_file_keeps_its_mode_and_a_new_one_has_the_usual(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"old")
    (tmp_path / "out").chmod(0o640)
    (tmp_path / "usual").touch()
    FileSink(tmp_path / "out", tmp_path / "rejected").close()
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "rejected").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_outputs_of_a_block_appear_together_at_its_end(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    with whole(str(one), None, str(other)) as (first, nothing, second):
        assert nothing is None
        assert first is not None
        assert second is not None
        first.write([b"1"])
        second.write([b"2"])
        assert not one.exists()
        assert not other.exists()
    assert (one.read_bytes(), other.read_bytes()) == (b"1\n", b"2\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt, AdapterError])
def test_a_block_that_fails_leaves_no_output(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole(str(tmp_path / "one"), str(tmp_path / "other")):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_opened_is_known_before_the_block(tmp_path: Path) -> None:
    worked = []
    with pytest.raises(AdapterError), whole(str(tmp_path / "one"), str(tmp_path / "no" / "two")):
        worked.append(True)
    assert not worked
    assert list(tmp_path.iterdir()) == []
