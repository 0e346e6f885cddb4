"""A store on a server that a test may do anything to."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from streamer.adapters.redis import RedisStore
from tests.servers import RedisServer


@pytest.fixture
def own_store(own_redis: RedisServer) -> Iterator[RedisStore]:
    """A store on the test's own server, not very patient with it."""
    with closing(RedisStore(own_redis.url, "shop", patience=2.0)) as store:
        yield store
