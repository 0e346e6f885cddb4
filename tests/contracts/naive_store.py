"""What a store must do, in the plainest way: plain dictionaries, and every answer computed anew."""

from dataclasses import dataclass, field, replace

from streamer.ports import Checkpoint, OutboxEntry, PartitionMeta
from streamer.types import Millis


@dataclass
class NaivePartition:
    """One partition's truth."""

    meta: PartitionMeta = field(default_factory=lambda: PartitionMeta(epoch=0))
    profiles: dict[str, bytes] = field(default_factory=dict)
    wakes: dict[str, Millis] = field(default_factory=dict)
    outbox: dict[int, OutboxEntry] = field(default_factory=dict)

    def claim(self) -> PartitionMeta:
        self.meta = replace(self.meta, epoch=self.meta.epoch + 1)
        return self.meta

    def admits(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.epoch == self.meta.epoch > 0 and checkpoint.follows == self.meta.number

    def commit(self, checkpoint: Checkpoint) -> None:
        self.meta = PartitionMeta(
            checkpoint.epoch,
            checkpoint.number,
            checkpoint.offset,
            checkpoint.log_time,
            {
                key: layout
                for key, layout in {**self.meta.layouts, **checkpoint.layouts}.items()
                if layout is not None
            },
            checkpoint.fired_until,
            published=checkpoint.published,
            restoring_until=checkpoint.restoring_until,
        )
        for customer, profile in checkpoint.profiles.items():
            self.profiles.pop(customer, None)
            if profile is not None:
                self.profiles[customer] = profile
        for customer, wake in checkpoint.wakes.items():
            self.wakes.pop(customer, None)
            if wake is not None:
                self.wakes[customer] = wake
        for number in list(self.outbox):
            if number <= checkpoint.published:
                del self.outbox[number]
        if checkpoint.entry is not None:
            self.outbox[checkpoint.entry.number] = checkpoint.entry

    def due(self, until: Millis, limit: int) -> list[tuple[Millis, str]]:
        return sorted((at, customer) for customer, at in self.wakes.items() if at <= until)[:limit]
