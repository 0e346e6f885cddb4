"""What Redis does in one step, in the Lua that every version since 6.2 runs.

Each script gets the five keys of a partition, in the order of `KEYS`, and so stays within one slot
of a cluster.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

VERSION: Final = 2
"""Of the meta. Profiles, layouts and entries of the outbox each carry a version of their own."""
KEYS: Final = ("meta", "profiles", "wakes", "outbox", "layouts")


@dataclass(frozen=True)
class Script:
    """A script's text; `name` is the one under which a server has it once it ran there."""

    text: str

    @cached_property
    def name(self) -> str:
        """The digest by which EVALSHA finds the script."""
        return hashlib.sha1(self.text.encode()).hexdigest()  # noqa: S324 (Redis's own name for it)


CLAIM: Final = Script("""
local meta, profiles, wakes, outbox, layouts = unpack(KEYS)
local before, version = unpack(redis.call('HMGET', meta, 'owner', 'version'))
if version and version ~= '2' then
  return {version}
end
if not version then
  local at, who = unpack(redis.call('HMGET', meta, 'swept_at', 'swept_who'))
  if at then
    redis.call('HSET', meta, 'fired_at', at, 'fired_who', who)
    redis.call('HDEL', meta, 'swept_at', 'swept_who')
  end
  redis.call('HSET', meta, 'version', '2')
end
redis.call('HINCRBY', meta, 'epoch', 1)
redis.call('HSETNX', meta, 'number', 0)
if ARGV[2] ~= '' then
  redis.call('HSETNX', meta, 'partitions', ARGV[2])
end
redis.call('HSET', meta, 'owner', ARGV[1])
local stands = redis.call('HMGET', meta,
  'epoch', 'number', 'offset', 'log_time', 'fired_at', 'fired_who', 'published',
  'restoring_until', 'partitions')
return {version or '2', before, stands, redis.call('HGETALL', layouts)}
""")
"""Given the new owner and how many partitions there are ('' if that does not matter), which is kept
from the first claim on: returns the version of the meta, the owner before, where the partition
stands, and its layouts. Where the version is another one it is all that is returned, and nothing is
written. Version 1 had no number, and other names for two fields: it becomes version 2."""

DUE: Final = Script("""
local meta, profiles, wakes, outbox, layouts = unpack(KEYS)
local owner, epoch, number, before, limit = unpack(ARGV)
local stands = redis.call('HMGET', meta, 'owner', 'epoch', 'number')
if stands[1] ~= owner or stands[2] ~= epoch or stands[3] ~= number then
  return false
end
return redis.call('ZRANGEBYSCORE', wakes, '-inf', before, 'WITHSCORES', 'LIMIT', 0, limit)
""")
"""Given owner, epoch and number: returns what is due, or nothing at all if they do not stand."""

SCAN: Final = Script("""
local meta, profiles, wakes, outbox, layouts = unpack(KEYS)
local server, cursor, limit = unpack(ARGV)
local here = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
if server ~= here then
  cursor = '0'
end
local following, found = unpack(redis.call('HSCAN', profiles, cursor, 'COUNT', limit))
local customers = {}
for i = 1, #found, 2 do
  customers[#customers + 1] = found[i]
end
return {here, following, customers}
""")
"""Given the server and the cursor of the page before, and about how many: returns this page's, and
the customers. Another server, after a failover, orders them in another way: it begins again."""

MEASURE: Final = Script("""
local meta, profiles, wakes, outbox, layouts = unpack(KEYS)
local bytes = 0
for _, key in ipairs({profiles, wakes}) do
  bytes = bytes + (redis.call('MEMORY', 'USAGE', key, 'SAMPLES', ARGV[1]) or 0)
end
local memory = redis.call('INFO', 'memory')
local function said(name)
  return tonumber(string.match(memory, name .. ':(%d+)') or '0')
end
return {redis.call('HLEN', profiles), bytes, said('used_memory'), said('maxmemory')}
""")
"""Given of how many customers the size is taken: returns how many customers have a profile, the
estimated bytes of profiles and wakes, and the used memory of the server and its bound. What the
server does not say is 0, as is no bound."""

COMMIT: Final = Script("""
local meta, profiles, wakes, outbox, layouts = unpack(KEYS)
local owner, epoch, follows, number, offset, log_time = unpack(ARGV, 1, 6)
local fired_at, fired_who, restoring_until = unpack(ARGV, 7, 9)
local customers, sizes, times = unpack(cmsgpack.unpack(ARGV[10]))
local bytes, published, entry = unpack(ARGV, 11, 13)

local stands = redis.call('HMGET', meta, 'owner', 'epoch', 'number')
if stands[1] ~= owner or stands[2] ~= epoch or stands[3] ~= follows then
  return 0
end

-- The first write: where Redis may not write, it fails, and nothing is written at all.
redis.call('HSET', meta, 'number', number, 'offset', offset, 'log_time', log_time,
  'fired_at', fired_at, 'fired_who', fired_who, 'published', published,
  'restoring_until', restoring_until)

local kept, gone, awake, asleep = {}, {}, {}, {}
local nkept, ngone, nawake, nasleep, first = 0, 0, 0, 0, 1
for i, customer in ipairs(customers) do
  local size, time = sizes[i], times[i]
  if size then
    kept[nkept + 1], kept[nkept + 2] = customer, string.sub(bytes, first, first + size - 1)
    nkept, first = nkept + 2, first + size
  else
    ngone = ngone + 1
    gone[ngone] = customer
  end
  if time then
    awake[nawake + 1], awake[nawake + 2] = time, customer
    nawake = nawake + 2
  else
    nasleep = nasleep + 1
    asleep[nasleep] = customer
  end
end

-- Lua's stack takes fewer than 8,000 words at once.
local function write(command, key, words, n)
  for i = 1, n, 1000 do
    redis.call(command, key, unpack(words, i, math.min(i + 999, n)))
  end
end
write('HSET', profiles, kept, nkept)
write('HDEL', profiles, gone, ngone)
write('ZADD', wakes, awake, nawake)
write('ZREM', wakes, asleep, nasleep)

for i = 14, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', layouts, ARGV[i])
  else
    redis.call('HSET', layouts, ARGV[i], ARGV[i + 1])
  end
end
for _, waiting in ipairs(redis.call('HKEYS', outbox)) do
  if tonumber(waiting) <= tonumber(published) then
    redis.call('HDEL', outbox, waiting)
  end
end
if entry ~= '' then
  redis.call('HSET', outbox, number, entry)
end
return 1
""")
"""Writes a checkpoint and returns 1, or writes nothing and returns 0 if it is fenced.

Given: owner, epoch, follows, number, offset, log_time, fired_at, fired_who, restoring_until (and
'' for none); three lists of one length as MessagePack: customers, the size of each profile (nil
where it is gone) and each wake (nil where there is none); all profiles one after the other;
published; the entry ('' for none); then layouts in pairs (id, layout or '' to forget it).

Thousands of customers come as a few long words, because packing a word costs the worker more than
all that is done here with a customer.
"""
