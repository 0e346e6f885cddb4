"""What a mapping switches off by what it never makes, through conditions and references."""

import pytest

from streamer.analysis.switched_off import blind, switched_off
from streamer.app.shipped import mapping_file
from streamer.language import read_rules_text
from streamer.mapping import Made, made_by, read_mapping
from tests.language.marked import rule

MAPPING = """
id: id
name: {from: type, values: {view: product_viewed, buy: order_completed}}
time: at
user_id: who
properties:
  product_id: sku
  currency: {value: GBP}
  channel: {from: src, values: {pos: store}, otherwise: web}
  address: address
  products: {each: items, properties: {price: {from: price, as: number}}}
traits: {country: land}
input: json
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    file = tmp_path_factory.mktemp("mapping") / "mapping.yaml"
    file.write_text(MAPPING)
    return made_by(read_mapping(file).says)


ADDED = "{performed: product_added}"
VIEWED = "{performed: product_viewed}"


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (ADDED, "product_added is never made"),
        (VIEWED, None),
        ("{performed: [product_added, product_viewed]}", None),
        ("{performed: any}", None),
        (f"{{all: [{VIEWED}, {ADDED}]}}", "product_added is never made"),
        (f"{{any: [{VIEWED}, {ADDED}]}}", None),
        (f"{{any: [{ADDED}, {{performed: cart_viewed}}]}}", "product_added is never made"),
        (f"{{none: [{ADDED}]}}", None),
        ("{not_performed: product_added}", None),
        ("{performed: product_added, at_most: 2}", None),
        ("{performed: product_added, is: 0}", None),
        ("{performed: product_added, is: 1}", "product_added is never made"),
        ("{quiet: 1d}", None),
        ("{performed: order_completed, where: {brand: acme}}", "brand is never made"),
        ("{performed: order_completed, where: {brand: {exists: false}}}", None),
        ("{performed: order_completed, where: {price: {at_least: 5}}}", None),
        ("{performed: order_completed, where: {address.city: Bonn}}", None),
        ("{performed: order_completed, where: {product_id.x: a}}", None),
        ("{performed: order_completed, where: {at.weekday: monday}}", None),
        (
            "{performed: order_completed, where: {context.locale: de}}",
            "context.locale is never made",
        ),
        (
            "{performed: order_completed, where: {currency: EUR}}",
            "currency is EUR is never made, but GBP",
        ),
        ("{performed: order_completed, where: {currency: {in: [EUR, GBP]}}}", None),
        (
            "{performed: order_completed, where: {channel: app}}",
            "channel is app is never made, but store, web",
        ),
        (
            "{total: revenue, of: order_completed, where: {currency: GBP}, above: 5}",
            "revenue is never made",
        ),
        ("{total: revenue, of: order_completed, where: {currency: GBP}, below: 5}", None),
        ("{trait: country, is: DE}", None),
        ("{trait: email, exists: true}", "the trait email is never made"),
        ("{trait: email, exists: false}", None),
        ("{age: {trait: birth_date}, below: 18}", "the trait birth_date is never made"),
        (
            "{sequence: [product_viewed, checkout_started]}",
            "checkout_started is never made",
        ),
    ],
)
def test_a_condition_is_off_if_what_it_needs_is_never_made(
    made: Made, condition: str, why: str | None
) -> None:
    found = switched_off(read_rules_text(rule(condition)).declarations, made)
    assert [one.why for one in found] == ([] if why is None else [why])


def test_what_asks_for_what_is_off_is_off(made: Made) -> None:
    text = "---\n".join(
        f"{head}\npurpose: p\n{rest}\n"
        for head, rest in (
            ("segment: a", "when: {in_segment: b}"),
            ("segment: b", "when: {in_segment: steps.cart}"),
            ("segment: c", "when: {left_segment: steps.rest, within: 1d}"),
            ("ladder: steps", f"tiers: [{{cart: {ADDED}}}, {{rest: otherwise}}]"),
        )
    )
    assert switched_off(read_rules_text(text).declarations, made) == [
        ("a", "it asks for b, which is off"),
        ("b", "it asks for steps.cart, which is off"),
        ("steps.cart", "product_added is never made"),
    ]


@pytest.mark.parametrize(
    ("condition", "events"),
    [
        ("{not_performed: [cart_viewed, product_added]}", ["cart_viewed or product_added"]),
        ("{not_performed: [cart_viewed, order_completed]}", []),
        ("{abandoned: {did: product_viewed, without: product_added}}", ["product_added"]),
    ],
)
def test_what_is_never_told_cannot_end_anything(
    made: Made, condition: str, events: list[str]
) -> None:
    found = blind(read_rules_text(rule(condition)).declarations, made)
    assert [one.events for one in found] == events


def test_shipped_mappings_make_what_their_shops_send() -> None:
    cart = read_rules_text(rule("{performed: product_added}")).declarations
    made = {
        name: made_by(read_mapping(mapping_file(name)).says)
        for name in ("shopify_webhooks", "woocommerce", "ga4")
    }
    off = {name for name, one in made.items() if switched_off(cart, one)}
    assert off == {"woocommerce"}
