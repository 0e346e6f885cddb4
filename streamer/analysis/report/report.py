"""What a report says, put together from what was read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from streamer.analysis.report.course import SizeHistory
from streamer.analysis.report.measures import (
    Overlap,
    mean_size,
    member_time,
    members_of,
    outside,
    overlaps,
    sizes,
    sums,
    volatility,
)
from streamer.analysis.report.models import AskedModel, models_asked
from streamer.analysis.report.rules import aloud, asked_by_rules
from streamer.analysis.report.shop import Sales
from streamer.app.books import Account
from streamer.app.intake import Intake
from streamer.core.engine.program import RuleSet
from streamer.core.engine.segment import CompiledSegment, CompiledTier
from streamer.core.wording import duration
from streamer.types import Millis, Unusable

Source: TypeAlias = Literal["events", "changes"]


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """One membership over the span of the report.

    `size` is the number of members at the end, `peak` the largest size at the end of a step,
    `mean_size` the size at an average instant; `customers` were inside at least once.
    `volatility` is (entered + exited) / `mean_size`. `median_stay` (ms) is of the stays that
    ended, `sampled` if of a sample of them. `unreachable` members are not in the membership that
    says who can be reached; None where there is no such. `entered_by_step`, `exited_by_step` and
    `size_by_step` (at the end of the step) have one number for each step of the report.

    `definition` reads the rule aloud, `held` names the settings that hold moves back: then sizes
    are those of published changes, and not those of the rule's truth. `ended` counts what ended the
    stays: events by name, or `time`; `ran_out` which conditions those by `time` are due to, by
    their words. `sales` (ten-thousandths) are all those of the members at the
    end; None where no order has an amount.
    """

    membership: str
    title: str
    purpose: str
    definition: str
    held: str
    ladder: str | None
    tier: str | None
    is_rest: bool
    size: int
    peak: int
    mean_size: float | None
    entered: int
    exited: int
    customers: int
    volatility: float | None
    median_stay: Millis | None
    sampled: bool
    ended: Mapping[str, int]
    ran_out: Mapping[str, int]
    sales: int | None
    unreachable: int | None
    entered_by_step: tuple[int, ...]
    exited_by_step: tuple[int, ...]
    size_by_step: tuple[int, ...]

    @property
    def full_title(self) -> str:
        """The title of the segment, or of the tier beside that of its ladder."""
        return self.title if self.tier is None else f"{self.title}: {self.tier.replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says. The span is from `begin` to `end`, None where nothing happened.

    `customers` are all who are known at the end; of changes alone: all who are named. `forgotten`
    customers were known and are no longer, None where the input does not say. `in_no_segment`
    customers are in no membership at the end, those `in_rest_only` in nothing but `otherwise`
    tiers. `steps` holds the first instant of each step. `unknown` counts the changes of
    memberships that the rules do not have; they are left out. `unusable` says of each property
    that rules read and could not in how many events that was. Overlaps are of the end, and name
    memberships by their place in `segments`; of two of which one asks for the other there is none,
    since their overlap says nothing. `sales` are those of all customers, `models` those that rules
    ask. `intake` is what became of
    the lines of events, None where changes were read.
    """

    source: Source
    ruleset: str
    rules: str
    begin: Millis | None
    end: Millis | None
    changes: int
    unknown: dict[str, int]
    unusable: dict[str, Unusable]
    customers: int
    forgotten: int | None
    in_no_segment: int
    in_rest_only: int
    reachable: str | None
    width: Millis
    steps: tuple[Millis, ...]
    segments: tuple[SegmentReport, ...]
    overlaps: tuple[Overlap, ...]
    sales: Sales | None
    models: tuple[AskedModel, ...]
    intake: Intake | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts of the input, beside the course; names as in `Report`."""

    source: Source
    begin: Millis | None
    end: Millis | None
    accounts: tuple[Account, ...]
    changes: int
    unknown: dict[str, int]
    unusable: dict[str, Unusable]
    customers: int
    forgotten: int | None
    ended: Mapping[str, Mapping[str, int]]
    ran_out: Mapping[str, Mapping[str, int]]
    intake: Intake | None = None
    sales: Sales | None = None


def memberships_of(rules: RuleSet) -> list[str]:
    """Return every membership of a rule set, in the order in which it decides them."""
    return [tier.membership for segment in rules.segments for tier in segment.tiers]


def put_together(
    rules: RuleSet, course: SizeHistory, gathered: Gathered, reachable: str | None
) -> Report:
    """Return the report on a course; `reachable` is the membership of who can be reached."""
    tiers = [(segment, tier) for segment in rules.segments for tier in segment.tiers]
    names = memberships_of(rules)
    masks = course.masks()
    rest = sum(1 << number for number, (_, tier) in enumerate(tiers) if tier.when is None)
    steps = _steps(course, gathered)
    unreached = None if reachable is None else _unreached(masks, names.index(reachable))
    segments = [
        _segment(segment, tier, account, course, gathered, steps)
        for (segment, tier), account in zip(tiers, gathered.accounts, strict=True)
    ]
    if unreached is not None:
        segments = [
            replace(one, unreachable=unreached.get(number, 0))
            for number, one in enumerate(segments)
        ]
    if gathered.sales is not None:
        bought = gathered.sales.by_customer
        sold = sums((mask, bought.get(who, 0)) for who, mask in course.inside.items())
        segments = [replace(one, sales=sold.get(number, 0)) for number, one in enumerate(segments)]
    related = asked_by_rules(rules)
    nowhere = outside(masks, -1)
    return Report(
        source=gathered.source,
        ruleset=rules.header.name,
        rules=rules.version,
        begin=gathered.begin,
        end=gathered.end,
        changes=gathered.changes,
        unknown=gathered.unknown,
        unusable=gathered.unusable,
        customers=gathered.customers,
        forgotten=gathered.forgotten,
        in_no_segment=gathered.customers - (sum(masks.values()) - nowhere),
        in_rest_only=outside(masks, ~rest) - nowhere,
        reachable=reachable,
        width=course.width,
        steps=tuple(course.begin_of(step) for step in steps),
        segments=tuple(segments),
        overlaps=tuple(one for one in overlaps(masks) if (one.one, one.other) not in related),
        sales=gathered.sales,
        models=models_asked(rules, gathered.begin, gathered.end),
        intake=gathered.intake,
    )


def _held(segment: CompiledSegment) -> str:
    settings = segment.settings
    said = (("min_dwell", settings.min_dwell), ("cooldown", settings.cooldown))
    return " and ".join(f"{name} {duration(time)}" for name, time in said if time)


def _steps(course: SizeHistory, gathered: Gathered) -> range:
    if gathered.begin is None or gathered.end is None:
        return range(0)
    course.hold(gathered.begin, gathered.end)
    return range(course.step_of(gathered.begin), course.step_of(gathered.end) + 1)


def _unreached(masks: Mapping[int, int], reachable: int) -> dict[int, int]:
    """Return how many members of each membership are not in the one of that number."""
    found: dict[int, int] = {}
    for mask, customers in masks.items():
        if not mask >> reachable & 1:
            for number in members_of(mask):
                found[number] = found.get(number, 0) + customers
    return found


def _segment(
    segment: CompiledSegment,
    tier: CompiledTier,
    account: Account,
    course: SizeHistory,
    gathered: Gathered,
    steps: range,
) -> SegmentReport:
    moves = course.moves(account.membership)
    before = account.members - account.entered + account.exited
    entered = tuple(moves.entered[step] for step in steps)
    exited = tuple(moves.exited[step] for step in steps)
    by_step = sizes(before, entered, exited)
    mean = None
    if gathered.begin is not None and gathered.end is not None:
        span = (gathered.begin, gathered.end)
        time = member_time(moves.entries, moves.exits, before, account.members, *span)
        mean = mean_size(time, *span)
    return SegmentReport(
        membership=account.membership,
        title=account.title,
        purpose=segment.purpose,
        definition="otherwise" if tier.when is None else aloud(tier.when),
        held=_held(segment),
        ladder=segment.key if segment.is_ladder else None,
        tier=tier.tier,
        is_rest=tier.when is None,
        size=account.members,
        peak=max(by_step, default=0),
        mean_size=mean,
        entered=account.entered,
        exited=account.exited,
        customers=account.customers,
        volatility=volatility(account.entered, account.exited, mean),
        median_stay=account.median_stay,
        sampled=account.sampled,
        ended=dict(gathered.ended.get(account.membership, {})),
        ran_out=dict(gathered.ran_out.get(account.membership, {})),
        sales=None,
        unreachable=None,
        entered_by_step=entered,
        exited_by_step=exited,
        size_by_step=tuple(by_step),
    )
