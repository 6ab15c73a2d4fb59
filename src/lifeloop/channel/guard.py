"""Which network addresses a request may go to. It decides on resolved addresses only, never on how a host is spelt."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

IpAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to all addresses, as text. Raises OSError for a name that does not resolve."""

PATIENCE = 3.0
LONGEST_URL = 2048
OPEN_PORTS = frozenset({80, 443, 8443})
# What ``is_global`` lets through although it is not the public internet, or can carry an address that is not.
REFUSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fd00:ec2::254/128",
        "fec0::/10",
    )
)


class Forbidden(Exception):  # noqa: N818  # the address is forbidden; the text says why
    """A request would go where requests may not go."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A URL whose every address was looked at, and the addresses, so that nobody resolves the name again."""

    url: httpx.URL
    addresses: tuple[IpAddress, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules: the public internet over https, and the private networks that the project names."""

    allow_private: tuple[Network, ...] = ()

    @classmethod
    def allowing(cls, networks: Sequence[str]) -> Guard:
        """Read networks such as ``10.20.0.0/16``; one that cannot be read raises ValueError with its text."""
        return cls(tuple(ip_network(text.strip(), strict=False) for text in networks if text.strip()))

    async def check(self, url: httpx.URL, resolve: Resolve) -> Checked:
        """Resolve the host once and refuse unless every single address is allowed."""
        well_formed(url)
        port = url.port or (443 if url.scheme == "https" else 80)
        async with asyncio.timeout(PATIENCE):
            found = await resolve(url.host.rstrip("."), port)
        addresses = tuple(ip_address(text.partition("%")[0]) for text in found)
        if not addresses:
            raise OSError("the host has no address")
        for address in addresses:
            self._judge(address, url.scheme, port)
        return Checked(url, addresses)

    def allows(self, address: IpAddress) -> bool:
        """Tell whether one address is public, or private and named by the project."""
        return self._is_named(address) or is_public(address)

    def _is_named(self, address: IpAddress) -> bool:
        return any(address in network for network in self.allow_private if network.version == address.version)

    def _judge(self, address: IpAddress, scheme: str, port: int) -> None:
        if self._is_named(address):
            return
        if not is_public(address):
            raise Forbidden(
                "the address leads into a private network; if that is meant, name the network under"
                " 'allow_private' in lifeloop.yaml"
            )
        if scheme != "https":
            raise Forbidden("an address on the internet must begin with https://")
        if port not in OPEN_PORTS:
            raise Forbidden(f"port {port} is not one that requests may go to")


def is_public(address: IpAddress) -> bool:
    """Tell whether an address belongs to the public internet, looking inside mapped ones."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if any(address in network for network in REFUSED if network.version == address.version):
        return False
    odd = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not odd and not address.is_link_local


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the operating system for all addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def well_formed(url: httpx.URL) -> None:
    """Refuse an address that is none of the web, or holds what does not belong into one: by its spelling alone."""
    if url.scheme not in ("http", "https") or not url.host:
        raise Forbidden("the address must begin with https:// and name a host")
    if url.userinfo or "%" in url.host or len(str(url)) > LONGEST_URL:
        raise Forbidden("the address holds a password, an escaped host, or more than 2048 characters")
