"""Commits that say in every place which one they are."""

from collections.abc import Mapping

from streamer.ports import Checkpoint, PartitionMeta, Store
from streamer.types import FOREVER, Millis
from tests.contracts.examples import outbox_entry


def commit(
    store: Store,
    meta: PartitionMeta,
    profiles: Mapping[str, bytes | None],
    wakes: Mapping[str, Millis | None] | None = None,
) -> PartitionMeta:
    """Commit what follows `meta` on partition 0, with something to tell; return where it stands.

    Without `wakes`, everybody who is kept has the commit's number as wake.
    """
    number = meta.number + 1
    own = {who: None if it is None else number for who, it in profiles.items()}
    store.commit(
        Checkpoint(
            partition=0,
            epoch=meta.epoch,
            number=number,
            follows=meta.number,
            offset=number,
            log_time=None,
            profiles=profiles,
            wakes=own if wakes is None else wakes,
            entry=outbox_entry(number),
            published=meta.number,
        )
    )
    return PartitionMeta(meta.epoch, number, number)


def contents(store: Store, *customers: str) -> tuple[object, ...]:
    """Return all that partition 0 holds of these customers."""
    return store.load(0, customers), store.due(0, FOREVER, 1_000_000), store.outbox(0)
