"""Customers in one place whose ids join at once: in files, in the tests of rules, in explanations.

What an event leads to at several profiles happens in the order in which `identity` has it, before
the next event.
"""

from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.identity import Effect, Message, receive, told_link, touch, user_of
from streamer.core.engine.program import RuleSet
from streamer.core.profile import Profile
from streamer.types import Event, Outcome, Wake


class People:
    """Profiles by customer, decided together. Subclasses see each step where it happens."""

    def __init__(self, rules: RuleSet, profiles: dict[str, Profile | None]) -> None:
        self.rules = rules
        self.profiles = profiles

    def happen(self, event: Event) -> Outcome:
        """Decide an event, and let the ids that it links become one customer."""
        event = self._owned(event)
        decision = self.decide(event)
        if decision.outcome == "applied":
            self.took(event.customer, decision, event)
            self._link(event)
        return decision.outcome

    def fire(self, customer: str) -> None:
        """Fire the customer's wake."""
        profile = self.profiles[customer]
        if profile is not None:
            self.took(customer, decide(self.rules, profile, Wake(profile.wake)), None)

    def decide(self, event: Event) -> Decision:
        """Decide an event of its customer."""
        return decide(self.rules, self.profiles.get(event.customer), event)

    def receive(self, message: Message) -> Effect:
        """Let a message take effect on the profile of its customer."""
        return receive(self.rules, self.profiles.get(message.customer), message)

    def catch_up(self, customer: str) -> None:
        """Fire what log time has made due of a customer whom a record leads to; there may be none.

        Here, there is no log time.
        """

    def took(self, customer: str, decision: Decision, event: Event | None) -> None:  # noqa: ARG002
        """Take over the profile of a decision; `event` is the one that was decided, if any."""
        self.profiles[customer] = decision.profile

    def noted(self, kind: str) -> None:
        """Hear what became of a link, as `Effect` or `told_link` has it."""

    def _owned(self, event: Event) -> Event:
        """Return the event as that of the user whose it is, where an alias names one.

        An alias ends where its id comes as a user's.
        """
        profile = self.profiles.get(event.customer)
        if profile is None or user_of(profile) is None:
            return event
        user = touch(self.rules, profile, event) if event.user_id is None else None
        self.took(event.customer, Decision(None if user is None else profile), None)
        if user is None:
            return event
        self.catch_up(user)
        if user_of(self.profiles.get(user)) is not None:
            self.took(user, Decision(None), None)
        return event._replace(customer=user)

    def _link(self, event: Event) -> None:
        """Let an accepted event tell the link of its ids."""
        profile = self.profiles.get(event.customer)
        if profile is None:
            return
        told = told_link(self.rules, profile, event)
        if isinstance(told, str):
            self.noted(told)
        elif told is not None:
            self.catch_up(told.customer)
            self._deliver(told)

    def _deliver(self, message: Message) -> None:
        """Let a message take effect, then those that it leads to."""
        effect = self.receive(message)
        self.took(message.customer, effect.decision, None)
        self.noted(effect.kind)
        for one in effect.messages:
            self._deliver(one)
