"""Every error of a condition, at its place; marks in the text show where."""

import pytest

from tests.language.marked import check, rule

COMPARISONS = (
    '"is", "is_not", "in", "not_in", "exists", "at_least", "at_most", "above", "below", '
    '"starts_with", "ends_with" or "contains"'
)
DECIMALS = '"at_least", "at_most", "above", "below" or "is"'
CONDITION = "a condition such as {performed: product_viewed, within: 7d}"
DURATION = "expected a duration such as 30m, 24h or 7d, found "
DECIMAL = "expected a number of at most 4 decimal places, found "
EVENTS = "expected the name of an event, a list of names, or any, found "
SEASON_DAY = "a day as MM-DD, such as 02-07, or as YYYY-MM-DD"
KEY = "a key of at most 63 small letters, digits and _, such as cart_abandoner"
NUMBER = "expected a number, found "
ONLY_NUMBERS = ": only numbers have an order"
VALUE = "expected a text, a number, true or false, found "
ORDERED = (
    "only numbers have an order; dates have it in at.date, and traits with age, anniversary and "
    "date"
)
WHERE = "expected a mapping of properties to values, such as {category: shoes}, found "
OWN_CONDITION = "are conditions of their own: write each as an item of a list under all"

ERRORS = {
    # what a condition is
    "a word": ("¦performed", f'expected {CONDITION}, found the text "performed"'),
    "a list": (
        "¦[{quiet: 1d}]",
        f"expected {CONDITION}, found a list: put it under all, any or none",
    ),
    "no head": (
        "¦{within: 7d}",
        f"expected {CONDITION}: no key here says which condition it is",
    ),
    "an empty mapping": (
        "¦{}",
        f"expected {CONDITION}: no key here says which condition it is",
    ),
    "an unknown leaf": (
        "{¦performd: any}",
        'unknown condition "performd": did you mean "performed"?',
    ),
    "a leaf in another spelling": (
        "{¦Not-Performed: any}",
        'unknown condition "Not-Performed": did you mean "not_performed"?',
    ),
    "nothing near": (
        "{¦xyzzy: any}",
        (
            'unknown condition "xyzzy": expected all, any, none, performed, not_performed, quiet, '
            "ago, sequence, abandoned, total, average, largest, smallest, ratio, latest, first, "
            "favours, trait, in_segment, left_segment, season, date, anniversary, age, predicted"
        ),
    ),
    "two leaves": ("{performed: any, ¦quiet: 3d}", f"performed and quiet {OWN_CONDITION}"),
    "a leaf beside all": (
        "{all: [{quiet: 1d}], ¦performed: any}",
        f"all and performed {OWN_CONDITION}",
    ),
    "a scope beside all": (
        "{all: [{quiet: 1d}], ¦within: 1d}",
        '"within" cannot stand beside all',
    ),
    "an empty all": ("{all: ¦[]}", "expected a list of conditions, found an empty list"),
    "an empty any": ("{any: ¦[]}", "expected a list of conditions, found an empty list"),
    "an empty none": ("{none: ¦[]}", "expected a list of conditions, found an empty list"),
    "all of a mapping": (
        "{all: ¦{quiet: 1d}}",
        (
            "expected a list of conditions, found a mapping"
            ': put it in [ ], or begin each item with "- "'
        ),
    ),
    "a season without an end": ("{season: ¦{from: 02-07}}", '"to" is missing in season'),
    "a day that is none": (
        "{season: {from: ¦02-30, to: 03-01}}",
        f'expected {SEASON_DAY}, found the text "02-30"',
    ),
    "a day that is not written as one": (
        "{season: {from: 02-07, to: ¦14.2.}}",
        f'expected {SEASON_DAY}, found the text "14.2."',
    ),
    "a day that its year does not have": (
        "{season: {from: ¦2026-02-29, to: 2026-03-01}}",
        f'expected {SEASON_DAY}, found the text "2026-02-29"',
    ),
    "a season with one year": (
        "{season: {from: 2026-11-24, to: ¦11-30}}",
        "a season has a year on both days, or on none",
    ),
    "a season that ends before it begins": (
        "{season: {from: 2026-11-24, to: ¦2026-11-23}}",
        "a season with years ends before it begins",
    ),
    "without but no per": (
        "{performed: order_completed, ¦without: order_cancelled}",
        "without goes with per: the value that is undone",
    ),
    "per beside distinct": (
        "{performed: any, per: order_id, ¦distinct: order_id}",
        '"per" and "distinct" contradict each other: per counts events, distinct counts values',
    ),
    "per beside same": (
        "{performed: any, per: order_id, ¦same: order_id, at_least: 2}",
        '"per" and "same" contradict each other: per counts one event of each value',
    ),
    "older than the window": (
        "{performed: any, within: 7d, older_than: ¦7d}",
        "older_than must be below within: nothing is left between them",
    ),
    "a ratio older than the window": (
        (
            "{ratio: {part: {performed: any}, whole: {performed: any}}, above: 1, "
            "within: 1d, older_than: ¦2d}"
        ),
        "older_than must be below within: nothing is left between them",
    ),
    "no ratio": (
        "¦{ratio: {part: {performed: any}, whole: {performed: any}}}",
        'one of "at_least", "at_most", "above" or "below" is missing in ratio',
    ),
    "same in a part": (
        "{ratio: {part: {performed: any, ¦same: a}, whole: {performed: any}}, above: 1}",
        (
            'unknown key "same" in a part of ratio: part and whole are counts of events, of '
            "different values, or totals"
        ),
    ),
    "a window in a part": (
        "{ratio: {part: {performed: any, ¦within: 1d}, whole: {performed: any}}, above: 1}",
        (
            'unknown key "within" in a part of ratio: it stands beside ratio, and holds for part '
            "and whole"
        ),
    ),
    "a comparison in a part": (
        "{ratio: {part: {total: a, of: any, ¦above: 1}, whole: {performed: any}}, above: 1}",
        'unknown key "above" in a part of ratio: a comparison stands beside ratio',
    ),
    "a whole of at least nothing": (
        "{ratio: {part: {performed: any}, whole: {performed: any}}, of_at_least: ¦0, above: 1}",
        "expected a number above 0, found the number 0",
    ),
    "an anniversary of nothing": (
        "{anniversary: ¦{before: 7d}}",
        '"trait" is missing in anniversary',
    ),
    "an anniversary hours ahead": (
        "{anniversary: {trait: birth_date, before: ¦24h}}",
        'expected whole days or weeks, such as 7d, 2w or 0d, found the text "24h"',
    ),
    "an anniversary beyond the retention": (
        "{anniversary: {trait: birth_date, after: ¦401d}}",
        "longer than the retention of 400d: nothing is remembered after that",
    ),
    "an age of nothing": (
        "{age: ¦birth_date, at_least: 18}",
        'expected age as {trait: NAME}, found the text "birth_date"',
    ),
    "no age": (
        "¦{age: {trait: birth_date}}",
        'one of "at_least" or "below" is missing in age',
    ),
    "an age of months": (
        "{age: {trait: birth_date}, at_least: ¦1.5}",
        "expected a whole number from 1 to 1000, found the number 1.5",
    ),
    "an age at most": (
        "{age: {trait: birth_date}, at_least: 18, ¦at_most: 30}",
        'unknown key "at_most" in age: write "below" with one more: at most 30 is below: 31',
    ),
    "a score of several models": (
        "{predicted: ¦[churn], below: 0.5}",
        f"expected {KEY}, found a list",
    ),
    # events
    "an unknown event": (
        "{performed: ¦product_aded}",
        'unknown event "product_aded": did you mean "product_added"?',
    ),
    "an event nobody knows": (
        "{performed: ¦card_scanned}",
        (
            'unknown event "card_scanned": no standard event; a name of your own goes under events '
            "in the header"
        ),
    ),
    "any in a list": (
        "{performed: [product_added, ¦any]}",
        "any stands for every event and cannot be one of several",
    ),
    "no events": ("{performed: ¦[]}", f"{EVENTS}an empty list"),
    "events in a mapping": ("{performed: ¦{event: any}}", f"{EVENTS}a mapping"),
    "a number for an event": (
        "{performed: ¦5}",
        "expected the name of an event, found the number 5",
    ),
    "nothing for an event": ("{¦performed: }", "expected the name of an event, found nothing"),
    "an unknown since": (
        "{performed: any, since: ¦order_complete}",
        'unknown event "order_complete": did you mean "order_completed"?',
    ),
    # durations
    "a number for a duration": (
        "{quiet: ¦30}",
        f"{DURATION}the number 30: write 30d for days, or 30h for hours",
    ),
    "a text for a duration": ("{quiet: ¦soon}", f'{DURATION}the text "soon"'),
    "a fraction of a day": ("{quiet: ¦1.5d}", f'{DURATION}the text "1.5d": write 36h'),
    "a negative duration": ("{quiet: ¦-1d}", f'{DURATION}the text "-1d"'),
    "two units": ("{quiet: ¦1d12h}", f'{DURATION}the text "1d12h": write 36h'),
    "months": ("{quiet: ¦3M}", f'{DURATION}the text "3M": write 90d'),
    "no time at all": ("{quiet: ¦0d}", "a duration is more than zero"),
    "a window of nothing": ("{performed: any, within: ¦0s}", "a duration is more than zero"),
    "longer than retention": (
        "{performed: any, within: ¦401d}",
        "longer than the retention of 400d: nothing is remembered after that",
    ),
    "longer than a century": (
        "{performed: any, within: ¦36501d}",
        "a duration is at most 36500d",
    ),
    "endless": (
        f"{{performed: any, within: ¦{'9' * 5000}d}}",
        "a duration is at most 36500d",
    ),
    # performed
    "at least 0": (
        "{performed: any, at_least: ¦0}",
        "expected a whole number from 1 to 1000, found the number 0",
    ),
    "at least 1,001": (
        "{performed: any, at_least: ¦1001}",
        "expected a whole number from 1 to 1000, found the number 1001",
    ),
    "at most -1": (
        "{performed: any, at_most: ¦-1}",
        "expected a whole number from 0 to 1000, found the number -1",
    ),
    "exactly 1,001": (
        "{performed: any, is: ¦1001}",
        "expected a whole number from 0 to 1000, found the number 1001",
    ),
    "half an event": (
        "{performed: any, at_least: ¦1.5}",
        "expected a whole number from 1 to 1000, found the number 1.5",
    ),
    "a text for a count": (
        '{performed: any, at_least: ¦"5"}',
        'expected a whole number from 1 to 1000, found the text "5": write 5',
    ),
    "true for a count": (
        "{performed: any, at_least: ¦true}",
        "expected a whole number from 1 to 1000, found true",
    ),
    "a comparison performed has not": (
        "{performed: any, ¦above: 5}",
        (
            'unknown key "above" in performed: expected "performed", "where", "within", '
            '"older_than", "since", "distinct", "per", "without", "same", "at_least", "at_most" or '
            '"is"'
        ),
    ),
    "a misspelt scope": (
        "{performed: any, ¦witin: 7d}",
        'unknown key "witin" in performed: did you mean "within"?',
    ),
    "distinct and same": (
        "{performed: any, distinct: a, ¦same: b}",
        (
            '"distinct" and "same" contradict each other: count either different values or one '
            "value's events"
        ),
    ),
    "same at most": (
        "{performed: any, at_most: 5, ¦same: b}",
        '"same" and "at_most" contradict each other: same goes with at_least only',
    ),
    "same exactly": (
        "{performed: any, same: b, ¦is: 5}",
        '"same" and "is" contradict each other: same goes with at_least only',
    ),
    "a number for a property": (
        "{performed: any, distinct: ¦5}",
        "expected the name of a property, found the number 5",
    ),
    "a blank property": (
        '{performed: any, distinct: ¦" "}',
        "expected the name of a property, found an empty one",
    ),
    "a property with a hole": (
        "{performed: any, distinct: ¦a..b}",
        'the property "a..b" has an empty part beside a dot',
    ),
    "a comparison on not_performed": (
        "{not_performed: any, ¦at_least: 5}",
        (
            'unknown key "at_least" in not_performed: a count goes with performed: '
            "fewer than 3 is {performed: …, at_most: 2}"
        ),
    ),
    # ago
    "ago without comparison": (
        "¦{ago: any}",
        'one of "at_least" or "less_than" is missing in ago',
    ),
    "ago with a count": (
        "{ago: any, at_least: ¦5}",
        f"{DURATION}the number 5: write 5d for days, or 5h for hours",
    ),
    "which one": (
        "{ago: any, which: ¦second, at_least: 1d}",
        'expected first or last, found the text "second"',
    ),
    # sequence
    "one step that is no list": (
        "{sequence: ¦product_added}",
        (
            "expected a list of steps such as [product_viewed, product_added], found the text "
            '"product_added"'
        ),
    ),
    "no steps": (
        "{sequence: ¦[]}",
        "expected a list of steps such as [product_viewed, product_added], found an empty list",
    ),
    "nine steps": (
        "{sequence: [any, any, any, any, any, any, any, any, ¦any]}",
        "a sequence has at most 8 steps, found 9",
    ),
    "a step without event": (
        "{sequence: [any, ¦{where: {a: 1}}]}",
        '"event" is missing in a step',
    ),
    "a step with a scope": (
        "{sequence: [any, {event: any, ¦within: 1d}]}",
        'unknown key "within" in a step: expected "event" or "where"',
    ),
    # abandoned
    "abandoned what": (
        "{abandoned: ¦product_added}",
        (
            "expected abandoned as {did: EVENT, without: EVENT, for: D}, "
            'found the text "product_added"'
        ),
    ),
    "abandoned without did": (
        "{abandoned: ¦{without: order_completed}}",
        '"did" is missing in abandoned',
    ),
    "abandoned for too long": (
        "{abandoned: {did: product_added, without: order_completed, for: ¦7d}, within: 7d}",
        "for must be below within: after that the event is forgotten",
    ),
    "abandoned twice at least": (
        "{abandoned: {did: cart_viewed, without: any, at_least: 2}, ¦at_least: 2}",
        "at_least stands inside abandoned already",
    ),
    # aggregates
    "total of what": ("¦{total: price, at_least: 5}", '"of" is missing in total'),
    "total without comparison": (
        "¦{total: price, of: any}",
        f"one of {DECIMALS} is missing in total",
    ),
    "average without comparison": (
        "¦{average: price, of: any}",
        f"one of {DECIMALS} is missing in average",
    ),
    "largest without comparison": (
        "¦{largest: price, of: any}",
        f"one of {DECIMALS} is missing in largest",
    ),
    "smallest without comparison": (
        "¦{smallest: price, of: any}",
        f"one of {DECIMALS} is missing in smallest",
    ),
    "five places": (
        "{total: price, of: any, at_least: ¦1.00001}",
        f"{DECIMAL}the number 1.00001",
    ),
    "a text threshold of a total": (
        '{total: price, of: any, at_least: ¦"5"}',
        f'{DECIMAL}the text "5": write 5',
    ),
    "a threshold beyond all totals": (
        "{total: price, of: any, at_least: ¦1e19}",
        "too large: a threshold is at most 10^18",
    ),
    "a threshold of a million digits": (
        "{total: price, of: any, at_least: ¦1e1000000}",
        "a number of so many digits cannot be compared",
    ),
    "infinity": ("{total: price, of: any, at_least: ¦.inf}", '".inf" is no finite number'),
    "each of something else": (
        "{largest: price, of: any, at_least: 5, each: ¦product}",
        'expected event, found the text "product"',
    ),
    # comparisons
    "latest without comparison": (
        "¦{latest: a, of: any}",
        f"one of {COMPARISONS} is missing in latest",
    ),
    "trait without comparison": ("¦{trait: a}", f"one of {COMPARISONS} is missing in trait"),
    "first within": (
        "{first: a, of: any, is: 1, ¦within: 1d}",
        (
            'unknown key "within" in first: expected "first", "of", "where", "is", "is_not", "in", '
            '"not_in", "exists", "at_least", "at_most", "above", "below", "starts_with", '
            '"ends_with" or "contains"'
        ),
    ),
    "a part of the time that does not exist": (
        "{performed: any, where: {¦at.minute: 5}}",
        '"at.minute" does not exist: expected "at.weekday", "at.hour", "at.month" or "at.date"',
    ),
    "different parts that do not exist": (
        "{performed: any, distinct: ¦at.day, at_least: 2}",
        '"at.day" does not exist: expected "at.weekday", "at.hour", "at.month" or "at.date"',
    ),
    "a number where an id is a text": (
        "{performed: any, where: {product_id: ¦39910}}",
        'product_id is a text, and 39910 is a number: write "39910"',
    ),
    "a number among texts": (
        "{performed: any, where: {order_id: {in: [a, ¦007]}}}",
        'order_id is a text, and 007 is a number: write "007"',
    ),
    "a text where a price is a number": (
        '{performed: any, where: {price: ¦"19.90"}}',
        'price is a number, and "19.90" is a text: write 19.90',
    ),
    "a currency in lower case": (
        "{performed: any, where: {currency: ¦eur}}",
        "a currency is read in upper case: write EUR",
    ),
    "a currency among others": (
        "{performed: any, where: {currency: {not_in: [EUR, ¦Usd]}}}",
        "a currency is read in upper case: write USD",
    ),
    "a currency by number": (
        "{performed: any, where: {currency: ¦978}}",
        "currency is a text, and 978 is a number: expected one like EUR",
    ),
    "exists beside another": (
        "{trait: a, is: b, ¦exists: true}",
        '"exists" and "is" contradict each other: exists stands alone',
    ),
    "exists maybe": (
        "{trait: a, exists: ¦maybe}",
        'expected true or false, found the text "maybe"',
    ),
    "exists by number": ("{trait: a, exists: ¦1}", "expected true or false, found the number 1"),
    "is a list": (
        "{trait: a, is: ¦[x]}",
        "expected one value, found a list: a list goes with in or not_in",
    ),
    "is nothing": ("{trait: a, ¦is: }", f"{VALUE}nothing"),
    "is null": ("{trait: a, is: ¦null}", f"{VALUE}nothing"),
    "is a mapping": ("{trait: a, is: ¦{b: c}}", f"{VALUE}a mapping"),
    "in one value": (
        "{trait: a, in: ¦x}",
        'expected a list of values such as [red, blue], found the text "x"',
    ),
    "in nothing": (
        "{trait: a, in: ¦[]}",
        "expected a list of values such as [red, blue], found an empty list",
    ),
    "not in a list with nothing": ("{trait: a, not_in: [x, ¦null]}", f"{VALUE}nothing"),
    "an order of texts": (
        "{trait: a, at_least: ¦adult}",
        f'{NUMBER}the text "adult"{ONLY_NUMBERS}',
    ),
    "an order of a quoted number": (
        "{latest: a, of: any, below: ¦'5'}",
        f'{NUMBER}the text "5": write 5',
    ),
    "an order of truth": ("{trait: a, above: ¦true}", f"{NUMBER}true"),
    "starts with a number": (
        "{trait: a, starts_with: ¦5}",
        "expected a text, found the number 5",
    ),
    "contains truth": ("{trait: a, contains: ¦true}", "expected a text, found true"),
    "a blank trait": ('{trait: ¦"", is: 1}', "expected the name of a trait, found an empty one"),
    # favours
    "favours at least nothing": (
        "{favours: a, of: any, at_least: ¦0}",
        "expected a whole number from 1 to 1000, found the number 0",
    ),
    "favours in an order": (
        "{favours: a, of: any, ¦above: 5}",
        (
            'unknown key "above" in favours: expected "favours", "of", "where", "within", "is", '
            '"is_not", "in", "share" or "at_least"'
        ),
    ),
    "more than all": (
        "{favours: a, of: any, share: ¦150%}",
        'expected a share from 0 to 1, such as 0.5 or 50%, found the text "150%"',
    ),
    "a share of 50": (
        "{favours: a, of: any, share: ¦50}",
        "expected a share from 0 to 1, such as 0.5 or 50%, found the number 50",
    ),
    # where
    "an empty where": ("{performed: any, where: ¦{}}", f"{WHERE}an empty one"),
    "a list for where": ("{performed: any, where: ¦[a]}", f"{WHERE}a list"),
    "where in a list": (
        "{performed: any, where: {a: ¦[x, y]}}",
        "expected one value or comparisons, found a list: write {in: [...]}",
    ),
    "where nothing": ("{performed: any, where: {¦a: }}", f"{VALUE}nothing"),
    "where no comparison": (
        "{performed: any, where: {a: ¦{}}}",
        "expected a value or comparisons, found an empty mapping",
    ),
    "where an unknown comparison": (
        "{performed: any, where: {a: {¦atleast: 5}}}",
        'unknown key "atleast" in a comparison: did you mean "at_least"?',
    ),
    "where exists beside": (
        "{performed: any, where: {a: {exists: true, ¦is: 5}}}",
        '"exists" and "is" contradict each other: exists stands alone',
    ),
    "the same property twice": (
        "{performed: any, where: {a: 1, ¦a: 2}}",
        'duplicate key "a": it stands on line 3 already',
    ),
    # references
    "a membership in another spelling": (
        "{in_segment: ¦Cart Abandoner}",
        (
            "expected a segment's key, or a ladder's with a tier: engagement.active, found the "
            'text "Cart Abandoner"'
        ),
    ),
    "in_segment for nothing": (
        "{in_segment: a, for: ¦0d}",
        "a duration is more than zero",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case: str) -> None:
    condition, message = ERRORS[case]
    check(rule(condition), message)


def test_a_misspelt_leaf_hides_no_other_error() -> None:
    check(
        rule("{all: [{¦performd: any}, {quiet: ¦0d}, {any: ¦[]}, {performed: ¦x, ¦witin: 1d}]}"),
        'unknown condition "performd": did you mean "performed"?',
        "a duration is more than zero",
        "expected a list of conditions, found an empty list",
        'unknown event "x": no standard event; a name of your own goes under events in the header',
        'unknown key "witin" in performed: did you mean "within"?',
    )


OF_LEAVES = {
    "a text where an order is of numbers": (
        "{performed: any, where: {size: {at_least: ¦2026-01-01}}}",
        f'expected a number, found the text "2026-01-01": {ORDERED}',
    ),
    "a weekday that does not exist": (
        "{performed: any, where: {at.weekday: {in: [monday, ¦sonntag]}}}",
        (
            "expected one of monday, tuesday, wednesday, thursday, friday, saturday, sunday, "
            'found the text "sonntag"'
        ),
    ),
    "a weekday in upper case": (
        "{performed: any, where: {at.weekday: ¦Sunday}}",
        'expected sunday, found the text "Sunday"',
    ),
    "the order of weekdays": (
        "{performed: any, where: {at.weekday: {at_least: ¦2}}}",
        "weekdays have no order: write in: [saturday, sunday]",
    ),
    "an hour that does not exist": (
        "{performed: any, where: {at.hour: {at_least: ¦24}}}",
        "expected a whole number from 0 to 23 of at.hour, found the number 24",
    ),
    "an hour as a text": (
        '{performed: any, where: {at.hour: ¦"9"}}',
        'expected a whole number from 0 to 23 of at.hour, found the text "9"',
    ),
    "a month that does not exist": (
        "{latest: at.month, of: any, is: ¦0}",
        "expected a whole number from 1 to 12 of at.month, found the number 0",
    ),
    "a date that does not exist": (
        "{performed: any, where: {at.date: {at_least: ¦2026-02-30}}}",
        'expected an existing day of at.date, such as 2026-11-27, found the text "2026-02-30"',
    ),
    "a date by number": (
        "{performed: any, where: {at.date: {below: ¦2026}}}",
        "expected an existing day of at.date, such as 2026-11-27, found the number 2026",
    ),
    "a time that is added up": (
        "{total: ¦at.hour, of: any, at_least: 5}",
        "at.hour is a time, and is not added up",
    ),
    "a time that multiplies": (
        "{largest: price, times: ¦at.hour, of: any, at_least: 5}",
        "at.hour is a time, and is not added up",
    ),
    "a trait above a date": (
        "{trait: birth_date, above: ¦2026-01-01}",
        f'expected a number, found the text "2026-01-01": {ORDERED}',
    ),
    "the order of a text": (
        "{latest: sku, of: any, above: ¦5}",
        'sku is a text, and 5 is a number: write "5"',
    ),
    "a text of a number": (
        "{first: price, of: any, starts_with: ¦a}",
        'price is a number, and "a" is a text: expected a number',
    ),
    "a favourite quantity": (
        "{favours: quantity, of: any, is_not: ¦many, at_least: 2}",
        'quantity is a number, and "many" is a text: expected a number',
    ),
}
"""Kinds of standard properties that only the reader knows: the schema of a leaf does not."""


@pytest.mark.parametrize("case", OF_LEAVES)
def test_a_leaf_compares_a_standard_property_by_its_kind(case: str) -> None:
    marked, message = OF_LEAVES[case]
    check(rule(marked), message)
