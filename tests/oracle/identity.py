"""One person (24): which ids are linked, and whose an event is.

Everything is kept: all that is forgotten here is what the rule says is forgotten.
"""

import re
from dataclasses import dataclass, field

from tests.oracle.customer import Customer
from tests.oracle.reading import Event

NOBODY = re.compile(r"null|undefined|none|anonymous|guest|unknown|test|-1", re.IGNORECASE)
MOST_IDS_OF_A_USER = 100
MOST_USERS_OF_AN_ID = 5
WEEK = 7 * 86_400_000


def stands_for_nobody(key: str) -> bool:
    """Such ids are not linked: `null`, `0`, a UUID of zeros."""
    zeros = set(key) <= {"0", "-"} and "0" in key
    return zeros or NOBODY.fullmatch(key) is not None


@dataclass
class Alias:
    """Whose the events of an anonymous id are.

    `links` are the accepted ones, as user and time; `last` is the time of the latest link or event.
    """

    user: str
    last: int
    links: list[tuple[str, int]] = field(default_factory=list)

    def is_shared(self, user: str, time: int) -> bool:
        """More than 5 users in the 7 days before the latest link."""
        latest = max([time, *(told for _, told in self.links)])
        lately = {one for one, told in self.links if told > latest - WEEK}
        return user not in lately and len(lately) >= MOST_USERS_OF_AN_ID


def tells_link(customer: Customer, event: Event, retention: int) -> bool:
    """Does an accepted event tell a link, and is there room for it? Remembers that it did."""
    anonymous = event.anonymous
    if event.user is None or anonymous is None or anonymous == event.user:
        return False
    told = customer.linked.get(anonymous)
    if told is not None and event.time < told + retention // 2:
        return False
    if stands_for_nobody(anonymous) or stands_for_nobody(event.user):
        return False
    for other, before in list(customer.linked.items()):
        if before <= customer.clock - retention:
            del customer.linked[other]
    if anonymous not in customer.linked and len(customer.linked) >= MOST_IDS_OF_A_USER:
        return False
    customer.linked[anonymous] = event.time
    return True
