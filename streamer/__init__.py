"""Customer segments from storefront events, exact at the millisecond of event time.

A module imports only from floors below its own; ``tests/test_floors.py`` enforces it.

    10 cli, client         the command line, and the publisher for a storefront's backend
    8  analysis            explain, report, diff, effect, fit, privacy
       webhooks, react     changes as HTTP requests, changes as calls of functions
    7  app                 composition: builds rules, adapters and worker into what a command runs
    6  worker              the partition tasks: poll, decide, commit, publish
    5  adapters            one per outside thing: memory, SQLite, files, Kafka; they know no rules
    4  mapping             what other shop systems send, as events
    3  language, ports     YAML to rules; what the worker asks of a log, a store and a sink
    2  codecs, simulation  bytes to events, changes to bytes; shoppers that do not exist
    1  core                conditions, state, profiles, deciding: no I/O and no clock
    0  types, instants,    the values that all floors share, instants as text, and the error tree
       errors
"""

__version__ = "0.1.0"
