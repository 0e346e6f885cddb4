"""The store of the live system in Redis (6.2 to 8) or Valkey, alone or as a cluster.

    store       the `Store`: one command to read, one script to commit
    scripts     those scripts
    client      how a server is reached, and which one is refused
    trouble     errors of the library and of the server, put into words

What is kept of partition 7 of the group `streamer`; the braces put all of it into one slot of a
cluster:

    {streamer:7}:meta       hash: version, owner, epoch, number, offset, log_time, fired_at,
                            fired_who, published, restoring_until, partitions
    {streamer:7}:profiles   hash: customer -> encoded profile
    {streamer:7}:wakes      sorted set: customer, scored by the next wake in ms
    {streamer:7}:outbox     hash: commit number -> what is not yet known to be published
    {streamer:7}:layouts    hash: id -> layout of profiles

Nothing has a time to live.

*What Redis forgets.* A script is written to the append-only file whole or not at all, so that a
server that died comes back at the end of some commit. Which one depends on `appendfsync`: with
`always` it is the last one; with `everysec` up to two seconds may be gone, also when only the
process was killed, because Redis answers without having written while the disk is busy. A failover
may lose as much. Nothing is lost by that: the sink's mark is ahead of the store then, and the
worker decides again what it covers (`streamer.worker.task`, step 7). Nor does an owner
write on top of a store that went back under it: its next commit does not follow the last one
there, and is fenced.

*No command is tried again here.* One that timed out may have run, or may still run. The worker
claims its partition again after any failure, and that fences every commit that is still on its way.
"""

from streamer.adapters.redis.store import RedisStore

__all__ = ["RedisStore"]
