"""Addresses that no request goes to, since they lead to what is inside: the machine or its network.

What counts is the address of each connection, after its name was resolved, so a name that resolves
to another address later gains nothing.
"""

import socket
from errno import EACCES
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

_BY_NAME: Final = tuple(
    (ip_network(network), what)
    for network, what in (
        ("::ffff:0:0/96", "an IPv4 address in IPv6"),
        ("::/96", "an IPv4 address in IPv6"),
        ("64:ff9b::/96", "behind NAT64"),
        ("64:ff9b:1::/48", "behind NAT64"),
        ("2002::/16", "behind 6to4"),
        ("2001::/32", "behind Teredo"),
        ("fd00:ec2::254/128", "the metadata service of a cloud"),
        ("169.254.169.254/32", "the metadata service of a cloud"),
        ("192.0.0.0/24", "the metadata service of a cloud"),
        ("168.63.129.16/32", "the metadata service of a cloud"),
    )
)
"""Some of these are global for Python, since they stand for addresses elsewhere."""


class AddressRefused(OSError):
    """A name has an address that no request goes to."""


def why_refused(text: str) -> str | None:
    """Return why no request goes to an address, None where one may."""
    address = ip_address(text.partition("%")[0])
    if address.is_loopback:
        return "the machine itself"
    for network, what in _BY_NAME:
        if address in network:
            return what
    if address.is_link_local:
        return "link-local"
    return _not_public(address)


def _not_public(address: IPv4Address | IPv6Address) -> str | None:
    if address.is_multicast:
        return "multicast"
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    if address.is_private or site_local or not address.is_global:
        return "private"
    return None


def guarded_socket(resolved: Any) -> socket.socket:  # noqa: ANN401 (as aiohttp has it)
    """Return a socket for a resolved address; raises `AddressRefused`."""
    family, kind, protocol, _, place = resolved
    reason = why_refused(place[0])
    if reason is not None:
        text = f"{place[0]} is {reason}: name the host in `allow` if it may be there"
        raise AddressRefused(EACCES, text)
    return plain_socket((family, kind, protocol, "", place))


def plain_socket(resolved: Any) -> socket.socket:  # noqa: ANN401 (as aiohttp has it)
    """Return a socket for any resolved address."""
    family, kind, protocol, _, _ = resolved
    return socket.socket(family, kind, protocol)
