"""Answers keep to the rules that decide; what the files have otherwise is told beside them."""

from pathlib import Path

import pytest

from streamer.app.inputs import load_rules
from streamer.serve.rulebook import Rulebook
from streamer.types import DAY
from tests.serve.asking import asking
from tests.serve.conftest import filled

FIRST = "segment: cart\ntitle: One\npurpose: A test.\nwhen: {performed: product_added}\n"
RENAMED = FIRST.replace("One", "Another title")
OTHER = (
    FIRST.replace("product_added", "product_viewed")
    + "---\nsegment: new\npurpose: A test.\nwhen: {performed: order_completed}\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of rules."""
    path = tmp_path / "rules.yaml"
    path.write_text(FIRST)
    return path


def book_of(file: Path) -> Rulebook:
    return Rulebook(load_rules([str(file)]), [str(file)])


def test_other_rules_wait_until_they_decide(file: Path) -> None:
    book = book_of(file)
    first = book.catalogue.rules.version
    file.write_text(OTHER)
    book.look({first})
    assert book.catalogue.rules.version == first
    cart, new = book.files.differences(book.catalogue)
    assert (cart.segment, new.segment) == ("cart", "new")
    assert "product_added" in str(cart.running)
    assert "product_viewed" in str(cart.files)
    assert new.running is None
    second = load_rules([str(file)]).compiled.version
    book.look({first, second})
    assert book.catalogue.rules.version == second
    assert book.files.differences(book.catalogue) == []


def test_a_new_title_decides_nothing_and_is_taken_over(file: Path) -> None:
    book = book_of(file)
    file.write_text(RENAMED)
    book.look({book.catalogue.rules.version})
    assert book.catalogue.entries[0].title == "Another title"


def test_files_that_are_no_rules_change_nothing_and_are_told(file: Path) -> None:
    book = book_of(file)
    file.write_text("segment: [")
    book.look(())
    assert book.files.catalogue is None
    assert "rules.yaml:1" in str(book.files.error)
    assert book.catalogue.entries[0].key == "cart"
    file.write_text(FIRST + "\n")
    book.look(())
    assert book.files.error is None


def test_the_page_tells_what_is_pending(file: Path, tmp_path: Path) -> None:
    shop = filled(tmp_path / "shop.db", DAY, [str(file)])
    with asking(shop, [str(file)], tmp_path) as ask:
        told = ask("/v1/rules").body
        assert not told["pending"]
        assert told["files"] == told["read"]
        file.write_text(OTHER)
        told = ask("/v1/rules").body
        assert told["pending"]
        assert told["files"] != told["read"]
        assert [one["segment"] for one in told["differences"]] == ["cart", "new"]
        assert ask("/v1/segments").body["state"] == "current"  # they are decided as they are told
