"""The naive oracle: an independent judge of what a rule set says about a history.

It imports nothing of the product. It keeps every accepted event of a customer for ever, evaluates
every rule from scratch by its plain meaning, and does so at every instant at which anything could
possibly differ. It is slow and meant to be read beside the "Exact meaning" of the rule language:
each function names the sentence that it follows.

    values        what a property's value is, what a comparison and a `where` say of it (8 to 10)
    numbers       decimals in aggregates (14)
    reading       which lines are events, and when they happened (1, 2)
    rules         documents as units in the order in which they speak (22), durations, settings
    customer      what is remembered about a customer: everything
    leaves        one function per leaf: is it true of this customer now? (5 to 17, 19)
    identity      whose an event is, and which ids are linked (24)
    membership    truth becomes membership, membership becomes changes (18 to 22)
    partitions    several logs that tell each other who is one person (24)
    run           time: log time, acceptance, the clock, retention, the end of the file (2 to 4, 21)
"""

from tests.oracle.run import OracleResult, oracle_run

__all__ = ["OracleResult", "oracle_run"]
