"""Customer segments from storefront events, exact at the millisecond of event time.

A module imports only from floors below its own; ``tests/test_floors.py`` enforces it.

    7  cli, client         the command line, and the publisher for a storefront's backend
    6  compose             the only place that sees everything and builds adapters
    5  worker              the loop: poll, decode, load, decide, commit, publish
    4  adapters            one per outside thing: memory, SQLite, files, Kafka; they know no rules
    3  ports               what the worker asks of a log, a store and a sink
    2  codecs              bytes to events, YAML to rules, changes and profiles to bytes
    1  core                conditions, windows, profiles, ``decide``: no I/O and no clock
    0  types, instants,    the values that all floors share, instants as text, and the error tree
       errors
"""

__version__ = "0.1.0"
