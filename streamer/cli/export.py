"""`streamer export`: everything that is known of a customer."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import orjson

from streamer.adapters.clock import wall_time
from streamer.adapters.kafka import Connection, Topics
from streamer.adapters.profiles import Profiles
from streamer.adapters.redis.profiles import RedisProfiles
from streamer.adapters.view.embedded import EmbeddedProfiles
from streamer.analysis.known import known
from streamer.app.held import held
from streamer.app.inputs import Rules, load_rules
from streamer.app.orders import note
from streamer.cli.failures import say
from streamer.cli.options import examples, rules_option
from streamer.cli.orders import about_a_customer, asking_about
from streamer.cli.servers import (
    control_key_option,
    group_option,
    kafka_options,
    redis_option,
    topic_options,
)
from streamer.codecs.controls import ControlKey
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.identity import user_of
from streamer.core.profile import Profile
from streamer.errors import UsageError
from streamer.instants import iso


@click.command(
    epilog=examples("""
streamer export u-7 --reason "request 21" --control-key-file control.key > u-7.json
streamer export u-7 --reason "request 21" --control-key-file control.key --profile-only
streamer export u-7 --reason "a look at the demo" --sqlite shop.db
""")
)
@about_a_customer
@click.option("--profile-only", is_flag=True, help="Leave out what the topics hold.")
@click.option(
    "--sqlite",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The SQLite file of `streamer demo --file`, instead of Kafka and Redis. It has no audit.",
)
@rules_option
@kafka_options
@topic_options("events", "changes", "memberships", "rejected", "audit")
@control_key_option
@group_option
@redis_option
def export(
    customer: str,
    reason: str,
    profile_only: bool,
    sqlite: Path | None,
    rules: tuple[str, ...],
    connection: Connection,
    topics: Topics,
    control_key: ControlKey | None,
    group: str,
    redis: str,
) -> None:
    """Write everything that is known of CUSTOMER as JSON, with purposes, sources and how long.

    What the profile holds: segments, and each datum with the rules that need it, why, the events it
    comes from and how long it counts. All ids that have joined are named, and for one of them its
    user is exported. Then what each topic still holds of all these ids. That it was asked for goes
    into the audit topic.
    """
    loaded = load_rules(rules)
    if sqlite is not None:
        found = _profile(EmbeddedProfiles(sqlite), loaded, customer)
        document = _document(loaded, customer, found)
    else:
        asking = asking_about(customer, reason, connection, topics, control_key)
        note(asking, "export")
        with closing(RedisProfiles(redis, group)) as profiles:
            found = _profile(profiles, loaded, customer)
        document = _document(loaded, customer, found)
        if not profile_only:
            document["topics"] = list(held(connection, topics, {customer, *_ids(found)}))
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
    if found is None and not any(one["records"] for one in document.get("topics", ())):
        say("nothing is known of this customer: the id is mistyped, or everything is gone")


def _profile(profiles: Profiles, rules: Rules, customer: str) -> Profile | None:
    """Return a customer's profile, that of the user where the id has joined one."""
    for _ in range(2):
        found = profiles.find(customer, None)
        if found is None:
            return None
        profile = ProfileCodec(rules.compiled, found.layouts).decode(customer, found.profile)
        user = user_of(profile)
        if user is None:
            return profile
        customer = user
    raise UsageError(f"the id {customer} stands for another id, and that for another one")


def _ids(profile: Profile | None) -> Iterator[str]:
    if profile is not None:
        yield profile.customer
        if profile.links is not None:
            yield from profile.links.linked


def _document(rules: Rules, customer: str, profile: Profile | None) -> dict[str, Any]:
    now = wall_time()
    document: dict[str, Any] = {"asked_for": customer, "exported_at": iso(now)}
    if profile is not None:
        document["customer_id"] = profile.customer
        document["profile"] = known(rules, profile, max(now, profile.clock))
    return document
