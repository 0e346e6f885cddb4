"""What counts as right, late, missing and extra in the table of `peers`."""

from collections.abc import Sequence

from verdict import BEHIND, Change, Verdict, judge, read_change

ENTERED = ("u-1", "silent", "entered")
EXITED = ("u-1", "silent", "exited")
TIMES = {0: range(10 * BEHIND)}


def verdict(true: Sequence[Change], written: Sequence[Change]) -> Verdict:
    return judge(true, [(0, change) for change in written], TIMES, lambda _: 0)


def test_the_same_change_is_right_and_its_repetition_extra() -> None:
    change = Change(ENTERED, 5)
    assert verdict([change], [change, change]) == Verdict(right=1, late=0, missing=0, extra=1)


def test_a_change_that_is_not_written_is_missing() -> None:
    assert verdict([Change(ENTERED, 5)], []) == Verdict(right=0, late=0, missing=1, extra=0)


def test_a_later_instant_is_late_unless_it_belongs_to_the_next_change() -> None:
    true = [Change(EXITED, 5), Change(EXITED, 50)]
    assert verdict(true, [Change(EXITED, 7)]) == Verdict(0, late=1, missing=1, extra=0)
    assert verdict(true, [Change(EXITED, 50)]) == Verdict(1, late=0, missing=1, extra=0)


def test_an_earlier_instant_is_extra() -> None:
    assert verdict([Change(EXITED, 5)], [Change(EXITED, 4)]) == Verdict(0, 0, missing=1, extra=1)


def test_a_change_behind_many_events_is_late() -> None:
    others = [Change(("u-2", "silent", "entered"), at) for at in (BEHIND, BEHIND + 1)]
    first = Change(ENTERED, 0)
    assert verdict([first, *others], [others[0], first]).late == 0
    assert verdict([first, *others], [others[1], first]).late == 1


def test_instants_are_read_as_text_and_as_numbers() -> None:
    facts = b'{"customer_id":"u-1","segment":"silent","direction":"entered","at":%b}'
    change = Change(ENTERED, 1_767_225_600_250)
    assert read_change(facts % b'"2026-01-01T00:00:00.250Z"') == change
    assert read_change(facts % b"1767225600250") == change
