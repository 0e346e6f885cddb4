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
handling     one change after the other through the functions, and what waits when it is due
reading      every record once: those that Faust brings, and those it goes past
looking      what the topic holds, looked up beside Faust
faust_app    Faust with what is needed of it, and nothing else
credentials  Faust's way into Kafka
trouble      what goes wrong, and whether the process can go on
watchdog     ends a process that stands still, or cannot go on
process      all of it, until stopped
"""

from streamer.react.change import Change
from streamer.react.reactions import Reactions, Transaction

__all__ = ["Change", "Reactions", "Transaction"]
