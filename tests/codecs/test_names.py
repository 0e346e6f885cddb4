"""Event names in any script."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.codecs.names import is_name, no_name, snake_case


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "product_viewed",
        "a" * 63,
        "produkt_hinzugefügt",
        "加入购物车",
        "товар_добавлен",
        "สินค้า_ดู",
        "कार्ट_में_जोड़ा",
        "étape_2",
        "шаг_٢",
    ],
)
def test_names_of_any_script(text: str) -> None:
    assert is_name(text)
    assert snake_case(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Product",
        "productViewed",
        "Товар",
        "1st",
        "٢",
        "_a",
        "a-b",
        "a b",
        "a²",
        "ǅ",
        "a" * 64,
        "加" * 64,
        "a\n",
        normalize("NFD", "hinzugefügt"),
        "\u093fa",
    ],
)
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Product List Viewed", "product_list_viewed"),
        ("product list viewed", "product_list_viewed"),
        ("productListViewed", "product_list_viewed"),
        ("ProductListViewed", "product_list_viewed"),
        ("product.list.viewed", "product_list_viewed"),
        ("Product-List / Viewed!", "product_list_viewed"),
        ("product__list___viewed", "product_list_viewed"),
        ("PRODUCT LIST VIEWED", "product_list_viewed"),
        ("HTMLPageViewed", "html_page_viewed"),
        ("Step2Viewed", "step2_viewed"),
        ("A", "a"),
        ("aB" * 31, "ab" * 31),
        ("Cart Viewed" + " " * 100, "cart_viewed"),
        (" Cart\nViewed ", "cart_viewed"),
        ("$pageview", "pageview"),
        ("[Amplitude] Cart Viewed", "amplitude_cart_viewed"),
        ("Artikel Hinzugefügt", "artikel_hinzugefügt"),
        ("artikelÄndern", "artikel_ändern"),
        (normalize("NFD", "Hinzugefügt"), "hinzugefügt"),
        ("Товар Добавлен", "товар_добавлен"),
        ("查看购物车", "查看购物车"),
        ("👕 Viewed", "viewed"),
    ],
)
def test_names_in_snake_case(text: str, name: str) -> None:
    assert snake_case(text) == name


@pytest.mark.parametrize(
    "text", ["", "2nd Visit", "…", "a" * 64, "a" + " " * 256, "\u093f", "\U0001d400"]
)
def test_texts_that_give_no_name_get_a_reason(text: str) -> None:
    assert snake_case(text) is None
    assert no_name(text)


@given(st.text(max_size=70))
def test_what_snake_case_gives_is_a_name_and_stays_one(text: str) -> None:
    name = snake_case(text)
    assert name is None or (is_name(name) and snake_case(name) in {name, None})
