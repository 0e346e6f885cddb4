"""The scenario driver: what passes, what fails, and what a person is told."""

from streamer.app.inputs import compiled
from streamer.app.scenario import ScenarioVerdict, render, run_tests
from streamer.language import read_rules_text

CART = """
segment: cart_abandoner
purpose: p
when:
  all:
    - {performed: product_added, within: 7d}
    - {not_performed: order_completed, since: product_added}
    - {quiet: 30m}
tests:
"""
LADDER = """
ladder: engagement
purpose: p
tiers:
  - active: {performed: any, at_least: 2, within: 7d}
  - semi_active: {performed: any, within: 30d}
tests:
"""
ADDED = "{at: 0s, event: product_added}"


def run(text: str) -> list[ScenarioVerdict]:
    declared = read_rules_text(text)
    return run_tests(compiled(declared))


def outcome(head: str, given: str, expect: str, more: str = "", others: str = "") -> bool:
    (verdict,) = run(f"{head}  - {{name: n, given: [{given}], expect: [{expect}]{more}}}\n{others}")
    return verdict.passed


IN = "{at: 30m, enters: cart_abandoner}"
OUT = "{at: 7d, exits: cart_abandoner}"


def test_what_is_expected_and_nothing_else() -> None:
    assert outcome(CART, ADDED, f"{IN}, {OUT}")
    assert outcome(CART, ADDED, f"{OUT}, {IN}")


def test_the_time_is_exact_to_the_millisecond() -> None:
    assert not outcome(CART, ADDED, IN.replace("30m", "1800001ms") + f", {OUT}")


def test_a_change_that_is_not_expected_fails() -> None:
    assert not outcome(CART, ADDED, OUT)


def test_a_change_that_does_not_happen_fails() -> None:
    assert not outcome(CART, ADDED, f"{IN}, {OUT}, {{at: 8d, enters: cart_abandoner}}")
    assert not outcome(CART, ADDED, f"{IN}, {IN}, {OUT}")


def test_a_test_ends_one_day_after_its_last_event_or_change() -> None:
    assert not outcome(CART, ADDED, "")
    assert outcome(CART, ADDED, IN)


def test_a_test_ends_where_it_says() -> None:
    assert outcome(CART, ADDED, "", ", until: 1799999ms")
    assert not outcome(CART, ADDED, "", ", until: 30m")
    assert not outcome(CART, ADDED, IN, ", until: 7d")


def test_moves_stand_for_exit_and_entry() -> None:
    twice = f"{ADDED}, {{at: 1h, event: product_viewed}}"
    assert outcome(
        LADDER,
        twice,
        "{at: 0s, moves: engagement, to: semi_active}, {at: 1h, moves: engagement, to: active}, "
        "{at: 7d, moves: engagement, to: semi_active}, {at: 721h, moves: engagement, to: none}",
    )
    assert outcome(
        LADDER,
        twice,
        "{at: 0s, enters: engagement.semi_active}, {at: 1h, exits: engagement.semi_active}, "
        "{at: 1h, enters: engagement.active}",
        ", until: 2h",
    )
    assert not outcome(
        LADDER,
        twice,
        "{at: 0s, moves: engagement, to: semi_active}, {at: 1h, enters: engagement.active}",
        ", until: 2h",
    )


def test_two_moves_at_one_instant() -> None:
    assert outcome(
        LADDER,
        f"{ADDED}, {{at: 1h, event: product_viewed}}, {{at: 7d, event: product_viewed}}",
        "{at: 0s, moves: engagement, to: semi_active}, {at: 1h, moves: engagement, to: active}, "
        "{at: 7d, moves: engagement, to: semi_active}, {at: 7d, moves: engagement, to: active}",
        ", until: 7d",
    )


def test_other_segments_need_not_be_listed_but_may_be() -> None:
    other = "---\nsegment: other\npurpose: p\nwhen: {performed: any}\n"
    assert outcome(CART, ADDED, IN, others=other)
    assert outcome(CART, ADDED, f"{IN}, {{at: 0s, enters: other}}", others=other)
    assert not outcome(CART, ADDED, f"{IN}, {{at: 1s, enters: other}}", others=other)


def test_events_come_in_the_order_in_which_they_are_listed() -> None:
    late = "{at: 1h, event: product_viewed}, {at: 20m, event: product_added}"
    assert outcome(CART, late, "{at: 90m, enters: cart_abandoner}")


def test_the_tests_of_a_rule_that_is_not_evaluated_are_skipped() -> None:
    text = f"{CART}  - {{name: n, given: [{ADDED}], expect: []}}\nsettings: {{enabled: false}}\n"
    (verdict,) = run(text)
    assert verdict.skipped
    assert verdict.passed
    assert render(verdict) == "skipped  cart_abandoner: n (its settings say enabled: false)"


def test_a_failed_test_tells_its_story() -> None:
    text = f"""{CART}
  - name: half an hour
    given:
      - {{at: 0s, event: product_added, product_id: shoe-1}}
      - {{at: 0s, event: product_added, id: given-1}}
      - {{at: 1h, event: order_completed}}
    expect:
      - {{at: 35m, enters: cart_abandoner}}
      - {{at: 1h, exits: cart_abandoner}}
"""
    (verdict,) = run(text)
    assert not verdict.passed
    added = "performed product_added at least 1 time within 7d: last at 0s"
    pad = " " * 20
    assert render(verdict).split("\n") == [
        "FAILED  cart_abandoner: half an hour  (rules.yaml:11:5)",
        "   0s  given        product_added (product_id: shoe-1)",
        "   0s  refused      product_added: duplicate, so it counts for nothing",
        "  30m  unexpected   enters cart_abandoner",
        f"{pad}because {added}",
        f"{pad}    and not performed order_completed since product_added: none so far",
        f"{pad}    and quiet 30m: since 0s",
        "  35m  missing      enters cart_abandoner",
        f"{pad}because in cart_abandoner then, since 30m",
        f"{pad}    and {added}",
        f"{pad}    and not performed order_completed since product_added: none so far",
        f"{pad}    and quiet 30m: since 0s",
        "   1h  given        order_completed",
        "   1h  as expected  exits cart_abandoner",
    ]


def test_a_story_writes_values_as_a_rule_does_and_numbers_late_events() -> None:
    products = "products: [{product_id: '7', gift: true}]"
    text = f"""{CART}
  - name: late
    given:
      - {{at: 1h, event: order_completed, {products}, note: 'a: b', traits: {{plan: pro}}}}
      - {{at: 0s, event: product_added, product_id: shoe-1, quantity: 2.5}}
    expect: [{{at: 2h, enters: cart_abandoner}}]
"""
    (verdict,) = run(text)
    given = [line for line in render(verdict).split("\n") if " given " in line]
    written = 'note: "a: b", products: [{product_id: "7", gift: true}], traits: {plan: pro}'
    assert given == [
        "  0s  given        product_added (product_id: shoe-1, quantity: 2.5), number 2 to arrive",
        f"  1h  given        order_completed ({written}), number 1 to arrive",
    ]


def test_a_passed_test_is_one_line() -> None:
    (verdict,) = run(f"{CART}  - {{name: n, given: [{ADDED}], expect: [{IN}]}}\n")
    assert render(verdict) == "passed  cart_abandoner: n"


JOINING = f"""
ruleset: shop
identity: {{anonymous: last}}
---{CART}"""
ADDED_AS_VISITOR = "{at: 0s, event: product_added, anonymous_id: a}"


def test_a_test_may_follow_a_visitor_who_becomes_a_user() -> None:
    bought = "{at: 10m, event: order_completed, user_id: u, anonymous_id: a}"
    assert outcome(JOINING, f"{ADDED_AS_VISITOR}, {bought}", "")
    login = "{at: 40m, event: identified, user_id: u, anonymous_id: a}"
    left = "{at: 30m, enters: cart_abandoner}, {at: 30m, exits: cart_abandoner}"
    whose = left.replace("abandoner}", "abandoner, customer: a}")
    users = "{at: 40m, enters: cart_abandoner}"
    for visitors in (left, whose):
        assert outcome(JOINING, f"{ADDED_AS_VISITOR}, {login}", f"{visitors}, {users}")
    wrong = whose.replace("customer: a", "customer: u")
    assert not outcome(JOINING, f"{ADDED_AS_VISITOR}, {login}", f"{wrong}, {users}")


def test_without_identity_the_ids_of_a_test_are_customers_of_their_own() -> None:
    bought = "{at: 10m, event: order_completed, user_id: u, anonymous_id: a}"
    assert outcome(CART, f"{ADDED_AS_VISITOR}, {bought}", f"{IN}, {OUT}")
    (verdict,) = run(f"{CART}  - {{name: n, given: [{ADDED_AS_VISITOR}, {bought}], expect: []}}")
    story = render(verdict)
    assert "given        u with a: order_completed" in story
    assert "unexpected   a enters cart_abandoner" in story


def test_a_story_says_what_could_not_be_read() -> None:
    head = """
segment: spender
purpose: p
when: {total: revenue, of: order_completed, where: {currency: EUR}, at_least: 50}
tests:
"""
    given = '{at: 0s, event: order_completed, revenue: "60,00", currency: EUR}'
    expect = "{at: 0s, enters: spender}"
    (verdict,) = run(f"{head}  - {{name: n, given: [{given}], expect: [{expect}]}}\n")
    said = '(revenue: "60,00", currency: EUR): revenue cannot be read, so it is no value'
    assert said in render(verdict)
