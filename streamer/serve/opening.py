"""Servers put together: over what is given, or over the file of the embedded default."""

from pathlib import Path

from streamer.adapters.view.embedded import EmbeddedProfiles
from streamer.app.live import Journal
from streamer.app.shop_file import ShopFile
from streamer.serve.answers.context import Stores
from streamer.serve.follower import Follower
from streamer.serve.rulebook import Rulebook
from streamer.serve.server import Access, Server
from streamer.serve.sources import OpenSource, from_file


def new_server(
    view: Path,
    opened: OpenSource,
    rulebook: Rulebook,
    stores: Stores,
    access: Access,
    journal: Journal,
) -> Server:
    """Return a server whose view follows a source; raises `UsageError` where it may not listen."""
    follower = Follower(view, opened, journal)
    return Server(view, follower, rulebook, stores, access, journal)


def server_of_file(
    file: Path, view: Path, rulebook: Rulebook, access: Access, journal: Journal
) -> Server:
    """Return a server of the file that `streamer demo --file` writes; as `new_server`."""
    shop = ShopFile(file)
    stores = Stores(EmbeddedProfiles(file), shop, shop)
    return new_server(view, from_file(file), rulebook, stores, access, journal)
