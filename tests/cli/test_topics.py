"""`streamer topics create` on the command line."""

from streamer.adapters.kafka import Connection, Topics, check_topics
from tests.adapters.kafka.topics import create_topic, fresh_topics
from tests.cli.shop import run
from tests.servers import KafkaServer


def words(kafka: KafkaServer, topics: Topics) -> list[str]:
    return [
        f"--kafka={kafka.address}",
        f"--events-topic={topics.events}",
        f"--changes-topic={topics.changes}",
        f"--memberships-topic={topics.memberships}",
        f"--rejected-topic={topics.rejected}",
        f"--audit-topic={topics.audit}",
    ]


def test_it_makes_the_topics_and_can_be_run_again(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    for state in ("created", "right"):
        done = run("topics", "create", "--partitions", "2", *words(kafka, topics))
        assert (done.exit_code, done.stderr) == (0, "")
        *lines, gone = done.stdout.splitlines()
        assert [line.split()[0] for line in lines] == [state] * 5
        assert "due for compaction after 6 hours" in gone
    assert check_topics(Connection(kafka.address), topics).partitions == 2


def test_what_is_wrong_is_a_finding_until_it_is_mended(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    create_topic(kafka.address, topics.events)
    done = run("topics", "create", *words(kafka, topics))
    assert done.exit_code == 1
    assert done.stdout.startswith(f"wrong    {topics.events}")
    assert run("topics", "create", "--apply", *words(kafka, topics)).exit_code == 0
    assert run("topics", "create", *words(kafka, topics)).exit_code == 0


def test_another_number_of_partitions_is_wrong_usage(kafka: KafkaServer) -> None:
    topics = fresh_topics()
    create_topic(kafka.address, topics.events)
    done = run("topics", "create", "--partitions", "2", *words(kafka, topics))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: the topic {topics.events} has 1 partition")
