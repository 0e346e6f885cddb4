"""Strategies for rule files as people write them: mostly right, sometimes wrong."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from streamer.language.fields import Field, Group
from streamer.language.kinds import Kind
from streamer.language.leaves.leaf import LeafKind
from streamer.language.settings import LADDER_SETTINGS, SEGMENT_SETTINGS
from streamer.language.table import LEAVES

Text = SearchStrategy[str]

scalars = st.sampled_from(["shoes", "5", "1.5", "true", "no", "'5'", "-0", "1e3", "02-07", '""'])
numbers = st.sampled_from(["0", "5", "-1.5", "99.9999", "0x1F", "1e3", ".5", "+7"])
events = st.sampled_from(["product_viewed", "product_added", "order_completed", "identified"])
durations = st.sampled_from(["30m", "24h", "7d", "2w", "500ms", "0007d", "90s"])
properties = st.sampled_from(["product_id", "price", "a.b", "category", "day", "customer"])


def listed(items: Text) -> Text:
    return st.lists(items, min_size=1, max_size=3).map(lambda some: f"[{', '.join(some)}]")


def mapping(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


event_sets = st.one_of(st.just("any"), events, listed(events))
comparisons = st.one_of(
    st.tuples(st.sampled_from(["is", "is_not"]), scalars),
    st.tuples(st.sampled_from(["in", "not_in"]), listed(scalars)),
    st.tuples(st.sampled_from(["at_least", "at_most", "above", "below"]), numbers),
    st.tuples(
        st.sampled_from(["starts_with", "ends_with", "contains"]), st.sampled_from(["a", "''"])
    ),
)
clauses = st.one_of(
    scalars,
    st.just("{exists: false}"),
    st.lists(comparisons, min_size=1, max_size=3).map(dict).map(mapping),
)
wheres = st.dictionaries(properties, clauses, min_size=1, max_size=3).map(mapping)
steps = st.one_of(
    event_sets,
    st.tuples(event_sets, wheres).map(lambda both: f"{{event: {both[0]}, where: {both[1]}}}"),
)
abandonments = st.tuples(
    event_sets, event_sets, st.sampled_from(["", ", for: 1h", ", at_least: 2"])
)

parts = st.one_of(
    st.builds("{{performed: {}, where: {}}}".format, event_sets, wheres),
    st.builds("{{performed: {}, per: {}, without: {}}}".format, event_sets, properties, event_sets),
    st.builds("{{total: {}, of: {}, times: {}}}".format, properties, event_sets, properties),
)
days = st.sampled_from(["01-01", "02-07", "02-29", "12-31", "2026-11-24", "2028-02-29"])
whole_days = st.sampled_from(["0d", "7d", "2w"])
parameter = st.sampled_from(["1", "0.243", "4.414", "1e3", "7", "2.5", "100", "-1"])
BY_KIND: dict[str, Text] = {
    "events": event_sets,
    "where": wheres,
    "duration": durations,
    "property": properties,
    "trait": properties,
    "count": st.integers(1, 1000).map(str),
    "count_or_none": st.integers(0, 1000).map(str),
    "score": st.sampled_from(["0.5", "50%", "1", "0.001", "12.5%", "0", "7"]),
    "share": st.sampled_from(["0.5", "50%", "1", "0", "12.5%", "100%"]),
    "decimal": numbers,
    "number": numbers,
    "threshold": numbers,
    "value": scalars,
    "values": listed(scalars),
    "flag": st.sampled_from(["true", "false"]),
    "any_text": st.sampled_from(["a", "''"]),
    "which": st.sampled_from(["first", "last"]),
    "each_event": st.just("event"),
    "steps": listed(steps),
    "season_day": days,
    "season": st.builds("{{from: {}, to: {}}}".format, days, days),
    "model_name": st.sampled_from(["churn"]),
    "days": whole_days,
    "anniversary": st.builds("{{trait: {}, before: {}}}".format, properties, whole_days),
    "date": st.builds("{{trait: {}, after: {}}}".format, properties, whole_days),
    "age": st.builds("{{trait: {}}}".format, properties),
    "abandoned": abandonments.map(lambda t: f"{{did: {t[0]}, without: {t[1]}{t[2]}}}"),
    "quotient": st.sampled_from(["0.5", "50%", "1", "0", "-1", "12.5%", "3"]),
    "positive": st.sampled_from(["1", "0.5", "100"]),
    "minus": st.builds("{{total: {}, of: {}}}".format, properties, event_sets),
    "ratio": st.builds("{{part: {}, whole: {}}}".format, parts, parts),
    "membership": st.sampled_from(["other", "ladder.low", "ladder.high"]),
    "text": st.sampled_from(["words", "'5'"]),
    "consent": st.just("mail"),
    "tags": listed(st.sampled_from(["a", "b"])),
}
parameters = st.fixed_dictionaries(dict.fromkeys(("r", "alpha", "a", "b"), parameter))
MISTAKES = st.sampled_from(["", "[]", "{}", "0", "0d", "nonsense", "-1", "[a]", "{a: b}", "null"])


@st.composite
def values(draw: st.DrawFn, kind: Kind[Any]) -> str:
    """A value of the kind, or now and then a mistake."""
    if draw(st.integers(0, 49)) == 0:
        return draw(MISTAKES)
    return draw(BY_KIND[kind.name])


@st.composite
def entries(draw: st.DrawFn, fields: tuple[Field, ...]) -> str:
    """A mapping with the required fields and some of the others."""
    chosen = [one for one in fields if one.required or draw(st.integers(0, 2)) == 0]
    return mapping({one.name: draw(values(one.kind)) for one in chosen})


@st.composite
def leaves(draw: st.DrawFn) -> str:
    """A leaf, with one comparison more where one is needed."""
    leaf: LeafKind = draw(st.sampled_from(list(LEAVES.values())))
    group: Group = leaf.group()
    fields = group.fields
    if leaf.needs:
        must = draw(st.sampled_from(leaf.comparisons))
        fields = tuple(one for one in fields if one.required or one in leaf.scope or one is must)
        fields = tuple(
            Field(one.name, one.kind, one.means, required=one.required or one is must)
            for one in fields
        )
    return draw(entries(fields))


conditions = st.recursive(
    leaves(),
    lambda inner: st.tuples(st.sampled_from(["all", "any", "none"]), listed(inner)).map(
        lambda both: f"{{{both[0]}: {both[1]}}}"
    ),
    max_leaves=4,
)


@st.composite
def rule_sets(draw: st.DrawFn) -> str:
    """A rule set of two segments and a ladder."""
    return (
        "ruleset: shop\nzone: Europe/Berlin\nconsents: {mail: {trait: mail, is: true}}\n---\n"
        f"segment: own\npurpose: p\nwhen: {draw(conditions)}\n"
        f"settings: {draw(entries(SEGMENT_SETTINGS.fields))}\n---\n"
        "segment: other\npurpose: p\nwhen: {quiet: 1d}\n---\n"
        "model: churn\nkind: bg_nbd\npurchase: order_completed\nunit: 7d\n"
        f"parameters: {mapping(draw(parameters))}\n---\n"
        "ladder: ladder\npurpose: p\ntiers:\n  - low: {performed: any, at_least: 5}\n"
        f"  - high: otherwise\nsettings: {draw(entries(LADDER_SETTINGS.fields))}\n"
    )
