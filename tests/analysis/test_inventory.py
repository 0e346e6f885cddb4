"""What a rule set remembers and reads."""

from streamer.analysis.inventory import Inventory, inventory
from streamer.app.inputs import Rules
from streamer.codecs.profiles import CELL_BYTES, MEMBERSHIP_BYTES, PROFILE_BYTES
from streamer.core.rules.compile import compile_rules
from streamer.core.state.cell import TIME_BYTES
from streamer.language import read_rules_text

HEAD = "title: An example\npurpose: An example.\n"


def of(*documents: str) -> Inventory:
    declared = read_rules_text("\n---\n".join(document + "\n" + HEAD for document in documents))
    return inventory(Rules(declared, compile_rules(declared.header, declared.declarations)))


def test_a_segment_remembers_its_cells_and_its_membership() -> None:
    (needs,) = of(
        "segment: one\nwhen: {performed: product_added, at_least: 3, within: 7d}"
    ).segments
    assert needs.remembers == CELL_BYTES + 3 + 3 * TIME_BYTES + MEMBERSHIP_BYTES
    assert (needs.events, needs.properties, needs.limits) == (("product_added",), (), ())


def test_what_is_shared_is_said_in_each_and_counted_once() -> None:
    found = of(
        "segment: one\nwhen: {performed: product_added, within: 7d}",
        "segment: two\nwhen: {not_performed: product_added, within: 1d}",
    )
    one, two = found.segments
    assert one.shared == two.shared == CELL_BYTES + 3 + TIME_BYTES
    assert (one.shared_with, two.shared_with) == (("two",), ("one",))
    assert found.total == PROFILE_BYTES + one.shared + 2 * MEMBERSHIP_BYTES


def test_everything_that_a_rule_reads_is_named() -> None:
    (needs,) = of(
        """segment: one
when:
  all:
    - {performed: product_added, where: {category: shoes}, since: order_completed}
    - {total: price, times: quantity, of: order_completed, within: 7d, at_least: 5}
    - {quiet: 30m}
    - {trait: country, is: DE}
    - {age: {trait: birth_date}, below: 30}
    - {anniversary: {trait: wedding_date}}
    - {abandoned: {did: product_viewed, without: product_added}, where: {brand: acme}}
    - sequence: [{event: cart_viewed, where: {currency: EUR}}, checkout_started]"""
    ).segments
    assert needs.events == (
        "any",
        "cart_viewed",
        "checkout_started",
        "order_completed",
        "product_added",
        "product_viewed",
    )
    assert needs.properties == (
        "brand",
        "category",
        "currency",
        "price",
        "product_id",
        "quantity",
    )
    assert needs.traits == ("birth_date", "country", "wedding_date")


def test_what_could_need_more_than_its_bound_says_so() -> None:
    (needs,) = of(
        """segment: one
when:
  any:
    - {performed: product_viewed, same: product_id, at_least: 2, within: 7d}
    - {favours: category, of: product_viewed, at_least: 2}
    - {favours: brand, of: product_viewed, within: 7d, at_least: 2}
    - {total: price, of: order_completed, within: 7d, at_least: 5}
    - {total: price, of: order_completed, at_least: 5}
    - {abandoned: {did: product_viewed, without: product_added}, same: customer}
    - {sequence: [product_viewed, product_added], same: product_id}
    - {anniversary: {trait: birth_date}}"""
    ).segments
    assert [limit.split(": exact up to ")[1] for limit in needs.limits] == [
        "2,048 different values of product_id",
        "256 different values of category",
        "256 different values of brand and 1,000 events in the window",
        "1,000 events in the window",
        "256 different values of product_id",
        "16 different dates of birth_date",
    ]


def test_a_rule_that_is_not_evaluated_remembers_nothing() -> None:
    found = of("segment: one\nwhen: {performed: any}\nsettings: {enabled: false}")
    assert found.segments[0].remembers is None
    assert found.total == PROFILE_BYTES
