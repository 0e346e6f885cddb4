"""Profiles survive their bytes, also under other rules than those that wrote them."""

import pytest

from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.core.engine.program import RuleSet
from streamer.core.packing import packed, unpacked
from streamer.core.profile import Profile
from streamer.core.rules.compile import compile_rules
from streamer.errors import AdapterError, Fenced
from streamer.language import read_rules_text
from streamer.types import DAY, Event, Wake

START = 1_760_000_000_000
OLD = """
segment: looked
purpose: Test.
when: {performed: product_viewed, at_least: 2}
---
ladder: level
purpose: Test.
tiers:
  - high: {total: price, of: order_completed, at_least: 10}
  - low: otherwise
---
segment: gone_later
purpose: Test.
when: {performed: cart_viewed}
"""
NEW = """
segment: again
purpose: Test.
when: {performed: product_viewed, same: product_id, at_least: 2}
---
segment: looked
purpose: Test.
when: {performed: product_viewed, at_least: 2, within: 7d}
---
ladder: level
purpose: Test.
tiers:
  - highest: {total: price, of: order_completed, at_least: 1000}
  - high: {total: price, of: order_completed, at_least: 10}
  - low: otherwise
"""


def compiled(text: str) -> RuleSet:
    declared = read_rules_text(text, "rules.yaml")
    return compile_rules(declared.header, declared.declarations)


def lived(rules: RuleSet) -> Profile:
    profile = None
    for number, name in enumerate(["product_viewed", "order_completed", "cart_viewed"]):
        event = Event(f"e-{number}", name, "u", START + number, {"product_id": "p", "price": 12})
        profile = decide(rules, profile, event).profile
    assert profile is not None
    return profile


def test_bytes_hold_all_that_decides() -> None:
    rules = compiled(OLD)
    codec = ProfileCodec(rules)
    profile = lived(rules)
    again = codec.decode("u", codec.encode(profile))
    assert codec.encode(again) == codec.encode(profile)
    following = Event("e-9", "product_viewed", "u", START + 9, {})
    assert decide(rules, again, following).changes == decide(rules, profile, following).changes


def test_who_comes_back_is_decided_by_what_the_event_touches() -> None:
    rules = compiled(OLD)
    codec = ProfileCodec(rules)
    again = codec.decode("u", codec.encode(lived(rules)))
    following = Event("e-9", "product_viewed", "u", START + 9, {})
    assert [one.segment for one in decide(rules, again, following).changes] == ["looked"]
    decoded = {cell.slot for cell in rules.cells if again.states[cell.slot] is not None}
    assert decoded == {cell.slot for cell in rules.cells if cell.listens("product_viewed")}
    assert decoded != {cell.slot for cell in rules.cells}


def test_answers_and_when_they_were_asked_for_are_kept() -> None:
    rules = compiled(OLD)
    codec = ProfileCodec(rules)
    profile = lived(rules)
    profile.seen += 5  # as after a wake that changed nothing
    profile.valid_until[1] = profile.wake + 3
    again = codec.decode("u", codec.encode(profile))
    assert (again.seen, again.valid_until) == (profile.seen, profile.valid_until)


def test_cells_are_written_from_the_last_event_once_their_base_is_old() -> None:
    rules = compiled(OLD)
    codec = ProfileCodec(rules)
    stored = codec.encode(lived(rules))
    for days, moved in ((29, False), (2, True)):
        profile = codec.decode("u", stored)
        at = profile.last + days * DAY
        following = Event(f"e-{at}", "product_viewed", "u", at, {})
        stored = codec.encode(decide(rules, profile, following).profile or profile)
        assert (codec.decode("u", stored).base == at) is moved


def test_another_rule_set_finds_what_it_shares() -> None:
    old, new = compiled(OLD), compiled(NEW)
    written = ProfileCodec(old)
    profile = ProfileCodec(new, written.own).decode("u", written.encode(lived(old)))
    at = {segment.key: segment.index for segment in new.segments}
    assert profile.inside[at["level"]] == 2  # still `high`, now the second tier
    assert profile.inside[at["again"]] == 0  # a new memory starts empty
    entered = decide(new, profile, Event("e-9", "product_viewed", "u", START + 9, {})).changes
    assert [change.segment for change in entered] == ["looked"]  # its memory is shared


def test_it_is_told_that_other_rules_wrote_a_profile_and_which_memberships_are_lost() -> None:
    old, new = compiled(OLD), compiled(NEW)
    written = ProfileCodec(old)
    data = written.encode(lived(old))
    own = written.read("u", data)
    assert (own.rules, own.removed) == (None, ())
    stored = ProfileCodec(new, written.own).read("u", data)
    assert (stored.rules, stored.removed) == (old.version, ("gone_later",))


def test_a_tier_that_is_no_more_is_lost() -> None:
    old, new = compiled(OLD), compiled(OLD.replace("- high:", "- higher:"))
    written = ProfileCodec(old)
    stored = ProfileCodec(new, written.own).read("u", written.encode(lived(old)))
    assert stored.removed == ("level.high",)
    assert stored.profile.inside[[segment.key for segment in new.segments].index("level")] == 0


def test_rules_that_decide_otherwise_have_another_layout() -> None:
    narrower = compiled(OLD.replace("at_least: 2}", "at_least: 2, within: 7d}"))
    assert narrower.cell_keys == compiled(OLD).cell_keys
    assert ProfileCodec(narrower).id != ProfileCodec(compiled(OLD)).id


def test_rules_with_another_purpose_have_the_same_layout() -> None:
    corrected = compiled(OLD.replace("purpose: Test.", "purpose: Tested.", 1))
    first = ProfileCodec(compiled(OLD), {}, 10)
    second = ProfileCodec(corrected, first.own, 20)
    assert (second.own, second.others, second.effective_from) == (first.own, (), 10)


def test_rules_are_in_force_from_where_the_ones_before_had_decided() -> None:
    old, new = compiled(OLD), compiled(NEW)
    first = ProfileCodec(old, {}, 10)
    second = ProfileCodec(new, first.own, 20)
    assert (first.effective_from, second.effective_from) == (10, 20)
    both = first.own | second.own
    assert ProfileCodec(new, both, 30).effective_from == 20  # a restart changes nothing
    assert ProfileCodec(new, both, 30).own == second.own
    back = ProfileCodec(old, both, 30)
    assert (back.effective_from, back.id) == (30, first.id)
    assert ProfileCodec(old, both | back.own, 40).effective_from == 30
    assert ProfileCodec(new, both, 5).effective_from == 20  # time does not go back


def test_a_layout_of_another_version_is_refused_by_its_version() -> None:
    codec = ProfileCodec(compiled(OLD))
    version, *others = unpacked(codec.own[codec.id])
    written = packed((version + 1, *others))
    with pytest.raises(AdapterError, match=f"has version {version + 1}; this program reads"):
        ProfileCodec(compiled(OLD), {codec.id: written})


@pytest.mark.parametrize("data", [b"", b"\x94\x01\x90\x90\x90", b"nonsense"])
def test_bytes_that_are_no_layout_are_refused(data: bytes) -> None:
    with pytest.raises(AdapterError, match="a stored layout cannot be read"):
        ProfileCodec(compiled(OLD), {b"key!": data})


def test_memories_that_other_rules_did_not_have_are_known() -> None:
    old, new = compiled(OLD), compiled(NEW)
    codec = ProfileCodec(new, ProfileCodec(old).own)
    again = next(segment for segment in new.segments if segment.key == "again")
    assert codec.cold == again.slots
    assert ProfileCodec(new).cold == frozenset()


def test_two_layouts_with_one_id_are_refused() -> None:
    rules = compiled(OLD)
    other = ProfileCodec(compiled(NEW)).own.popitem()[1]
    with pytest.raises(AdapterError, match="another layout"):
        ProfileCodec(rules, {ProfileCodec(rules).id: other})


def test_an_unknown_layout_is_that_of_another_owner() -> None:
    old, new = compiled(OLD), compiled(NEW)
    with pytest.raises(Fenced, match="another owner"):
        ProfileCodec(new).decode("u", ProfileCodec(old).encode(lived(old)))


@pytest.mark.parametrize("data", [b"", b"\x00", b"nonsense", b"\x93\x01\x02\x03"])
def test_bytes_that_are_no_profile_are_refused(data: bytes) -> None:
    with pytest.raises(AdapterError):
        ProfileCodec(compiled(OLD)).decode("u", data)


def test_a_silent_wake_leaves_no_trace_in_the_bytes() -> None:
    rules = compiled(OLD)
    codec = ProfileCodec(rules)
    profile = lived(rules)
    before = codec.encode(profile)
    decision = decide(rules, profile, Wake(profile.wake - 1))
    assert decision.profile is not None
    assert codec.encode(decision.profile) == before
