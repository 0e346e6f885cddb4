"""Who is in which segment: the list of all, one of them, its members, its overlaps."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low
from typing import Final, TypeAlias

from streamer.adapters.view.reading import BucketFlow
from streamer.adapters.view.tables import HOURS
from streamer.instants import iso
from streamer.serve.answers.context import Context, Json
from streamer.serve.catalogue import CatalogueEntry
from streamer.serve.questions import cursor, read_cursor
from streamer.types import FOREVER, HOUR, Millis

STRANGERS: Final = "not in the rules"
"""The kind of memberships that workers publish and the rule files do not have."""

Sums: TypeAlias = Mapping[str, tuple[int, int]]
"""How many customers entered and exited each membership."""


def every_segment(context: Context) -> Json:
    """Return every membership with its size, and what came and went in the last day."""
    sizes, flows = context.reader.sizes(), _day(context)
    known = [_listed(one, sizes, flows) for one in context.catalogue.entries]
    mine = context.catalogue.memberships
    strange = [name for name in sorted(sizes) if name not in mine and sizes[name]]
    return context.of(
        {
            "customers": context.reader.customers(),
            "since": iso(_today(context)),
            "segments": known + [_stranger(name, sizes, flows) for name in strange],
        }
    )


def one_segment(context: Context, name: str) -> Json:
    """Return one segment or ladder: what it is for, its rule, sizes, how long customers stay."""
    entry = context.entry(name)
    stays = {}
    for one in entry.memberships:
        found = context.reader.stays(one)
        stays[one] = {"median_ms": median_low(found) if found else None, "of": len(found)}
    listed = _listed(entry, context.reader.sizes(), _day(context))
    return context.of({**entry.details(), **listed, "stays": stays})


def members(context: Context, name: str, after: str | None, limit: int) -> Json:
    """Return one page of the members of a membership, by id."""
    membership = context.membership(name)
    found = context.reader.members(membership, read_cursor(after, membership), limit + 1)
    page = found[:limit]
    following = cursor(membership, page[-1][0]) if len(found) > limit else None
    return context.of(
        {
            "segment": membership,
            "size": context.reader.sizes().get(membership, 0),
            "members": [{"customer_id": who, "since": iso(since)} for who, since in page],
            "next": following,
        }
    )


def overlaps(context: Context, name: str) -> Json:
    """Return how many members of a membership each other one has, the largest first."""
    membership = context.membership(name)
    size = context.reader.sizes().get(membership, 0)
    found = context.reader.overlaps(membership)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return context.of(
        {
            "segment": membership,
            "size": size,
            "overlaps": [
                {"segment": other, "customers": count, "share": round(count / size, 4)}
                for other, count in ordered
            ],
        }
    )


def _today(context: Context) -> Millis:
    """Return the begin of the last 24 hours of event time, the present one among them."""
    return max(0, context.event_time // HOUR * HOUR - 23 * HOUR)


def _day(context: Context) -> Sums:
    """Return who entered and exited in the last 24 hours."""
    return _summed(context.reader.flows(HOURS, _today(context), FOREVER, None))


def _summed(flows: Iterable[BucketFlow]) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for one in flows:
        entered, exited = sums.get(one.segment, (0, 0))
        sums[one.segment] = entered + one.entered, exited + one.exited
    return sums


def _listed(entry: CatalogueEntry, sizes: Mapping[str, int], flows: Sums) -> Json:
    return {**entry.facts(), **_totals(entry.memberships, sizes, flows)} | {
        "tiers": [
            {"segment": name, **_totals([name], sizes, flows)}
            for name in (entry.memberships if entry.is_ladder else ())
        ]
    }


def _totals(names: Sequence[str], sizes: Mapping[str, int], flows: Sums) -> Json:
    found = [(sizes.get(name, 0), *flows.get(name, (0, 0))) for name in names]
    return {
        "size": sum(size for size, _, _ in found),
        "entered": sum(entered for _, entered, _ in found),
        "exited": sum(exited for _, _, exited in found),
    }


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
