"""What a person meant: foreign words, slips of the pen and broken YAML name what to write."""

import pytest

from streamer.errors import RuleErrors
from streamer.language import read_rules_text, render
from tests.language.marked import check, found, rule

HEAD = "segment: a\npurpose: p\n"
WHEN = "when: {quiet: 1d}\n"


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        ("{or: [{quiet: 1d}]}", "any"),
        ("{AND: [{quiet: 1d}]}", "all"),
        ("{not: [{quiet: 1d}]}", "none"),
        ("{count: order_completed, at_least: 3}", "performed"),
        ("{sum: price, of: order_completed, at_least: 3}", "total"),
        ("{never: order_completed}", "not_performed"),
        ("{inactive: 30d}", "quiet"),
        ("{performed: order_completed, exactly: 3}", "is"),
        ("{largest: price, of: any, more_than: 3}", "above"),
        ("{performed: order_completed, in_the_last: 3d}", "within"),
        ("{trait: city, equals: Ulm}", "is"),
        ("{performed: placed_order}", "order_completed"),
        ("{performed: viewed_product}", "product_viewed"),
        ("{performed: Added to Cart}", "product_added"),
        ("{performed: any, where: {price: {greater_than: 5}}}", "above"),
    ],
)
def test_words_of_other_tools_name_the_right_one(condition: str, word: str) -> None:
    ((_, _, message),) = found(rule(condition))
    assert message.endswith(f'did you mean "{word}"?')


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{performed: any, between: [2, 5]}", 'write "at_least" and "at_most"'),
        ("{trait: points, between: [2, 5]}", 'write "at_least" and "at_most"'),
        ("{performed: any, more_than: 3}", "more than 3 is at_least: 4"),
        ("{performed: any, fewer_than: 3}", "fewer than 3 is at_most: 2"),
        ("{performed: any, before: 2026-01-01}", "write where: {at.date: {below: 2026-12-31}}"),
    ],
)
def test_what_takes_more_than_one_word(condition: str, said: str) -> None:
    ((_, _, message),) = found(rule(condition))
    assert message.endswith(said)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("7 days", "7d"),
        ("7D", "7d"),
        ("a week", "1w"),
        ("3 months", "90d"),
        ("1y", "365d"),
        ("2 Years", "730d"),
        ("90 min", "90m"),
        ("24 hours", "24h"),
        ("P7D", "7d"),
        ("7", "7d for days, or 7h for hours"),
    ],
)
def test_durations_as_people_say_them(written: str, meant: str) -> None:
    ((_, _, message),) = found(rule(f"{{performed: any, within: {written}}}"))
    assert message.endswith(f": write {meant}")


@pytest.mark.parametrize("written", ["soon", "0 days", "7 moons", "-3 days", "true"])
def test_what_is_no_duration_in_any_words(written: str) -> None:
    ((_, _, message),) = found(rule(f"{{performed: any, within: {written}}}"))
    assert "write" not in message


MISPLACED = {
    "a property beside an event": (
        "{performed: order_completed, ¦colour: red}",
        "a property goes under where: {colour: red}",
    ),
    "no member of": ("{¦not_in_segment: vip}", "write {none: [{in_segment: vip}]}"),
    "within inside abandoned": (
        "{abandoned: {did: product_added, without: order_completed, ¦within: 7d}}",
        "it goes beside abandoned: {abandoned: {did: …, without: …}, within: 7d}",
    ),
    "a comparison inside age": (
        "{age: {trait: birth_date, ¦below: 30}, at_least: 18}",
        "it goes beside age: {age: {trait: …}, below: 18}",
    ),
    "an id in numbers": (
        "{performed: any, where: {product_id: ¦4711}}",
        'product_id is a text, and 4711 is a number: write "4711"',
    ),
    "one of several ids in numbers": (
        '{performed: any, where: {order_id: {in: ["1", ¦2]}}}',
        'order_id is a text, and 2 is a number: write "2"',
    ),
    "a price in quotes": (
        '{latest: price, of: any, is: ¦"19.90"}',
        'price is a number, and "19.90" is a text: write 19.90',
    ),
    "a favourite in numbers": (
        "{favours: product_id, of: any, is: ¦7}",
        'product_id is a text, and 7 is a number: write "7"',
    ),
    "a currency in small letters": (
        "{performed: any, where: {currency: ¦eur}}",
        "a currency is read in upper case: write EUR",
    ),
}


@pytest.mark.parametrize("case", MISPLACED)
def test_what_stands_in_the_wrong_place_or_kind(case: str) -> None:
    marked, said = MISPLACED[case]
    before, _, after = rule(marked).partition("¦")
    ((line, column, message),) = found(before + after)
    assert (line, column) == (3, len(before.split("\n")[-1]) + 1)
    assert message.endswith(said)


@pytest.mark.parametrize(
    "condition",
    [
        "{performed: any, where: {order.product_id: {at_least: 5}}}",
        "{trait: price, is: cheap}",
        "{performed: any, where: {price: 19.9, product_id: lamp, currency: EUR}}",
        '{performed: any, where: {product_id: {exists: false}, sku: "7"}}',
    ],
)
def test_what_a_standard_property_can_be(condition: str) -> None:
    assert found(rule(condition)) == []


def test_a_tier_cannot_be_called_none() -> None:
    check(
        "ladder: a\npurpose: p\ntiers:\n  - ¦none: {quiet: 1d}\n  - rest: otherwise\n",
        '"none" says that a customer is on no tier: name it otherwise',
    )


def test_properties_of_a_given_event_stand_beside_it() -> None:
    given = "{at: 0s, event: cart_viewed, ¦properties: {total: 5}}"
    check(
        f"{HEAD}{WHEN}tests: [{{name: n, given: [{given}], expect: []}}]\n",
        (
            'unknown key "properties" in a given event: write each property beside event: '
            "{at: 0s, event: cart_viewed, total: 20}"
        ),
    )


def warnings(condition: str) -> list[str]:
    return [one.message for one in read_rules_text(rule(condition)).warnings]


def test_words_that_are_no_truth_values_are_warned_of() -> None:
    meant = 'yes is the text "yes": write true, or quotes if the text is meant'
    assert warnings("{trait: subscribed, is: yes}") == [meant]
    assert warnings("{performed: any, where: {gift: Off}}") == [
        'Off is the text "Off": write false, or quotes if the text is meant'
    ]
    assert warnings('{trait: subscribed, is: "yes"}') == []


def test_a_numeric_id_of_a_shops_own_is_warned_of() -> None:
    meant = '4711 is a number: write "4711" if store_id is sent as a text'
    assert warnings("{performed: any, where: {store_id: 4711}}") == [meant]
    assert warnings("{performed: any, where: {floor: 4711}}") == []
    assert warnings("{trait: store_id, in: [4711, a]}") == [meant]
    assert warnings("{trait: floor, is: 4711}") == []


@pytest.mark.parametrize(
    "text", ["\u201cDE\u201d", "\u201eDE\u201c", "\u2018DE\u2019", "\u00abDE\u00bb"]
)
def test_quotes_of_a_word_processor_are_warned_of(text: str) -> None:
    said = f'the quotes of {text} are part of the text: write "DE"'
    assert warnings(f"{{trait: country, is: {text}}}") == [said]
    assert warnings(f"{{trait: country, is: '{text}'}}") == []


def test_a_condition_that_is_not_indented_belongs_under_when() -> None:
    check(
        "segment: a\npurpose: p\nwhen: {quiet: 1d}\n¦all:\n  - quiet: 1d\n",
        'unknown key "all" in a segment: it goes under when: indent it',
    )
    check(
        "ladder: a\npurpose: p\ntiers: [{b: {quiet: 1d}}]\n¦quiet: 1d\n",
        'unknown key "quiet" in a ladder: it goes under tiers, behind the key of a tier',
    )


def test_a_full_width_blank_is_named() -> None:
    wide = "¦\u3000- quiet: 1d"
    said = (
        r'"\u3000- quiet" cannot stand beside all: the full-width blank (U+3000) is no blank, '
        "write a plain one"
    )
    text = f"segment: a\npurpose: p\nwhen:\n  ¦all:\n  {wide}\n"
    check(text, "expected a list of conditions, found nothing", said)


BROKEN = {
    "deeper than a key with a value": (
        "segment: a\n  purpose¦: p\n" + WHEN,
        "this line stands deeper than the one above, which has its value already",
    ),
    "further left than the first line": (
        "  segment: a\n  purpose: p\n  when: {quiet: 1d}\n¦title: t\n",
        "this line begins further left than the first one: align them",
    ),
    "an item further left": (
        HEAD + "when:\n  all:\n    - quiet: 1d\n   ¦- performed: any\n",
        "the indentation of the item fits no line above: begin it in column 5",
    ),
    "a key of an item further left": (
        HEAD + "when:\n  all:\n    - performed: any\n     ¦within: 7d\n",
        '"within" fits no line above: begin it in column 7, like "performed"',
    ),
    "a key between two columns": (
        HEAD + "when:\n   performed: any\n ¦within: 7d\n",
        '"within" fits no line above: begin it in column 1, like "when"',
    ),
    "an apostrophe in single quotes": (
        "segment: a\npurpose: 'Don¦'t\n".replace("Don¦'t", "Don'¦t lose them'") + WHEN,
        "write it twice ('') or put the text in \"double quotes\"",
    ),
    "an apostrophe at the beginning": (
        "segment: a\npurpose: ¦'tis the season\n" + WHEN,
        'put a text with an apostrophe in "double quotes"',
    ),
    "double quotes in double quotes": (
        'segment: a\npurpose: "The "¦best" ones"\n' + WHEN,
        "put the text in 'single quotes', or write \\\" inside it",
    ),
    "a text that begins with a sign": (
        "segment: a\npurpose: ¦@home\n" + WHEN,
        "a text cannot begin with @: put it in quotes",
    ),
    "a backslash in double quotes": (
        'segment: a\npurpose: "C:\\¦dir"\n' + WHEN,
        "write \\\\, or use 'single quotes'",
    ),
    "a bar with a text behind it": (
        "segment: a\npurpose: | ¦now\n" + WHEN,
        "the text begins on the next line; put other texts in quotes",
    ),
    "no blank after a colon": (
        HEAD + "when:\n  performed:any\n  within¦: 7d\n",
        'in the line above a blank is missing after "performed:"',
    ),
    "no comma": (
        HEAD + "when: {performed: any within¦: 7d}\n",
        "a , or } is missing before the key in front of this colon",
    ),
    "one bracket too many": (
        HEAD + "when: {performed: any}¦}\n",
        "} closes nothing: there is one too many",
    ),
    "the wrong bracket": (
        HEAD + "when: {all: [{quiet: 1d}¦}]\n",
        "} where ] closes what was begun",
    ),
    "a full-width colon": ("segment¦：a\npurpose: p\n" + WHEN, "the full-width ： is not :"),
    "a full-width brace": (HEAD + "when: ¦｛quiet: 1d｝\n", "the full-width ｛ is not {"),
    "a full-width comma": (
        HEAD + "when: {performed: any¦， within: 7d}\n",
        "the full-width ， is not ,",
    ),
    "full-width digits": (
        HEAD + "when: {performed: any, within: ¦７d}\n",
        "the full-width ７ is not 7",
    ),
    "no blank after a dash": (
        HEAD + "when:\n  all:\n    ¦-quiet: 1d\n",
        'a blank is missing after "-"',
    ),
    "a comment for a value": (
        "segment: a\n¦purpose: #1 reason\n" + WHEN,
        "what follows # is a comment, put it in quotes",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_yaml_is_said_in_plain_words(case: str) -> None:
    marked, said = BROKEN[case]
    before, _, after = marked.partition("¦")
    errors = [(line, column) for line, column, message in found(before + after) if said in message]
    assert errors == [(before.count("\n") + 1, len(before.split("\n")[-1]) + 1)]
    assert all("expected <" not in message for *_, message in found(before + after))


def test_full_width_signs_of_a_text_are_its_own() -> None:
    read = read_rules_text("segment: a\npurpose: 注意，促销：五折（仅今天）\n" + WHEN)
    assert read.declarations[0].purpose == "注意，促销：五折（仅今天）"


def test_carets_count_cells() -> None:
    with pytest.raises(RuleErrors) as caught:
        read_rules_text(rule("{performed: any, where: {颜色: é\u0301}, wihin: 1d}"))
    _, line, caret = render(caught.value.findings[0]).split("\n")
    assert line == "  when: {performed: any, where: {颜色: é\u0301}, wihin: 1d}"
    assert caret.index("^") == line.index("wihin") + 2 - 1


def test_warnings_come_with_the_errors_in_their_order() -> None:
    text = rule("{all: [{trait: a, is: yes}, {quiet: 0d}, {trait: b, is: no}]}")
    with pytest.raises(RuleErrors) as caught:
        read_rules_text(text)
    assert [one.severity for one in caught.value.findings] == ["warning", "error", "warning"]
