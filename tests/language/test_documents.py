"""Segments, ladders, header, settings and references: what they read as, and their errors."""

from fractions import Fraction

import pytest

from streamer.core.leaves.performed import Performed, Quiet
from streamer.core.rules.spec import Header, Ladder, Scope, Segment, Settings, Tier
from streamer.errors import UsageError
from streamer.language import read_rules_text
from streamer.types import DAY, HOUR, MINUTE, SECOND
from tests.language.marked import check, found, rule

LADDER = "ladder: l\npurpose: p\ntiers:\n"
SEGMENT = "segment: a\npurpose: p\nwhen: {quiet: 1d}\n"


def test_a_segment() -> None:
    text = """
segment: quiet_ones
title: Quiet ones
purpose: Say hello.
when: {quiet: 1d}
settings:
  min_dwell: 5m
  cooldown: 1d
  holdout: 0.05
  enabled: true
  owner: crm
  tags: [mail, push]
"""
    settings = Settings(5 * MINUTE, DAY, Fraction(1, 20), True, "crm", ("mail", "push"))  # noqa: FBT003 (in the order of the fields)
    declared = read_rules_text(text, "rules/quiet.yaml")
    assert declared.declarations == (
        Segment("quiet_ones", "Quiet ones", "Say hello.", Quiet(DAY), settings),
    )
    assert declared.places == {"quiet_ones": "rules/quiet.yaml:2:10"}
    assert declared.header == Header()


def test_the_title_is_the_key_if_there_is_none() -> None:
    (declared,) = read_rules_text(SEGMENT).declarations
    assert (declared.title, declared.settings) == ("a", Settings())


def test_a_ladder() -> None:
    text = LADDER + "  - active: {performed: any, within: 7d}\n  - passive: otherwise\n"
    active = Performed(Scope((), within=7 * DAY), at_least=1)
    assert read_rules_text(text).declarations == (
        Ladder("l", "l", "p", (Tier("active", active), Tier("passive", None))),
    )


def test_the_header_holds_for_documents_before_it() -> None:
    text = (
        rule("{performed: card_scanned, within: 500d}")
        + "---\nruleset: shop\nzone: Europe/Berlin\nretention: 500d\nmax_lateness: 1h\n"
        + "lateness: 5s\n"
        + "events: [card_scanned]\n"
    )
    declared = read_rules_text(text)
    assert declared.header == Header(
        "shop", "Europe/Berlin", 500 * DAY, HOUR, 5 * SECOND, ("card_scanned",)
    )


def test_a_short_retention_needs_no_other_lateness() -> None:
    text = f"ruleset: a\nretention: 2h\n---\n{SEGMENT.replace('1d', '2h')}"
    assert read_rules_text(text).header.retention == 2 * HOUR


def test_empty_documents_are_none() -> None:
    assert len(read_rules_text(f"---\n# nothing\n---\n{SEGMENT}---\n...\n\n").declarations) == 1


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "ruleset: shop\n"])
def test_a_text_without_rules(text: str) -> None:
    with pytest.raises(UsageError, match=r"^rules.yaml: no segment and no ladder there$"):
        read_rules_text(text)


KEY = (
    "expected a key of at most 63 small letters, digits and _, such as cart_abandoner, found the "
    "text "
)
DOCUMENT = "a document with one of the keys segment, ladder, ruleset, model"
TIER = "a tier such as {active: {performed: any, within: 7d}}"
TIERS = "a list of tiers such as [{active: {performed: any, within: 7d}}, {passive: otherwise}]"

ERRORS: dict[str, tuple[str, ...]] = {
    "no mapping": ("¦- a\n", f"expected {DOCUMENT}, found a list"),
    "no kind": ("¦purpose: p\n", f"expected {DOCUMENT}"),
    "a misspelt kind": (
        "¦segmnet: a\npurpose: p\n",
        'unknown document "segmnet": did you mean "segment"?',
    ),
    "two kinds": (
        "segment: a\n¦ladder: b\n",
        "segment and ladder are documents of their own: put --- between",
    ),
    "no purpose": ("¦segment: a\nwhen: {quiet: 1d}\n", '"purpose" is missing in a segment'),
    "no condition": ("¦segment: a\npurpose: p\n", '"when" is missing in a segment'),
    "no tiers": ("¦ladder: a\npurpose: p\n", '"tiers" is missing in a ladder'),
    "a blank purpose": (
        "segment: a\npurpose: ¦' '\nwhen: {quiet: 1d}\n",
        "expected a text, found an empty one",
    ),
    "a number for a title": (
        SEGMENT + "title: ¦5\n",
        "expected a text, found the number 5",
    ),
    "no key": ("¦segment:\npurpose: p\nwhen: {quiet: 1d}\n", KEY.replace("the text ", "nothing")),
    "a key in capitals": (SEGMENT.replace("a\n", "¦Cart\n", 1), f'{KEY}"Cart"'),
    "a key of 64": (SEGMENT.replace("a\n", f"¦{'a' * 64}\n", 1), f'{KEY}"{"a" * 59}…"'),
    "a key with a line end": (SEGMENT.replace("a\n", '¦"a\\n"\n', 1), f'{KEY}"a\\n"'),
    "a setting outside": (
        SEGMENT + "¦cooldown: 1d\n",
        'unknown key "cooldown" in a segment: it goes under settings',
    ),
    "an unknown setting": (
        SEGMENT + "settings: {¦cool_down: 1d}\n",
        'unknown key "cool_down" in the settings: did you mean "cooldown"?',
    ),
    "no cooldown": (SEGMENT + "settings: {cooldown: ¦0d}\n", "a duration is more than zero"),
    "settings longer than retention": (
        SEGMENT + "settings: {min_dwell: ¦401d}\n",
        "longer than the retention of 400d: nothing is remembered after that",
    ),
    "a holdout of more than all": (
        SEGMENT + "settings: {holdout: ¦101%}\n",
        'expected a share from 0 to 1, such as 0.5 or 50%, found the text "101%"',
    ),
    "enabled yes": (
        SEGMENT + "settings: {enabled: ¦yes}\n",
        'expected true or false, found the text "yes"',
    ),
    "nothing for settings": (
        SEGMENT + "¦settings:\n",
        "expected a mapping of the settings, found nothing",
    ),
    "no tags": (
        SEGMENT + "settings: {tags: ¦[]}\n",
        "expected a list of texts, found an empty list",
    ),
    "a cooldown on a ladder": (
        LADDER + "  - b: {quiet: 1d}\nsettings: {¦cooldown: 1d}\n",
        (
            'unknown key "cooldown" in the settings: a ladder has none, its customers only move '
            "between tiers"
        ),
    ),
    "when on a ladder": (
        LADDER + "  - b: {quiet: 1d}\n¦when: {quiet: 1d}\n",
        (
            'unknown key "when" in a ladder: a ladder has tiers, each with its condition; a '
            "segment has when"
        ),
    ),
    "no tier": (
        LADDER.replace("tiers:", "tiers: ¦[]"),
        f"expected {TIERS}, found an empty list",
    ),
    "tiers in a mapping": (
        LADDER + "  ¦b: {quiet: 1d}\n",
        f'expected {TIERS}, found a mapping: put it in [ ], or begin each item with "- "',
    ),
    "a tier that is a word": (LADDER + "  - ¦b\n", f'expected {TIER}, found the text "b"'),
    "two tiers in one item": (
        LADDER + "  - b: {quiet: 1d}\n    ¦c: {quiet: 1d}\n",
        f"expected {TIER}: write each tier as an item of its own",
    ),
    "a tier twice": (
        LADDER + "  - b: {quiet: 1d}\n  - ¦b: otherwise\n",
        'duplicate tier "b"',
    ),
    "tiers after otherwise": (
        LADDER + "  - b: otherwise\n  - ¦c: {quiet: 1d}\n  - ¦d: otherwise\n",
        'the tier "c" is never reached: "b" is otherwise',
        'the tier "d" is never reached: "b" is otherwise',
    ),
    "a tier in capitals": (LADDER + "  - ¦B: {quiet: 1d}\n", f'{KEY}"B"'),
    # the header
    "two headers": (
        f"ruleset: a\n---\n¦ruleset: b\n---\n{SEGMENT}",
        "a rule set has one header: the first is at rules.yaml:1:1",
    ),
    "an unknown zone": (
        f"ruleset: a\nzone: ¦Europe/Belin\n---\n{SEGMENT}",
        'no such time zone: "Europe/Belin": did you mean "Europe/Berlin"?',
    ),
    "a zone that is a file": (
        f"ruleset: a\nzone: ¦../../etc/passwd\n---\n{SEGMENT}",
        'no such time zone: "../../etc/passwd": write UTC or a name such as Europe/Berlin',
    ),
    "a zone that is another one on each machine": (
        f"ruleset: a\nzone: ¦localtime\n---\n{SEGMENT}",
        'no such time zone: "localtime": write UTC or a name such as Europe/Berlin',
    ),
    "late for longer than kept": (
        f"ruleset: a\nretention: 2d\nmax_lateness: ¦3d\n---\n{SEGMENT}",
        "max_lateness 3d is longer than the retention 2d",
    ),
    "an event in another spelling": (
        f"ruleset: a\nevents: [¦Card Scanned]\n---\n{SEGMENT}",
        (
            "expected a name that an event can have (small letters, digits and _, at most 63), "
            'such as loyalty_card_scanned, found the text "Card Scanned": write card_scanned'
        ),
    ),
    "an event called any": (
        f"ruleset: a\nevents: [¦any]\n---\n{SEGMENT}",
        "any stands for every event and cannot be the name of one",
    ),
    "a condition beyond the header's retention": (
        "ruleset: a\nretention: 7d\n---\n" + rule("{quiet: ¦8d}"),
        "longer than the retention of 7d: nothing is remembered after that",
    ),
    # references
    "the same key": (
        f"{SEGMENT}---\nsegment: ¦a\npurpose: p\nwhen: {{quiet: 1d}}\n",
        'duplicate key "a": rules.yaml:1:10 has it already',
    ),
    "an unknown segment": (
        f"{SEGMENT}---\nsegment: b\npurpose: p\nwhen: {{in_segment: ¦c}}\n",
        'unknown segment "c": no rule has this key',
    ),
    "a misspelt segment": (
        f"{SEGMENT.replace(': a', ': cart_abandoner')}---\n"
        + rule("{in_segment: ¦cart_abandonner}"),
        'unknown segment "cart_abandonner": did you mean "cart_abandoner"?',
    ),
    "a ladder without tier": (
        f"{LADDER}  - b: {{quiet: 1d}}\n---\n" + rule("{in_segment: ¦l}"),
        '"l" is a ladder: name one of its tiers, such as l.b',
    ),
    "a tier there is not": (
        f"{LADDER}  - active: {{quiet: 1d}}\n---\n" + rule("{in_segment: ¦l.actve}"),
        'unknown tier "actve" of "l": did you mean "active"?',
    ),
    "a tier of a segment": (
        f"{SEGMENT}---\nsegment: b\npurpose: p\nwhen: {{in_segment: ¦a.b}}\n",
        '"a" is a segment and has no tiers',
    ),
    "a segment that is not evaluated": (
        (
            f"{SEGMENT}settings: {{enabled: false}}\n---\n"
            "segment: b\npurpose: p\nwhen: {in_segment: ¦a}\n"
        ),
        '"a" is not evaluated: its settings say enabled: false',
    ),
    "a circle of one": (rule("{in_segment: ¦a}"), "references form a circle: a -> a"),
    "a circle through what was left": (
        rule("{left_segment: ¦a, within: 1d}"),
        "references form a circle: a -> a",
    ),
    "a circle of three": (
        "segment: a\npurpose: p\nwhen: {in_segment: ¦b}\n---\n"
        "segment: b\npurpose: p\nwhen: {all: [{in_segment: l.c}]}\n---\n"
        + LADDER
        + "  - c: {none: [{in_segment: a}]}\n",
        "references form a circle: a -> b -> l -> a",
    ),
    "a reference to a rule with an error": (
        rule("{in_segment: b}") + "---\nsegment: b\npurpose: p\nwhen: {quiet: ¦x}\n",
        'expected a duration such as 30m, 24h or 7d, found the text "x"',
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case: str) -> None:
    marked, *messages = ERRORS[case]
    check(marked, *messages)


def test_ten_different_errors_of_one_file_are_all_shown() -> None:
    marked = """
segment: ¦Cart
¦titel: x
purpose: p
when:
  all:
    - performed: ¦product_aded
    - {quiet: ¦0d}
    - {total: price, of: any, at_least: ¦1.00001}
    - ¦{trait: country}
    - {performed: any, at_least: 1, ¦at_least: 2}
    - {in_segment: ¦nobody}
    - ¦*alias
settings: {holdout: ¦2}
"""
    places = [(line, column) for line, column, _ in found(marked.replace("¦", ""))]
    assert places == [
        (number, line.index("¦") + 1)
        for number, line in enumerate(marked.split("\n"), 1)
        if "¦" in line
    ]
    assert len(places) == 10


def test_a_long_chain_of_references_is_no_problem() -> None:
    chain = "".join(
        f"segment: s{n}\npurpose: p\nwhen: {{in_segment: s{n + 1}}}\n---\n" for n in range(1100)
    )
    text = f"{chain}segment: s1100\npurpose: p\nwhen: {{quiet: 1d}}\n"
    assert len(read_rules_text(text).declarations) == 1101


def test_events_of_any_script_can_be_listed_and_asked_for() -> None:
    names = ["加入购物车", "produkt_hinzugefügt", "товар_добавлен"]
    header = f"ruleset: shop\nevents: [{', '.join(names)}]\n---\n"
    conditions = ", ".join(f"{{performed: {name}}}" for name in names)
    declared = read_rules_text(header + f"segment: a\npurpose: p\nwhen: {{all: [{conditions}]}}\n")
    assert list(declared.header.events) == names
