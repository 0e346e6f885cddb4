"""Webhooks: segment changes as signed HTTP requests, each endpoint with a queue of its own.

settings     the file of endpoints: where to, what of, signed with which secrets
payload      what a request says, and its signatures (Standard Webhooks)
retries      when a failed change is tried again
breaker      when an endpoint gets a rest, and when it is switched off
lanes        the changes in hand: in order for a customer, beside each other otherwise
addresses    which addresses no request goes to
sending      one request and what came of it (aiohttp)
deliveries   the last deliveries and the metrics
context      what the endpoints of a process share
partitions   what an endpoint's member of the group reads, and how far it is safe
outgoing     its requests: which goes out now, and what an answer means
keeping      what has to wait, brought into a topic
endpoint     an endpoint at work: partitions, lanes and requests together
resend       changes of a window once more
process      all endpoints, until stopped

What waits to be tried again is kept in a compacted topic, so offsets go on, and a restart forgets
nothing. Apart from Kafka nothing is needed.
"""
