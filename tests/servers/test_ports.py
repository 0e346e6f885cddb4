"""Servers of one process take ports that no other of them was given."""

import pytest

from tests.servers import ports


def test_no_port_is_returned_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_RETURNED", set())
    returned = [ports.free_port() for _ in range(200)]
    assert len(set(returned)) == len(returned)


def test_where_hardly_any_are_left_they_are_returned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    every = set(range(ports.FIRST + ports.RUNNER, ports.BEYOND, ports.RUNNERS))
    returned = every - set(sorted(every)[:150])
    monkeypatch.setattr(ports, "_RETURNED", returned)
    port = ports.free_port()
    assert port in every
    assert returned == {port}
