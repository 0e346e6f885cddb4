"""Some customers followed through a log in which ids join: every customer is decided, as in replay.

Whose an event is depends on all events before it, so none can be left out. Of the followed
customers every condition is looked at besides.
"""

from collections import Counter, defaultdict

from streamer.analysis.watch import CustomerTrace, Linked
from streamer.core.engine.decide import Decision
from streamer.core.engine.identity import Dropped, Effect, Join, Message, user_of
from streamer.core.engine.people import People
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link
from streamer.core.profile import Profile
from streamer.types import FOREVER, Event, Millis


class FollowedPeople(People):
    """All customers of a log, some of them with a trace; events after `until` are left out.

    `refused` counts by kind the events of each customer that were not accepted, `end` is the larger
    of the largest time of an accepted event and log time less lateness, `seen` are all ids that
    occur.
    """

    def __init__(
        self, rules: RuleSet, traces: dict[str, CustomerTrace], until: Millis | None
    ) -> None:
        super().__init__(rules, {})
        self._traces = traces
        self._until = FOREVER if until is None else until
        self._due: Millis | None = None
        self._event: Event | None = None
        self._accepted: Counter[str] = Counter()
        self.refused: dict[str, Counter[str]] = defaultdict(Counter)
        self.seen: set[str] = set()
        self.end: Millis | None = None

    def take(self, event: Event) -> None:
        """Let an event happen, after the wakes that log time makes due before it."""
        self.seen.update(one for one in (event.customer, event.anonymous_id) if one is not None)
        if event.appended is not None:
            due = event.appended - self.rules.lateness
            self._due = due if self._due is None else max(due, self._due)
            self.end = due if self.end is None else max(due, self.end)
        if event.time > self._until:
            return
        self._event = event
        self.catch_up(event.customer)
        if self.happen(event) == "applied":
            self.end = event.time if self.end is None else max(event.time, self.end)

    def decide(self, event: Event) -> Decision:
        """Decide an event, and let the trace of its customer look."""
        customer = event.customer
        trace = self._traces.get(customer)
        if trace is None:
            decision = super().decide(event)
        else:
            trace.profile = self._own(customer)
            outcome = trace.take(event)
            decision = Decision(trace.profile, (), outcome)
        if decision.outcome == "applied":
            self._accepted[customer] += 1
        else:
            self.refused[customer][decision.outcome] += 1
        return decision

    def receive(self, message: Message) -> Effect:
        """Let a message take effect, and note it in the traces of both ids."""
        trace = self._traces.get(message.customer)
        if trace is not None and isinstance(message, Link):
            trace.profile = self._own(message.customer)
            trace.pass_to(message.time)
            if trace.profile is not None:
                self.profiles[message.customer] = trace.profile
        effect = super().receive(message)
        if isinstance(message, Link) and effect.kind == "linked":
            self._linked(message, trace, effect)
        elif trace is not None and isinstance(message, Join):
            trace.events += self._accepted[message.anonymous]
            trace.merged(effect.decision, self._event)
        elif trace is not None and isinstance(message, Dropped) and self._event is not None:
            trace.dropped(message.anonymous, self._event)
        return effect

    def catch_up(self, customer: str) -> None:
        """Fire the wakes that log time has made due."""
        due = min(self._due or 0, self._until)
        trace = self._traces.get(customer)
        if trace is not None and self._own(customer) is not None:
            trace.wake(due)
            self.profiles[customer] = trace.profile
        while (profile := self.profiles.get(customer)) is not None and profile.wake <= due:
            self.fire(customer)

    def finish(self, at: Millis) -> None:
        """Let time pass for the followed customers."""
        for customer, trace in self._traces.items():
            trace.profile = self._own(customer)
            trace.pass_to(at)

    def _own(self, customer: str) -> Profile | None:
        """Return a customer's profile, None where there is none or an alias."""
        profile = self.profiles.get(customer)
        return None if user_of(profile) is not None else profile

    def _linked(self, link: Link, trace: CustomerTrace | None, effect: Effect) -> None:
        """Note on both sides that two ids are one customer now."""
        event = self._event
        if event is None:
            return
        users = self._traces.get(link.user)
        if users is not None:
            users.links.append(Linked(link.customer, event))
        if trace is not None:
            if not trace.users or trace.users[-1].customer != link.user:
                trace.users.append(Linked(user_of(effect.decision.profile) or link.user, event))
            trace.closed(effect.decision, event)
