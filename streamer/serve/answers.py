"""The JSON of each answer, made from the view and the catalogue.

Every answer says `as_of`: the event time that each partition has reached. An answer is of one
thread's reader; several threads may make answers beside each other, each with a reader of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low
from typing import Any, Final, TypeAlias

import orjson

from streamer.adapters.profiles import FoundProfile, Profiles
from streamer.adapters.view.reading import Flow, ViewReader, Where
from streamer.adapters.view.tables import HOURS, MINUTES
from streamer.adapters.view.writing import KEPT_MINUTES
from streamer.analysis.explain import explain_profile
from streamer.analysis.explanation import Branch, SegmentView
from streamer.app.hints import hint
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.identity import user_of
from streamer.instants import iso
from streamer.serve.catalogue import Catalogue, Entry
from streamer.serve.follower import Status
from streamer.serve.problems import Problem
from streamer.serve.questions import cursor, read_cursor
from streamer.types import FOREVER, HOUR, MINUTE, Millis, SegmentChange

MOST_BUCKETS: Final = 2_000
STRANGERS: Final = "not in the rules"
"""The kind of memberships that workers publish and the rule files do not have."""
_DELAYS_OF: Final = 200
_NEAR: Final = 5
"""So many near misses are told, those with the fewest missing conditions."""

Json: TypeAlias = dict[str, Any]
Sums: TypeAlias = Mapping[str, tuple[int, int]]
"""How many customers entered and exited each membership."""


class Answers:
    """What can be asked. `status` is that of the view at the time of the question."""

    def __init__(
        self,
        reader: ViewReader,
        catalogue: Catalogue,
        status: Status,
        profiles: Profiles | None,
        now: Millis,
    ) -> None:
        self._reader = reader
        self._catalogue = catalogue
        self._status = status
        self._profiles = profiles
        self._now = now

    def of(self, facts: Json) -> Json:
        """Return an answer with how far it reaches."""
        return {"as_of": as_of(self._status), "state": state(self._status, self._catalogue)} | facts

    # What there is.

    def segments(self) -> Json:
        """Every membership with its size, and what came and went in the last day."""
        sizes = self._reader.sizes()
        flows = self._day()
        known = [self._listed(one, sizes, flows) for one in self._catalogue.entries]
        mine = {name for one in self._catalogue.entries for name in one.memberships}
        strange = [name for name in sorted(sizes) if name not in mine and sizes[name]]
        listed = known + [_stranger(name, sizes, flows) for name in strange]
        return self.of(
            {"customers": self._reader.customers(), "since": iso(self._today()), "segments": listed}
        )

    def segment(self, name: str) -> Json:
        """One segment or ladder: what it is for, its rule, its sizes, how long customers stay."""
        entry = self.entry(name)
        sizes = self._reader.sizes()
        flows = self._day()
        stays = {}
        for one in entry.memberships:
            found = self._reader.stays(one)
            stays[one] = {"median_ms": median_low(found) if found else None, "of": len(found)}
        return self.of(
            {**self._listed(entry, sizes, flows), **entry.details(), "stays": stays}
            | {"tiers": _tiers(entry.memberships, sizes, flows)}
        )

    def members(self, name: str, after: str | None, limit: int) -> Json:
        """One page of the members of a membership, by id."""
        membership = self.membership(name)
        found = self._reader.members(membership, read_cursor(after, membership), limit + 1)
        page = found[:limit]
        following = cursor(membership, page[-1][0]) if len(found) > limit else None
        return self.of(
            {
                "segment": membership,
                "size": self._reader.sizes().get(membership, 0),
                "members": [{"customer_id": who, "since": iso(since)} for who, since in page],
                "next": following,
            }
        )

    def overlaps(self, name: str) -> Json:
        """How many members of a membership each other membership has, the largest first."""
        membership = self.membership(name)
        size = self._reader.sizes().get(membership, 0)
        found = self._reader.overlaps(membership)
        ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        return self.of(
            {
                "segment": membership,
                "size": size,
                "overlaps": [
                    {"segment": other, "customers": count, "share": round(count / size, 4)}
                    for other, count in ordered
                ],
            }
        )

    def sizes(
        self,
        names: Sequence[str],
        span: tuple[Millis | None, Millis | None],
        bucket: Millis,
        buckets: int,
    ) -> Json:
        """Sizes over time, and what came and went, by bucket; of all memberships for no name.

        `span` is from when to when; without, so many `buckets` up to the event time reached.
        """
        since, until = span
        asked = [one for name in names for one in self.memberships(name)]
        now = self._event_time()
        end = -(-((now + 1) if until is None else until) // bucket) * bucket
        begin = (end - buckets * bucket if since is None else since) // bucket * bucket
        count = (end - begin) // bucket
        if not 0 < count <= MOST_BUCKETS:
            message = f"from, to and bucket must make 1 to {MOST_BUCKETS:,} buckets; they make"
            raise Problem("bad-request", f"{message} {max(0, count):,}")
        table = HOURS if bucket % HOUR == 0 else MINUTES
        if table == MINUTES and begin < now - KEPT_MINUTES:
            kept = iso((now - KEPT_MINUTES) // MINUTE * MINUTE)
            message = f"minutes are kept for two days, since {kept}: ask for a bucket of 1h or more"
            raise Problem("bad-request", message)
        only = asked[0] if len(asked) == 1 else None
        flows = self._reader.flows(table, begin, FOREVER, only)
        sizes = self._reader.sizes()
        shown = asked or sorted(self._known() | sizes.keys())
        series = _series(shown, sizes, flows, (begin, end, bucket))
        began = self._reader.began()
        return self.of(
            {
                "from": iso(begin),
                "to": iso(end),
                "bucket_ms": bucket,
                "counted_since": None if began is None else iso(began),
                "at": [iso(begin + number * bucket) for number in range(count)],
                "series": series,
            }
        )

    # One customer.

    def customer(self, customer: str) -> Json:
        """Where a customer stands. Without a change and without a profile nobody is known."""
        where = self._reader.where(customer)
        if where is None and self._found(customer, None) is None:
            raise _unknown()
        inside = () if where is None else where.memberships
        return self.of(
            {
                "customer_id": customer,
                "born": None if where is None else iso(where.born),
                "sequence": 0 if where is None else where.sequence,
                "segments": [
                    {"segment": name, "since": iso(since), **self._titled(name)}
                    for name, since in inside
                ],
            }
        )

    def why(self, customer: str, name: str) -> Json:
        """Why a customer is in a segment, or why not, by the stored profile."""
        entry = self.entry(name)
        if entry.compiled is None:
            message = f"{entry.key} is switched off: nobody is decided by it"
            raise Problem("no-explanation", message)
        since, at, (view,) = self._explained(customer, entry.key)
        return self.of(
            {
                "customer_id": customer,
                "at": iso(at),
                **self._placed(view, since),
                "tiers": [
                    {
                        "tier": one.tier,
                        "condition": None if one.condition is None else _condition(one.condition),
                    }
                    for one in view.tiers
                ],
            }
        )

    def outlook(self, customer: str) -> Json:
        """What comes next if nothing happens, why a customer is where they are, near misses."""
        since, at, views = self._explained(customer, None)
        placed = [self._placed(one, since) for one in views]
        coming = sorted(
            (one for one in placed if one["next"] is not None), key=lambda one: one["next"]["at"]
        )
        near = sorted(
            (one for one in placed if one["membership"] is None and one["missing"]),
            key=lambda one: (len(one["missing"]), one["segment"]),
        )
        return self.of(
            {
                "customer_id": customer,
                "at": iso(at),
                "coming": coming,
                "inside": [one for one in placed if one["membership"] is not None],
                "near": near[:_NEAR],
            }
        )

    def story(self, customer: str, limit: int) -> Json:
        """The latest changes of a customer, the latest first."""
        found = self._reader.story(customer, limit)
        return self.of(
            {"customer_id": customer, "changes": [orjson.Fragment(one) for one in found]}
        )

    def _found(self, customer: str, where: Where | None) -> FoundProfile | None:
        if self._profiles is None:
            return None
        return self._profiles.find(customer, None if where is None else where.partition)

    def _explained(
        self, customer: str, segment: str | None
    ) -> tuple[dict[str, Millis], Millis, tuple[SegmentView, ...]]:
        """Return since when a customer is where, and the explanation by the profile with its time.

        Raises `Problem` where there is no profile.
        """
        if self._profiles is None:
            message = "this server has no store to ask: start it with --redis"
            raise Problem("no-explanation", message)
        where = self._reader.where(customer)
        found = self._found(customer, where)
        if found is None:
            raise _unknown()
        rules = self._catalogue.rules
        profile = ProfileCodec(rules, found.layouts).decode(customer, found.profile)
        user = user_of(profile)
        if user is not None:
            raise Problem("no-explanation", f"the events of this id are those of {user}")
        reached = [found.fired_at, profile.clock]
        if self._profiles.live:
            reached.append(self._now - rules.lateness)
        elif found.log_time is not None:
            reached.append(found.log_time - rules.lateness)
        views = explain_profile(rules, profile, max(reached), segment=segment)
        if not views:
            raise _unknown()
        return dict(() if where is None else where.memberships), max(reached), views

    def _placed(self, view: SegmentView, since: Mapping[str, Millis]) -> Json:
        """Return a customer's place in a segment: in or out, what is missing, what comes next."""
        inside = view.membership
        missing = () if inside is not None else _fewest(view)
        return {
            "segment": view.key,
            "title": view.title,
            "membership": inside,
            "since": iso(since[inside]) if inside is not None and inside in since else None,
            "missing": [_condition(one) for one in missing],
            "next": None if view.next is None else _coming(view.next.change),
        }

    # What happens.

    def changes(self, names: Sequence[str], direction: str | None, limit: int) -> Json:
        """The latest changes, the latest first."""
        asked = [one for name in names for one in self.memberships(name)]
        found = self._reader.latest(asked, direction, limit)
        return self.of({"changes": [orjson.Fragment(one.line) for one in found]})

    def rejected(self) -> Json:
        """What was rejected, by reason, with an example each."""
        groups = self._reader.rejected()
        return self.of(
            {
                "total": sum(one.times for one in groups),
                "last_hour": self._reader.rejected_since(self._now - HOUR),
                "groups": [
                    {
                        "kind": one.kind,
                        "reason": one.reason,
                        "path": one.path,
                        "times": one.times,
                        "last": None if one.at is None else iso(one.at),
                        "example": one.example,
                    }
                    for one in groups
                ],
            }
        )

    def rules(self) -> Json:
        """The rules in the files beside those that decided last, by partition."""
        files = self._catalogue.rules.version
        running = {one.partition: one.rules for one in self._status.reached.values()}
        known = self._known()
        sizes = self._reader.sizes()
        return self.of(
            {
                "files": files,
                "running": {str(number): version for number, version in sorted(running.items())},
                "pending": any(version != files for version in running.values()),
                "only_running": sorted(
                    name for name, size in sizes.items() if size and name not in known
                ),
                "segments": [one.details() for one in self._catalogue.entries],
            }
        )

    def health(self) -> Json:
        """How it is, in one sentence, and the figures that the sentence rests on."""
        status = self._status
        delays = self._reader.delays(_DELAYS_OF) if status.ready else []
        delay = median_low(delays) if delays else None
        rejected = self._reader.rejected_since(self._now - HOUR)
        return self.of(
            {
                "healthy": status.ready and status.failure is None,
                "sentence": _sentence(status, delay, rejected),
                "failure": status.failure,
                "progress": _progress(status),
                "delay_ms": delay,
                "delay_of": len(delays),
                "rejected_last_hour": rejected,
                "unreadable": status.unreadable,
                "customers": self._reader.customers(),
            }
        )

    # Names.

    def entry(self, name: str) -> Entry:
        """Return the segment or ladder of a name, or of one of its memberships."""
        found = self._catalogue.by_name.get(name)
        if found is None:
            near = hint(name[:64], self._catalogue.by_name)
            raise Problem("unknown-segment", f"no segment {name[:64]} in the rules: {near}")
        return found

    def membership(self, name: str) -> str:
        """Return the name of a membership: that of a ladder is none, since it has several."""
        known = self._known() | self._reader.sizes().keys()
        if name in known:
            return name
        entry = self.entry(name)
        tiers = ", ".join(entry.memberships)
        raise Problem("bad-request", f"{entry.key} is a ladder: ask for one of its tiers, {tiers}")

    def memberships(self, name: str) -> tuple[str, ...]:
        """Return the memberships of a name: those of every tier for that of a ladder."""
        entry = self._catalogue.by_name.get(name)
        if entry is not None and entry.key == name:
            return entry.memberships
        return (self.membership(name),)

    def _known(self) -> set[str]:
        return {name for one in self._catalogue.entries for name in one.memberships}

    def _titled(self, membership: str) -> Json:
        entry = self._catalogue.by_name.get(membership)
        return {"title": membership if entry is None else entry.title}

    def _listed(self, entry: Entry, sizes: Mapping[str, int], flows: Sums) -> Json:
        return {**entry.facts(), **_totals(entry.memberships, sizes, flows)} | {
            "tiers": _tiers(entry.memberships, sizes, flows)
        }

    def _today(self) -> Millis:
        """Return the begin of the last 24 hours of event time, the present one among them."""
        return max(0, self._event_time() // HOUR * HOUR - 23 * HOUR)

    def _day(self) -> Sums:
        """Return who entered and exited in the last 24 hours."""
        return _summed(self._reader.flows(HOURS, self._today(), FOREVER, None))

    def _event_time(self) -> Millis:
        return self._status.event_time or 0


def as_of(status: Status) -> Json:
    """Return the event time that each partition has reached."""
    return {str(number): iso(one.at) for number, one in sorted(status.reached.items())}


def state(status: Status, catalogue: Catalogue) -> str:
    """Return `current`, `rebuilding`, or `migrating` while other rules decide than the files say.

    A partition says which rules decided its last change.
    """
    if not status.ready:
        return "rebuilding"
    versions = {one.rules for one in status.reached.values()}
    return "current" if versions <= {catalogue.rules.version} else "migrating"


def _unknown() -> Problem:
    return Problem(
        "unknown-customer",
        "nothing is known of this customer: the id is mistyped, the customer was in no segment so "
        "far, or the profile is gone",
    )


def _fewest(view: SegmentView) -> Sequence[Branch]:
    """Return the conditions that keep a customer out of the tier that is nearest."""
    blockers = [list(one.condition.blockers()) for one in view.tiers if one.condition is not None]
    return min(blockers, key=len, default=[])


def _coming(change: SegmentChange) -> Json:
    return {
        "segment": change.segment,
        "direction": change.direction,
        "at": iso(change.at),
        "from": change.origin,
        "to": change.target,
    }


def _condition(one: Branch) -> Json:
    return {
        "text": one.text,
        "detail": one.detail,
        "missing": one.missing,
        "holds": one.truth.holds,
        "until": None if one.flips is None else iso(one.flips),
        "conditions": [_condition(each) for each in one.conditions],
    }


def _summed(flows: Iterable[Flow]) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for one in flows:
        entered, exited = sums.get(one.segment, (0, 0))
        sums[one.segment] = entered + one.entered, exited + one.exited
    return sums


def _totals(names: Iterable[str], sizes: Mapping[str, int], flows: Sums) -> Json:
    found = [(sizes.get(name, 0), *flows.get(name, (0, 0))) for name in names]
    return {
        "size": sum(size for size, _, _ in found),
        "entered": sum(entered for _, entered, _ in found),
        "exited": sum(exited for _, _, exited in found),
    }


def _tiers(names: Sequence[str], sizes: Mapping[str, int], flows: Sums) -> list[Json]:
    if len(names) == 1 and "." not in names[0]:
        return []
    return [{"segment": name, **_totals([name], sizes, flows)} for name in names]


def _stranger(name: str, sizes: Mapping[str, int], flows: Sums) -> Json:
    return {
        "segment": name,
        "kind": STRANGERS,
        "title": name,
        "purpose": "Workers publish it; the rule files that this page reads do not have it.",
        "owner": None,
        "tags": [],
        "enabled": True,
        "ladder": False,
        "memberships": [name],
        **_totals([name], sizes, flows),
        "tiers": [],
    }


def _series(
    names: Sequence[str],
    sizes: Mapping[str, int],
    flows: Iterable[Flow],
    span: tuple[Millis, Millis, Millis],
) -> list[Json]:
    """Return what came and went by bucket; sizes are those of now, less what came since."""
    begin, end, bucket = span
    count = (end - begin) // bucket
    moves: defaultdict[str, list[list[int]]] = defaultdict(
        lambda: [[0] * (count + 1), [0] * (count + 1)]
    )
    for one in flows:
        number = min((one.bucket - begin) // bucket, count)
        entered, exited = moves[one.segment]
        entered[number] += one.entered
        exited[number] += one.exited
    return [_one_series(name, sizes.get(name, 0), *moves[name]) for name in names]


def _one_series(name: str, size: int, entered: list[int], exited: list[int]) -> Json:
    """Return one series; the last number of both lists is what came after the last bucket."""
    sizes = []
    for number in reversed(range(1, len(entered))):
        size -= entered[number] - exited[number]
        sizes.append(size)
    sizes.reverse()
    return {
        "segment": name,
        "size": sizes,
        "entered": entered[:-1],
        "exited": exited[:-1],
        "net": [one - other for one, other in zip(entered[:-1], exited[:-1], strict=True)],
    }


def _progress(status: Status) -> Json:
    read, total, _ = status.progress
    return {"read": read, "total": total, "share": round(read / total, 4) if total else None}


def _sentence(status: Status, delay: Millis | None, rejected: int) -> str:
    if not status.ready:
        told = f": {status.failure}" if status.failure else ""
        read, total, _ = status.progress
        return f"Rebuilding: {read:,} of {total:,} records are read{told}."
    if status.failure is not None:
        return f"Not up to date: {status.failure}. What is shown is what was read before."
    if status.event_time is None:
        return "Up to date, and nobody has entered a segment yet."
    late = "" if delay is None else f": changes are published {_lasting(delay)} after their event"
    many = "nothing" if not rejected else f"{rejected:,} record{'' if rejected == 1 else 's'}"
    return f"Up to date{late}; {many} rejected in the last hour."


def _lasting(delay: Millis) -> str:
    return f"{delay:,} ms" if delay < 10_000 else f"{delay // 1_000:,} s"  # noqa: PLR2004
