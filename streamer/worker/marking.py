"""Who was erased or suppressed, as a partition marks it: what is taken of them, and what is not.

A mark is kept under a keyed hash of the id, so it outlives the id without naming it. It is over
once no event of before the order can come any more (`core.marks`).
"""

from typing import final

from streamer.codecs.controls import ControlKey, mark_id
from streamer.core.engine.identity import Erase, Join, Message, Release, Suppress
from streamer.core.links import Link
from streamer.core.marks import Mark
from streamer.types import Event, Millis, Outcome


@final
class Marking:
    """The marks during a batch, begun with those of `before`.

    `erased` are the customers whom the batch erases. Without a `key` there are no marks.
    """

    def __init__(
        self,
        before: dict[bytes, Mark],
        key: ControlKey | None,
        max_lateness: Millis,
        *,
        joins: bool,
    ) -> None:
        self._before = before
        self._key = key
        self._max_lateness = max_lateness
        self._joins = joins
        self.marks = dict(before)
        self.erased: dict[str, None] = {}

    def refusal(self, event: Event, appended: Millis | None) -> Outcome | None:
        """Return why an event is not taken, or None: its customer was erased or is suppressed."""
        if not self.marks or self._key is None:
            return None
        mark = self.marks.get(mark_id(event.customer, self._key))
        return None if mark is None else mark.refuses(event.time, appended, self._max_lateness)

    def admits(self, message: Message) -> bool:
        """Say whether a message takes effect; an order changes the mark of its customer."""
        if self._key is None:
            return False
        if not self.marks and isinstance(message, Link | Join):
            return self._joins
        one = mark_id(message.customer, self._key)
        mark = self.marks.get(one, Mark(None, suppressed=False))
        match message:
            case Erase():
                until = max(message.time, mark.erased or 0)
                self.marks[one] = mark._replace(erased=until)
                self.erased[message.customer] = None
            case Suppress():
                self.marks[one] = mark._replace(suppressed=True)
            case Release():
                self.marks[one] = mark._replace(suppressed=False)
            case Link():
                return self._joins and not mark.covers(message.time)
            case Join():
                return self._joins and not mark.covers(message.profile.born)
        return True

    def changed(self, log_time: Millis) -> dict[bytes, bytes | None]:
        """Return the marks that are new, packed, and None for those that are over."""
        changed: dict[bytes, bytes | None] = {}
        for one, mark in self.marks.items():
            if mark.is_over(log_time, self._max_lateness):
                changed[one] = None
            elif self._before.get(one) != mark:
                changed[one] = mark.packed()
        return changed
