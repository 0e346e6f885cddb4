"""`streamer status`: whether what a person has asked for is carried out."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal

import click
import orjson

from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.redis.profiles import RedisProfiles
from streamer.app.carried_out import OrdersStatus
from streamer.app.carried_out import status as look
from streamer.app.orders import Given, note
from streamer.cli.failures import FINDINGS
from streamer.cli.options import examples, format_option
from streamer.cli.orders import about_a_customer, asking_about
from streamer.cli.servers import (
    control_key_option,
    group_option,
    kafka_options,
    redis_option,
    topic_options,
)
from streamer.cli.wording import counted
from streamer.codecs.controls import ControlKey
from streamer.instants import iso


@click.command(
    epilog=examples("""
streamer status u-8 --reason "request 17, asked for by mail" --control-key-file control.key
streamer status u-8 --reason "request 17" --control-key-file control.key --format json
""")
)
@about_a_customer
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(0),
    default=15.0,
    show_default=True,
    help="How long to wait for what is not carried out yet.",
)
@format_option("How it is written.")
@kafka_options
@topic_options("events", "audit", "rejected")
@control_key_option
@group_option
@redis_option
def status(
    customer: str,
    reason: str,
    wait: float,
    form: Literal["text", "json"],
    connection: Connection,
    topics: Topics,
    control_key: ControlKey | None,
    group: str,
    redis: str,
) -> None:
    """Say whether what was asked for CUSTOMER is carried out, in which partitions, by where.

    Each order to erase, suppress, release or unlink this id, as the audit topic has it: where it
    stands in the topic of events, and how far the workers have read each partition. It is done once
    they have read it and all that it led to for other ids of the person, and have not refused it:
    the topic of rejected records says why. That the question was asked goes into the audit topic,
    too. The exit status is 1 if something is not done.
    """
    asking = asking_about(customer, reason, connection, topics, control_key)
    note(asking, "status")
    with closing(RedisProfiles(redis, group)) as profiles:
        found = look(asking, profiles.marks(), wait)
    if form == "json":
        click.echo(orjson.dumps(_facts(found), option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(_text(found)))
    if not found.done:
        raise click.exceptions.Exit(FINDINGS)


def _text(found: OrdersStatus) -> Iterator[str]:
    if found.erased_until is not None:
        yield f"erased: nothing that is dated up to {iso(found.erased_until)} is taken"
    if found.suppressed:
        yield "suppressed: no event of this id is taken"
    if not found.orders:
        yield "nothing was asked for this id itself"
        return
    for one in found.orders:
        yield f"{one.action} of {iso(one.at)} ({one.reason}): {_place(one)}"
    for place in found.places:
        erased = sum(place.erased.values())
        ids = f", {counted(erased, 'id')} erased" if erased else ""
        yield f"  partition {place.partition}: read up to offset {place.read_to}{ids}"
    if found.done:
        yield "done"
    elif found.refused:
        yield "NOT DONE: workers refused it; they need the control key that it is signed with"
    else:
        yield "NOT DONE: the workers have not read all that it led to"


def _place(one: Given) -> str:
    if one.offset is None:
        return "nobody knows whether it was given: give it again, which does no harm"
    place = f"stands at offset {one.offset} of partition {one.partition}"
    return place if one.refused is None else f"{place}, and was refused: {one.refused}"


def _facts(found: OrdersStatus) -> dict[str, Any]:
    return {
        "done": found.done,
        "erased_until": None if found.erased_until is None else iso(found.erased_until),
        "suppressed": found.suppressed,
        "orders": [
            {
                "action": one.action,
                "at": iso(one.at),
                "reason": one.reason,
                "partition": one.partition,
                "offset": one.offset,
                "refused": one.refused,
            }
            for one in found.orders
        ],
        "partitions": [
            {
                "partition": place.partition,
                "read_to": place.read_to,
                "erased_ids": sum(place.erased.values()),
            }
            for place in found.places
        ],
    }
