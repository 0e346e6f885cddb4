"""After a change of rules everybody is where the new rules say, for random rules and histories.

The old rules ask the same as the new ones and conclude the opposite: so both remember the same, and
the oracle, which remembers everything, can be asked what holds under the new ones.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from streamer.adapters.memory import MemoryLog, MemorySink, MemoryStore
from streamer.codecs.events import decode
from streamer.core.engine.program import RuleSet
from streamer.types import DAY, Millis
from streamer.worker import Batching, LogRunner, PartitionTask
from tests.engine import compiled
from tests.oracle import oracle_run
from tests.strategies import documents_to_yaml, histories, rule_documents
from tests.strategies.conditions import Draw
from tests.strategies.histories import time_of
from tests.strategies.words import Node

PATH_DEPENDENT = ("sequence", "for", "min_dwell", "cooldown", "left_segment")
"""What these say depends on more than the history: on the clock, or on what was said before."""


def asks(part: Any, words: Sequence[str]) -> bool:  # noqa: ANN401  a parsed document
    """Say whether one of these keys stands anywhere in the documents."""
    if isinstance(part, list):
        return any(asks(one, words) for one in part)
    if isinstance(part, dict):
        return any(key in words or asks(value, words) for key, value in part.items())
    return False


def opposite(document: Node) -> Node:
    """A document that asks the same and concludes the opposite."""
    if "segment" in document:
        return {**document, "when": {"none": [document["when"]]}}
    if "ladder" in document:
        first, *others = document["tiers"]
        turned = [
            {key: when if when == "otherwise" else {"none": [when]}} for key, when in first.items()
        ]
        return {**document, "tiers": [*turned, *others]}
    return document


@st.composite
def changes_of_rules(draw: Draw) -> tuple[list[Node], list[Node], list[bytes]]:
    """The documents before and after, and the lines of an events file."""
    after = draw(rule_documents().filter(lambda documents: not asks(documents, PATH_DEPENDENT)))
    before = [opposite(one) if draw(st.booleans()) else one for one in after]
    return before, after, draw(histories(after))


def work(
    rules: RuleSet, log: MemoryLog, ends: tuple[MemoryStore, MemorySink], until: Millis
) -> LogRunner:
    """Let a task do all that is in the log, and decide everybody under its rules."""
    task = PartitionTask(rules, *ends, decode, horizon=until)
    runner = LogRunner(task, log, ends[1], Batching().batch)
    runner.start()
    while task.needs_migration:
        runner.migrate(2)
    while runner.step():
        pass
    return runner


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(changes_of_rules(), st.integers(0, 20), st.sampled_from([0, 1, DAY, 3 * DAY]))
def test_everybody_is_where_the_new_rules_say(
    change: tuple[list[Node], list[Node], list[bytes]], split: int, silence: Millis
) -> None:
    before, after, lines = change
    until = (
        max((time for line in lines if (time := time_of(line)) is not None), default=0) + silence
    )
    judged = oracle_run(after, lines, until)
    log, sink = MemoryLog(), MemorySink()
    ends = MemoryStore(), sink
    for line in lines[:split]:
        log.append(line)
    work(compiled(documents_to_yaml(before)), log, ends, until)
    for line in lines[split:]:
        log.append(line)
    work(compiled(documents_to_yaml(after)), log, ends, until).fire_due(until)
    # The old rules may have moved a clock to where another event is too late for it.
    assume([(one.record.offset + 1, one.kind) for one in sink.rejections] == judged.rejected)
    standing = {
        customer: sorted(segment for segment, _ in each.segments or ())
        for customer, each in sink.memberships.items()
    }
    for customer, memberships in judged.members.items():
        assert standing.pop(customer, []) == memberships
    assert not any(standing.values())
