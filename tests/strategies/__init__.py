"""Random rule sets, and random histories that rub against their edges.

    words         the few names, values and durations that a rule set and its history share
    conditions    every leaf with every scope and comparison, nested
    documents     segments, ladders, headers; valid by the rule language; as YAML
    moves         the bodies of events, odd ones too, and lines that are no events
    histories     lines of an events file whose times meet the windows of the rules, or just miss

Everything is small and comes again and again, so that rules hit, ties happen and windows close at
the instant of an event.
"""

from tests.strategies.documents import documents_to_yaml, rule_documents
from tests.strategies.histories import Until, histories, untils

__all__ = ["Until", "documents_to_yaml", "histories", "rule_documents", "untils"]
