"""Faults that tests can make on purpose, with the rights of an ordinary user."""

import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up the rights of root inside the block: they would open every door."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    return ordinary_user


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may read and write, also the way to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        with ordinary_user():
            if not os.access(folder, os.W_OK, effective_ids=True):
                pytest.skip("an ordinary user cannot reach the folder for temporary files")
        yield folder
        folder.chmod(0o777)


@pytest.fixture
def at_most() -> Callable[[int], AbstractContextManager[None]]:
    """No file may grow beyond so many bytes inside the block: as good as a full disk."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
