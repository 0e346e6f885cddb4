"""Truth becomes membership (18), and membership becomes changes, said in order (20, 22)."""

from dataclasses import dataclass
from typing import Any

from tests.oracle.customer import Customer, Standing
from tests.oracle.leaves import holds
from tests.oracle.rules import OTHERWISE, Rules, Unit


@dataclass(frozen=True)
class Moment:
    """An instant at which a customer is decided, and the event that made it one, if any."""

    at: int
    event: str | None = None
    why: str = ""

    @property
    def cause(self) -> str:
        """What kind of thing made it a moment."""
        if self.why:
            return self.why
        return "time" if self.event is None else "event"


def decide(rules: Rules, customer: Customer, moment: Moment) -> list[dict[str, Any]]:
    """What is said of a customer at a moment: every unit once, those referred to first."""
    changes = []
    for unit in rules.units:
        place = wanted_place(unit, customer, moment.at)
        standing = customer.standing(unit.key)
        withdrawn = standing.place is not None and not consents(unit, customer, moment.at)
        if withdrawn or may_move(unit, standing, place, moment.at):
            changes += move(unit, customer, place, moment)
        if withdrawn:  # nothing of it holds back the next entry (25)
            standing.changed = standing.left = None
    return changes


def consents(unit: Unit, customer: Customer, now: int) -> bool:
    """The customer has given the consent that the unit needs, if any (25)."""
    return unit.consent is None or holds(unit.consent, customer, now)


def leave_everything(rules: Rules, customer: Customer, moment: Moment) -> list[dict[str, Any]]:
    """The exits at the end of a profile (21, 24), in the order in which changes are said."""
    changes = []
    for unit in rules.units:
        if customer.standing(unit.key).place is not None:
            changes += move(unit, customer, None, moment)
    return changes


def wanted_place(unit: Unit, customer: Customer, now: int) -> str | None:
    """The first place whose condition holds; none without the consent that the unit needs."""
    if not consents(unit, customer, now):
        return None
    for place, when in unit.places:
        if when == OTHERWISE or (isinstance(when, dict) and holds(when, customer, now)):
            return place
    return None


def may_move(unit: Unit, standing: Standing, place: str | None, now: int) -> bool:
    """Truth differs from membership, and `min_dwell` and `cooldown` let it be said (18)."""
    if place == standing.place:
        return False
    if standing.changed is not None and now - standing.changed < unit.min_dwell:
        return False
    enters = standing.place is None
    cooling = standing.left is not None and now - standing.left < unit.cooldown
    return not (enters and cooling)


def move(unit: Unit, customer: Customer, place: str | None, moment: Moment) -> list[dict[str, Any]]:
    """Put the customer on another place of a unit, and say so."""
    standing = customer.standing(unit.key)
    origin = standing.place
    changes = []
    for direction, changed in (("exited", origin), ("entered", place)):
        if changed is not None:
            customer.said += 1
            changes.append(
                {
                    "customer_id": customer.id,
                    "segment": unit.membership(changed),
                    "direction": direction,
                    "at": moment.at,
                    "sequence": customer.said,
                    "born": customer.born,
                    "cause": moment.cause,
                    "event": moment.event,
                    "ladder": unit.key if unit.is_ladder else None,
                    "from": origin if unit.is_ladder else None,
                    "to": place if unit.is_ladder else None,
                }
            )
    if origin is not None:
        standing.exits[origin] = moment.at
    standing.place, standing.changed = place, moment.at
    if place is None:
        standing.left = moment.at
    return changes
