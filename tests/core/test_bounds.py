"""Bytes stay under the bound that a rule set is compiled with, whatever a customer does."""

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from streamer.codecs.profiles import CELL_BYTES, MEMBERSHIP_BYTES, PROFILE_BYTES
from streamer.core.leaves.abandoned import Abandoned
from streamer.core.leaves.aggregate import Aggregate
from streamer.core.leaves.ago import Ago
from streamer.core.leaves.anniversary import Anniversary
from streamer.core.leaves.date import OnDate
from streamer.core.leaves.extreme import Extreme
from streamer.core.leaves.favours import Favours
from streamer.core.leaves.latest import Latest
from streamer.core.leaves.performed import NotPerformed, Performed, Quiet
from streamer.core.leaves.predicted import BgNbd, Predicted
from streamer.core.leaves.sequence import Sequence, Step
from streamer.core.leaves.trait import Trait
from streamer.core.leaves.worth import GammaGamma, Worth
from streamer.core.rules.spec import Comparison, Condition, Header, Scope
from streamer.types import DAY, Event
from tests.core.shopper import Shopper, on, segment

SEEN, DONE, ANY = ("seen",), ("done",), ()
POSITIVE = (Comparison("above", 0),)
IS_ONE = (Comparison("is", 1),)
WINDOW = 100_000
EVER, WITHIN = Scope(SEEN), Scope(SEEN, within=WINDOW)
SINCE = Scope(SEEN, within=WINDOW, since=DONE)
QUESTIONS: list[Condition] = [
    Performed(EVER, at_least=20),
    Performed(WITHIN, at_least=1_000),
    Performed(SINCE, at_most=300),
    Performed(EVER, "distinct", "p", at_least=1),
    Performed(WITHIN, "distinct", "p", at_least=1_000),
    Performed(SINCE, "distinct", "p", exactly=300),
    Performed(WITHIN, "days", at_least=3),
    Performed(EVER, "same", "p", at_least=1),
    Performed(WITHIN, "same", "p", at_least=20),
    Performed(SINCE, "same", "p", at_least=300),
    NotPerformed(SINCE),
    Quiet(WINDOW),
    Ago(SEEN, at_least=1),
    Ago(SEEN, which="first", at_least=1),
    Sequence((Step(SEEN), Step(DONE))),
    Sequence((Step(SEEN), Step(DONE)) * 4, WINDOW, WINDOW),
    Sequence((Step(SEEN), Step(ANY)) * 4, WINDOW, same="p"),
    Abandoned(SEEN, DONE, same="p"),
    Abandoned(SEEN, DONE, 1, same="p", within=WINDOW, at_least=20),
    Abandoned(SEEN, DONE, same=None, at_least=1_000),
    Aggregate("total", "price", EVER, POSITIVE),
    Aggregate("total", "price", WITHIN, POSITIVE, "quantity"),
    Aggregate("average", "price", SINCE, POSITIVE, "quantity"),
    Aggregate("total", "price", Scope(SEEN, since=DONE), POSITIVE, "quantity"),
    Performed(EVER, "per", "p", at_least=1, without=DONE),
    Performed(Scope(SEEN, within=WINDOW, older=1_000), "same", "p", at_least=20),
    Performed(Scope(SEEN, within=WINDOW, older=1_000), at_least=20),
    Aggregate("total", "price", SINCE, POSITIVE, "quantity", per="p", without=DONE),
    Extreme("largest", "price", SINCE, (Comparison("above", 0), Comparison("below", 10**20))),
    Latest("p", SEEN, IS_ONE),
    Latest("p", SEEN, IS_ONE, "first"),
    Favours("p", SEEN),
    Favours("p", SEEN, within=WINDOW, share=Fraction(1, 2)),
    Trait("t", IS_ONE),
    OnDate("born", before=7 * DAY),
    Anniversary("born", before=7 * DAY),
    Predicted(BgNbd("m", SEEN, "event", DAY, *[Fraction(1)] * 4), at_least=Fraction(1, 2)),
    Worth(GammaGamma("m", SEEN, "day", "price", *[Fraction(2)] * 3), at_least=Fraction(1)),
    Predicted(BgNbd("m", SEEN, "day", DAY, *[Fraction(1)] * 4), at_least=Fraction(1, 2)),
]


def value(chance: random.Random) -> Any:  # noqa: ANN401  as in JSON
    """Something that is long when encoded."""
    number = chance.randrange(300)
    text = chr(0x1F600 + number % 64) * 39 + str(number)[0]
    kinds = (text, text + "longer", "y" * 32 + str(number), number, -number - 2**40, number / 7)
    return chance.choice((*kinds, True, 2**63, -(2**63), 1e300, chr(0x10FFFF) * 1_000))


def dates(chance: random.Random) -> list[str]:
    """Many dates, more than are kept."""
    return [f"{chance.randrange(9_000, 10_000)}-01-{day:02}" for day in range(1, 25)]


def adversary(seed: int, events: int) -> Iterator[Event]:
    """A customer of many values, huge numbers, late events and long lists."""
    chance = random.Random(seed)  # noqa: S311  a seed, not secrecy
    now = 0
    for number in range(events):
        now += chance.choice((0, 0, 1, 1, 1, 60_000 if chance.random() < 0.01 else 0))
        late = chance.choice((0, 0, 0, chance.randrange(50_000)))
        several = chance.choice((1, 1, 1, 2, 8))
        yield Event(
            f"e{number}",
            "done" if chance.random() < 0.02 else "seen",
            "c",
            on(now - late).time,
            {
                "p": [value(chance) for _ in range(several)],
                "price": chance.choice((1e11, -1e11, 0.1, 3)),
                "quantity": chance.choice((1_000_000, 999_999, 3)),
            },
            chance.choice((None, None, {"t": value(chance), "born": dates(chance)})),
        )


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: type(question).__name__)
def test_no_cell_outgrows_its_bound(question: Condition) -> None:
    shopper = Shopper(question)
    (cell,) = shopper.rules.cells
    empty = len(shopper.bytes)
    for number, event in enumerate(adversary(1, 1_300)):
        shopper.learns(event)
        if number % 50 == 49 or number < 20:
            profile = shopper.alive
            kept, profile.ids, profile.id_times = (profile.ids, profile.id_times), b"", []
            assert len(shopper.bytes) - empty <= CELL_BYTES + cell.max_bytes() + ROOM
            profile.ids, profile.id_times = kept


ROOM = 8 * 4
"""Instants and counters of the profile itself, which grow from one byte to nine."""


def test_no_profile_outgrows_the_sum_of_its_bounds() -> None:
    shopper = Shopper(*(segment(one, f"s{n}") for n, one in enumerate(QUESTIONS)))
    rules = shopper.rules
    bound = PROFILE_BYTES + MEMBERSHIP_BYTES * len(rules.segments)
    bound += sum(CELL_BYTES for _ in rules.cells) + rules.most_bytes
    bound += sum(cell.max_bytes() for cell in rules.cells if not cell.weighs)
    for number, event in enumerate(adversary(2, 1_300)):
        shopper.learns(event)
        if number % 100 == 99:
            assert len(shopper.bytes) <= bound


def test_a_profile_of_nothing_but_ids_stays_under_its_bound() -> None:
    shopper = Shopper(Ago(("never",), at_least=1), header=Header(max_lateness=10**9))
    for event in adversary(3, 300):
        shopper.learns(event)
    most = PROFILE_BYTES + MEMBERSHIP_BYTES + CELL_BYTES
    assert 0.5 * most < len(shopper.bytes) <= most


def long_text(number: int) -> str:
    """A text that takes as many bytes as a remembered value may."""
    return (
        chr(0x1F600 + number % 64) * 38 + chr(0x1F600 + number // 64 % 64) + chr(0x20000 + number)
    )


@pytest.mark.parametrize(
    "question",
    [
        Performed(WITHIN, "distinct", "p", at_least=300),
        Sequence((Step(SEEN), Step(DONE)), same="p"),
        Abandoned(SEEN, DONE, same="p", at_least=2),
        Favours("p", SEEN),
    ],
    ids=["distinct", "sequence", "abandoned", "favours"],
)
def test_a_bound_can_nearly_be_reached(question: Condition) -> None:
    shopper = Shopper(question)
    (memory,) = shopper.rules.cells
    for number in range(5_000):
        text = long_text(number // 2)
        shopper.learns(on(number // 2, p=text, price=1e11, quantity=1_000_000))
        shopper.learns(on(number // 2 - 1, "done", p=long_text(number // 2 + 10**5)))
    profile = shopper.alive
    empty = len(Shopper(question).bytes) + ROOM
    profile.ids = b""
    assert 0.6 * memory.max_bytes() < len(shopper.bytes) - empty <= memory.max_bytes()
