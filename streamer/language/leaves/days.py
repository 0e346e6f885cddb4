"""Leaves of days of the year, and of dates in traits."""

from typing import Final

from streamer.language import builders, kinds, names
from streamer.language.fields import Field, Group
from streamer.language.leaves.leaf import LeafKind

_SEASON_PARTS: Final = Group(
    "season",
    (
        Field("from", kinds.SEASON_DAY, "The first day.", required=True),
        Field(
            "to",
            kinds.SEASON_DAY,
            "The last day; if it is before the first one, the season spans New Year.",
            required=True,
        ),
    ),
)
_SEASON: Final = LeafKind(
    "season",
    _SEASON_PARTS.kind("`{from: MM-DD, to: MM-DD}`"),
    "It is that time of the year, in the rule set's zone; both days are included. With a year on "
    "both days (`2026-11-24`) it comes once.",
    "{season: {from: 02-07, to: 02-14}}",
    builders.season,
    inner=_SEASON_PARTS,
)
_DAY_PARTS: Final = (
    Field("trait", names.TRAIT, "The trait with the date, as `YYYY-MM-DD`.", required=True),
    Field("before", kinds.DAYS, "So many days ahead of the day; none if not stated."),
    Field("after", kinds.DAYS, "So many days behind the day; none if not stated."),
)
_DATE_PARTS: Final = Group("date", _DAY_PARTS)
_DATE: Final = LeafKind(
    "date",
    _DATE_PARTS.kind("`{trait: NAME, before: 3d, after: 0d}`"),
    "The day comes, once, in its own year: whole days in the rule set's zone. False of a trait "
    "that is no `YYYY-MM-DD`.",
    "{date: {trait: trial_ends, before: 3d, after: 0d}}",
    builders.date,
    inner=_DATE_PARTS,
)
_ANNIVERSARY_PARTS: Final = Group("anniversary", _DAY_PARTS)
_ANNIVERSARY: Final = LeafKind(
    "anniversary",
    _ANNIVERSARY_PARTS.kind("`{trait: NAME, before: 7d, after: 0d}`"),
    "The day comes round: whole days in the rule set's zone. 29 February is on the 28th in other "
    "years. False of a trait that is no `YYYY-MM-DD`.",
    "{anniversary: {trait: birth_date, before: 7d, after: 0d}}",
    builders.anniversary,
    inner=_ANNIVERSARY_PARTS,
)
_AGE_PARTS: Final = Group(
    "age",
    (Field("trait", names.TRAIT, "The trait with the date, as `YYYY-MM-DD`.", required=True),),
    belongs={
        name: f"it goes beside age: {{age: {{trait: …}}, {name}: 18}}"
        for name in ("at_least", "below")
    },
)
_AGE: Final = LeafKind(
    "age",
    _AGE_PARTS.kind("`{trait: NAME}`"),
    "The whole years since that date, in the rule set's zone, are as stated; 29 February is on "
    "the 28th in other years. False of a trait that is no `YYYY-MM-DD`.",
    "{age: {trait: birth_date}, at_least: 18, below: 30}",
    builders.age,
    (),
    (
        Field("at_least", kinds.COUNT, "So many years or more."),
        Field("below", kinds.COUNT, "Fewer years than that."),
    ),
    needs=True,
    inner=_AGE_PARTS,
)

LEAVES: Final = (_SEASON, _DATE, _ANNIVERSARY, _AGE)
