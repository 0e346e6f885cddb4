"""Rule sets: two models, one to four segments and ladders, at times a header, all valid."""

import json
from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from tests.strategies.conditions import SOMETIMES, Draw, conditions, models, value_models
from tests.strategies.words import (
    DURATIONS,
    OWN_EVENT,
    STANDARD_EVENTS,
    Node,
    Words,
    millis,
)

KEYS = ("zed", "mid", "alpha", "b2", "engaged", "m_1")
TIERS = ("low", "high", "top")
ZONES = (
    *("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe"),
    "Asia/Beirut",  # whose clocks change at midnight
)
RETENTIONS = ("2d", "3d", "5d", "1w", "40d")
LATENESSES = ("1s", "10s", "1h", "12h", "1d", "2d")
CONSENTS: Final[Node] = {"letters": {"trait": "plan", "is": "a"}}


@st.composite
def rule_documents(draw: Draw) -> list[Node]:
    """The documents of one rule set, as a parse of its files gives them."""
    head: Node = draw(headers()) if draw(st.booleans()) else {}
    longest = millis(head.get("retention", "400d"))
    names = (*STANDARD_EVENTS, *head.get("events", ()))
    words = Words(
        events=tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))),
        durations=tuple(
            draw(
                st.lists(
                    st.sampled_from([text for text in DURATIONS if millis(text) <= longest]),
                    min_size=1,
                    max_size=3,
                    unique=True,
                )
            )
        ),
    )
    documents = [*([head] if head else []), draw(models(words)), draw(value_models(words))]
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
    for key in keys:
        document = draw(segments(words, key) if draw(st.booleans()) else ladders(words, key))
        if "consents" in head and draw(st.booleans()):
            document.setdefault("settings", {})["needs_consent"] = "letters"
        documents.append(document)
        words = Words(words.events, words.durations, words.memberships + memberships(document))
    order: list[Node] = draw(st.permutations(documents))
    return order


def memberships(document: Node) -> tuple[str, ...]:
    """What other documents may refer to: nothing, if it is not evaluated."""
    if not document.get("settings", {}).get("enabled", True):
        return ()
    if "segment" in document:
        return (document["segment"],)
    return tuple(f"{document['ladder']}.{tier}" for step in document["tiers"] for tier in step)


@st.composite
def headers(draw: Draw) -> Node:
    """A header: a zone, a short retention, a short lateness, an event of the shop's own."""
    head: Node = {"ruleset": "shop"}
    if draw(st.booleans()):
        head["zone"] = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        head["retention"] = draw(st.sampled_from(RETENTIONS))
    if draw(st.booleans()):
        head["max_lateness"] = draw(st.sampled_from(LATENESSES))
    if draw(SOMETIMES):
        head["events"] = [OWN_EVENT]
    if draw(SOMETIMES):
        head["consents"] = CONSENTS
    return head


@st.composite
def segments(draw: Draw, words: Words, key: str) -> Node:
    """A segment."""
    document = {"segment": key, "title": "One", "purpose": "To be compared."}
    return {**document, "when": draw(conditions(words)), **draw(settings(words, cooldown=True))}


@st.composite
def ladders(draw: Draw, words: Words, key: str) -> Node:
    """A ladder of one to three tiers, the last of them perhaps for everybody else."""
    names = draw(st.lists(st.sampled_from(TIERS), min_size=1, max_size=3, unique=True))
    tiers: list[Node] = [{name: draw(conditions(words, depth=1))} for name in names]
    if draw(st.booleans()):
        tiers.append({"rest": "otherwise"})
    document = {"ladder": key, "title": "Some", "purpose": "To be compared.", "tiers": tiers}
    return {**document, **draw(settings(words, cooldown=False))}


@st.composite
def settings(draw: Draw, words: Words, *, cooldown: bool) -> Node:
    """Settings under their key, or nothing at all."""
    node: Node = {}
    if draw(SOMETIMES):
        node["min_dwell"] = draw(st.sampled_from(words.durations))
    if cooldown and draw(SOMETIMES):
        node["cooldown"] = draw(st.sampled_from(words.durations))
    if draw(st.integers(0, 9)) == 1:
        node["enabled"] = False
    return {"settings": node} if node else {}


def documents_to_yaml(documents: Sequence[Node]) -> str:
    """The documents as one YAML file, in flow style, each value as the kind that it is."""
    return "\n---\n".join(json.dumps(document, ensure_ascii=False) for document in documents) + "\n"
