"""Customers in one place whose ids join at once: in files, in the tests of rules, in explanations.

What an event leads to at several profiles happens in the order in which `identity` has it, before
the next event.
"""

from mypy_extensions import mypyc_attr

from streamer.core.engine.decide import Decision, decide
from streamer.core.engine.identity import (
    Effect,
    Message,
    is_of_user,
    new_link,
    receive,
    touch,
    user_of,
)
from streamer.core.engine.program import RuleSet
from streamer.core.links import Link
from streamer.core.profile import Profile
from streamer.types import Event, Outcome, Wake


@mypyc_attr(allow_interpreted_subclasses=True)  # some stand on floors that are not compiled
class People:
    """Profiles by customer, decided together. Subclasses see each step where it happens."""

    def __init__(self, rules: RuleSet, profiles: dict[str, Profile | None]) -> None:
        self.rules = rules
        self.profiles = profiles

    def happen(self, event: Event) -> Outcome:
        """Decide an event, and let the ids that it links become one customer."""
        user = self._user(event)
        if user is not None:
            return self.forward(event, user)
        return self.apply(event)

    def forward(self, event: Event, user: str) -> Outcome:
        """Let an event that came under an anonymous id happen to the user whose it is."""
        self.catch_up(user)
        event = event._replace(customer=user)
        self._user(event)
        return self.apply(event)

    def apply(self, event: Event) -> Outcome:
        """Decide an event of its customer, then send the link that it tells."""
        decision = self.decide(event)
        if decision.outcome == "applied":
            self.took(event.customer, decision, event)
            self.link(event)
        return decision.outcome

    def send(self, message: Message) -> None:
        """Send a message: here, it takes effect at once."""
        self.catch_up(message.customer)
        self.deliver(message)

    def deliver(self, message: Message) -> None:
        """Let a message take effect, and send those that it leads to."""
        effect = self.receive(message)
        self.took(message.customer, effect.decision, None)
        self.noted(effect.kind)
        if isinstance(message, Link) and effect.kind != "linked":
            self.not_linked(effect.kind, message.user, message.customer)
        for one in effect.messages:
            self.send(one)

    def link(self, event: Event) -> None:
        """Send the link that an accepted event tells."""
        profile = self.profiles.get(event.customer)
        if profile is None:
            return
        link = new_link(self.rules, profile, event)
        if isinstance(link, str):
            self.noted(link)
            self.not_linked(link, event.user_id or "", event.anonymous_id or "")
        elif link is not None:
            self.send(link)

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
        """Hear what became of a link, as `Effect` or `new_link` has it."""

    def not_linked(self, kind: str, user: str, anonymous: str) -> None:
        """Hear which ids were not linked, and why."""

    def _user(self, event: Event) -> str | None:
        """Return the user whose an event is, where an alias stands in its customer's place.

        The alias ends where its id comes as a user's.
        """
        customer = event.customer
        profile = self.profiles.get(customer)
        if profile is None or user_of(profile) is None:
            return None
        user = None if is_of_user(event) else touch(self.rules, profile, event)
        self.took(customer, Decision(None if user is None else profile), None)
        return user
