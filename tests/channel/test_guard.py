import asyncio
from ipaddress import ip_address

import httpx
import pytest

from lifeloop.channel.guard import Forbidden, Guard, is_public, resolve_by_system

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "0.1.2.3",  # noqa: S104  # refused, not bound
    "192.0.0.8", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"]


def resolving_to(*addresses):
    async def resolve(_host, _port):
        return addresses

    return resolve


def check(url, resolve, *allowed):
    return asyncio.run(Guard.allowing(allowed).check(httpx.URL(url), resolve))


@pytest.mark.parametrize("address", PRIVATE)
def test_no_request_goes_to_an_address_that_is_not_public(address):
    assert not is_public(ip_address(address))
    with pytest.raises(Forbidden):
        check("https://crm.example.com/x", resolving_to(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_fine(address):
    assert check("https://crm.example.com/x", resolving_to(address)).addresses == (ip_address(address),)


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(Forbidden):
        check("https://crm.example.com/", resolving_to("8.8.8.8", "10.0.0.1"))


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "0x7f000001", "2130706433", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_every_spelling_of_this_machine_is_seen_through(host):
    with pytest.raises((Forbidden, OSError)):
        check(f"https://{host}/", resolve_by_system)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https:///x",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "https://example.com/" + "x" * 2050,
        "https://example.com:22/",
        "https://example.com:6379/",
        "http://example.com/",
    ],
)
def test_a_url_is_refused_for_its_form(url):
    with pytest.raises(Forbidden):
        check(url, resolving_to("8.8.8.8"))


def test_a_named_private_network_is_allowed_and_only_that():
    assert check("http://10.20.1.1:8080/", resolving_to("10.20.1.1"), "10.20.0.0/16").addresses
    with pytest.raises(Forbidden, match="allow_private"):
        check("http://10.21.1.1/", resolving_to("10.21.1.1"), "10.20.0.0/16")


def test_a_network_that_cannot_be_read_is_said_so():
    with pytest.raises(ValueError, match="ten"):
        Guard.allowing(["ten"])


def test_a_resolver_that_never_answers_is_given_up():
    async def never(_host, _port):
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        asyncio.run(_impatient(never))


async def _impatient(resolve):
    async with asyncio.timeout(0.05):
        await Guard().check(httpx.URL("https://example.com/"), resolve)
