"""Reactions: Python functions that are called when customers enter and leave segments.

    from streamer.react import Change, Reactions

    app = Reactions("cart-reminders")

    @app.on_entered("cart_abandoner")
    async def remind(change: Change) -> None:
        await send_mail(change.customer_id)

`streamer react run reminders:app` runs them. `docs/reactions.md` says what is promised.

change       a segment change, with the fields of its schema
reactions    which change calls which function
memory       what is remembered in Redis: how far everything is, what waits, what is dead
handling     one change after the other, and what waits when it is due
faust_app    Faust with what is needed of it, and nothing else
watchdog     ends a process that stands still
process      all of it, until stopped
"""

from streamer.react.change import Change
from streamer.react.reactions import Reactions, Transaction

__all__ = ["Change", "Reactions", "Transaction"]
