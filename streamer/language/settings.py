"""The settings of segments and ladders.

Only the settings that a rule states are passed on; the others have the defaults of `Settings`. A
consent that the header does not declare is an error, marketing without a consent a warning.
"""

from typing import Final

from streamer.core.rules.spec import Settings
from streamer.language import kinds, names
from streamer.language.fields import Field, Group
from streamer.language.kinds import Kind
from streamer.language.nodes import Node, ScalarNode
from streamer.language.reading import Reading


def settings_kind(name: str, group: Group) -> Kind[Settings]:
    """Return the kind of value that a group of settings is."""

    def read(node: Node, reading: Reading) -> Settings:
        values = group.read(node, reading)
        if _MARKETING in values.get("tags", ()) and "needs_consent" not in values:
            message = (
                "it is tagged for marketing and needs no consent: name one of the header's "
                "consents in needs_consent, or leave the tag out"
            )
            reading.report.warning(values.at("tags"), message)
        named = (one.name for one in group.fields if one.name in values)
        return Settings(**{key: values[key] for key in named})

    return Kind(name, "settings", group.schema(), read, group.kinds())


def _tags(node: Node, reading: Reading) -> tuple[str, ...]:
    return kinds.items(node, "a list of texts", kinds.TEXT.read, reading)


def _consent(node: Node, reading: Reading) -> str:
    name = names.KEY.read(node, reading)
    known = [each for each, _ in reading.header.consents]
    if isinstance(node, ScalarNode) and name not in known:
        otherwise = "the header declares consents, as in consents: {marketing: {trait: …}}"
        raise reading.unknown(node, "consent", known, otherwise)
    return name


_MARKETING: Final = "marketing"
_MIN_DWELL: Final = Field(
    "min_dwell",
    kinds.DURATION,
    "After an entry or exit, the next one comes no earlier than that.",
)
_COOLDOWN: Final = Field(
    "cooldown", kinds.DURATION, "After an exit, the next entry comes no earlier than that."
)
_REST: Final = (
    Field(
        "holdout",
        kinds.SHARE,
        "The share of customers whose changes are flagged `holdout`, to measure the effect.",
    ),
    Field(
        "needs_consent",
        Kind(
            "consent", "one of the header's consents", names.KEY.schema, _consent, names.KEY.parts
        ),
        "Nobody is in it without that consent: who takes it back exits at once, whatever "
        "`min_dwell` says, and who gives it enters if the rest holds.",
    ),
    Field("enabled", kinds.FLAG, "`false`: the rule is checked, but not evaluated."),
    Field("owner", kinds.TEXT, "Who answers for the rule."),
    Field(
        "tags",
        Kind(
            "tags",
            "list of texts",
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}},
            _tags,
            (kinds.TEXT,),
        ),
        "Words to find the rule by.",
    ),
)
SEGMENT_SETTINGS: Final = Group("the settings", (_MIN_DWELL, _COOLDOWN, *_REST))
LADDER_SETTINGS: Final = Group(
    "the settings",
    (_MIN_DWELL, *_REST),
    belongs={"cooldown": "a ladder has none, its customers only move between tiers"},
)
