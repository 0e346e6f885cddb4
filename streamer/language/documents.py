"""The documents of a rule file: a segment, a ladder, a model, or the header of the rule set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from streamer.core.leaves.predicted import Predicted
from streamer.core.leaves.worth import Worth
from streamer.core.rules.compile import leaf_specs
from streamer.core.rules.spec import All, Condition, Ladder, Segment, Settings
from streamer.language import kinds, names
from streamer.language.cases import TESTS, TestCase
from streamer.language.conditions import COMBINATORS, CONDITION
from streamer.language.fields import Field, Group, Values
from streamer.language.header import HEADER
from streamer.language.models import MODEL, MODELS_OF_TESTS
from streamer.language.nodes import MappingNode, Node, ScalarNode
from streamer.language.reading import Lost, Reading, Wrong, expected
from streamer.language.settings import LADDER_SETTINGS, SEGMENT_SETTINGS, settings_kind
from streamer.language.source import Place
from streamer.language.table import LEAVES
from streamer.language.tiers import TIERS, tier_entries


@dataclass(frozen=True, slots=True)
class Declaration:
    """A segment or ladder as far as it could be read.

    `tiers` are a ladder's keys, None for a segment; `declared` is None if anything is wrong.
    """

    key: str
    at: Place
    enabled: bool
    tiers: tuple[str, ...] | None
    declared: Segment | Ladder | None
    tests: tuple[TestCase, ...]


_NAMES: Final = (
    Field("title", kinds.TEXT, "A short name for people; the key if not stated."),
    Field(
        "purpose",
        kinds.TEXT,
        "The reason for keeping the data; the privacy inventory prints it.",
        required=True,
    ),
)
_TESTS: Final = (
    Field("tests", TESTS, "Given events and the changes that must come of them."),
    Field(
        "test_models",
        MODELS_OF_TESTS,
        "The models that hold in these tests, each in place of that of the same key, so that "
        "replacing a model breaks no test.",
    ),
)
_SETTING_NAMES: Final = {
    one.name: "it goes under settings"
    for one in (*SEGMENT_SETTINGS.fields, *LADDER_SETTINGS.fields)
}

_CONDITIONS: Final = dict.fromkeys((*COMBINATORS, *LEAVES), "it goes under when: indent it")

SEGMENT: Final = Group(
    "a segment",
    (
        Field("segment", names.KEY, "The key: never changes, is never reused.", required=True),
        *_NAMES,
        Field("when", CONDITION, "The condition on one customer.", required=True),
        Field(
            "settings",
            settings_kind("segment_settings", SEGMENT_SETTINGS),
            "How the membership follows the condition.",
        ),
        *_TESTS,
    ),
    belongs=_CONDITIONS
    | _SETTING_NAMES
    | {"tiers": "a ladder has tiers: write ladder in the place of segment"},
)
LADDER: Final = Group(
    "a ladder",
    (
        Field("ladder", names.KEY, "The key: never changes, is never reused.", required=True),
        *_NAMES,
        Field(
            "tiers",
            TIERS,
            "The tiers in their order: the first whose condition holds is the customer's.",
            required=True,
        ),
        Field(
            "settings",
            settings_kind("ladder_settings", LADDER_SETTINGS),
            "How the membership follows the conditions.",
        ),
        *_TESTS,
    ),
    belongs=dict.fromkeys(_CONDITIONS, "it goes under tiers, behind the key of a tier")
    | _SETTING_NAMES
    | {"when": "a ladder has tiers, each with its condition; a segment has when"},
)
DOCUMENTS: Final = {"segment": SEGMENT, "ladder": LADDER, "ruleset": HEADER, "model": MODEL}
"""The documents by the key that says what a document is."""


def kind_of(node: Node, reading: Reading) -> str:
    """Return which of `DOCUMENTS` a document is."""
    what = f"a document with one of the keys {', '.join(DOCUMENTS)}"
    if not isinstance(node, MappingNode):
        raise expected(what, node)
    heads = [entry.key for name, entry in node.entries.items() if name in DOCUMENTS]
    if len(heads) > 1:
        message = f"{heads[0].text} and {heads[1].text} are documents of their own: put --- between"
        raise Wrong(heads[1].at, message)
    if heads:
        return heads[0].text
    for entry in node.entries.values():
        if reading.nearest.word(entry.key.text, DOCUMENTS) is not None:
            raise reading.unknown(entry.key, "document", DOCUMENTS, "")
    raise Wrong(node.at, f"expected {what}") if node.whole else Lost()


def read_declaration(node: Node, kind: str, reading: Reading) -> Declaration | None:
    """Return the segment or ladder as far as it can be read; all that is wrong is reported."""
    named = node.entries[kind].value if isinstance(node, MappingNode) else node
    reading.document = named.text if isinstance(named, ScalarNode) else None
    values, sound = DOCUMENTS[kind].take(node, reading)
    if kind not in values:
        return None
    key: str = values[kind]
    settings: Settings = values.get("settings", Settings())
    declared = _declared(kind, values, settings, dict(reading.header.consents)) if sound else None
    return Declaration(
        key,
        values.at(kind),
        settings.enabled,
        _tier_keys(values) if kind == "ladder" else None,
        declared,
        tuple(
            replace(test, models=values.get("test_models", ())) for test in values.get("tests", ())
        ),
    )


def _declared(
    kind: str, values: Values, settings: Settings, consents: Mapping[str, Condition]
) -> Segment | Ladder:
    key: str = values[kind]
    title, purpose = values.get("title", key), values["purpose"]
    consent = None if settings.needs_consent is None else consents[settings.needs_consent]
    if kind == "segment":
        when = _both(values["when"], consent)
        return _said_of_models(Segment(key, title, purpose, when, settings))
    tiers = values["tiers"]
    if consent is not None:
        tiers = tuple(replace(tier, when=_both(tier.when, consent)) for tier in tiers)
    return _said_of_models(Ladder(key, title, purpose, tiers, settings))


def _said_of_models(one: Segment | Ladder) -> Segment | Ladder:
    """Return the same with a title that says on what the models that it asks were fitted."""
    models = (spec.model for spec in leaf_specs(one) if isinstance(spec, Predicted | Worth))
    fitted = dict.fromkeys(model.fitted.what for model in models if model.fitted.what is not None)
    return replace(one, title=f"{one.title} (fitted on {' and '.join(fitted)})") if fitted else one


def _both(when: Condition | None, consent: Condition | None) -> Any:  # noqa: ANN401 (a condition)
    """Return the condition of a segment or tier that needs a consent; None is `otherwise`."""
    if when is None or consent is None:
        return when or consent
    return All((*when.conditions, consent) if isinstance(when, All) else (when, consent))


def _tier_keys(values: Values) -> tuple[str, ...]:
    entry = values.node.entries.get("tiers")
    return () if entry is None else tuple(one.key.text for one in tier_entries(entry.value))
