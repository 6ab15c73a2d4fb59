"""The doctor knocks: a mail server that hangs, an address that calls may not reach, a mailbox with another password."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.journey.catalogue import Connection
from lifeloop.work.links import Links
from lifeloop.work.reaching import reach

from .test_collecting import Imap, settle
from .test_hanging import silent_server
from .test_mail_server_faults import Rude


def declared(shop, **what) -> None:
    catalogue = replace(shop.space.catalogue, **({"connections": {}} | what))
    shop.space.project = replace(shop.space.project, catalogue=catalogue)


def found(shop, within: float = 5) -> list[tuple[str, str]]:
    return [(one.level, one.what) for one in asyncio.run(reach(shop.space, {"BOX": "open"}, within=within))]


def mail_to(shop, port: int) -> None:
    way = SmtpChannel(SmtpServer("127.0.0.1", port, "none"), shop.clock, project="shop")
    shop.space.ways = replace(shop.space.ways, mail=way, mail_name="smtp")


def test_nothing_that_is_outside_is_asked_where_nothing_leaves(shop) -> None:
    declared(shop)
    assert found(shop) == []


def test_a_mail_server_that_takes_the_connection_and_does_not_greet_is_a_fault(shop) -> None:
    async def knocking():
        async with silent_server() as port:
            mail_to(shop, port)
            return await reach(shop.space, {}, within=0.1)

    declared(shop)
    (one,) = asyncio.run(knocking())
    assert (one.level, one.what) == ("wrong", "smtp: the mail server does not greet within 0.1 seconds")
    assert "channels: smtp" in one.fix


def test_a_mail_server_says_what_is_wrong_or_lets_us_in(shop) -> None:
    async def knocking(stage, fault):
        server = await asyncio.start_server(Rude(stage, fault).client, "127.0.0.1", 0)
        mail_to(shop, server.sockets[0].getsockname()[1])
        (one,) = await reach(shop.space, {}, within=5)
        server.close()
        await asyncio.sleep(0.01)
        return one.level, one.what

    declared(shop)
    assert asyncio.run(knocking("text", "250 taken")) == ("fine", "smtp: the mail server greets, and lets us in")
    assert asyncio.run(knocking("greeting", "554 go away")) == ("wrong", "smtp: the mail server answers 554")
    assert asyncio.run(knocking("greeting", "cut")) == ("wrong", "smtp: no mail server answers there")
    mail_to(shop, free_port())
    assert found(shop) == [("wrong", "smtp: no mail server answers there")]


def test_an_address_that_calls_may_not_reach_is_a_fault_and_so_is_one_where_nobody_listens(shop) -> None:
    crm = {"crm": Connection("crm", "http://127.0.0.1:9/api"), "unset": Connection("unset", "env.NOBODY_SET_THIS")}
    declared(shop, connections=crm)
    ((level, what),) = found(shop)
    assert level == "wrong"
    assert what.startswith("crm cannot be reached: the address leads into a private network")
    declared(shop, connections=crm, channels={"http": {"allow_private": "127.0.0.0/8"}})
    assert found(shop) == [("wrong", "crm cannot be reached: nobody answers there")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = {"crm": Connection("crm", f"http://127.0.0.1:{server.getsockname()[1]}/api")}
        declared(shop, connections=here, channels={"http": {"allow_private": "127.0.0.0/8"}})
        assert found(shop) == [("fine", "crm: its address can be reached")]


def test_pages_for_customers_are_worth_a_look_once_they_are_not_only_tried_out(shop) -> None:
    declared(shop)
    shop.space.links = Links(f"http://127.0.0.1:{free_port()}", (b"s" * 32,))
    assert found(shop) == []
    declared(shop, environment="production")
    ((level, what),) = found(shop)
    assert (level, "links in mails may lead nowhere" in what) == ("look", True)


def test_a_mailbox_with_another_password_is_a_fault(shop) -> None:
    declared(shop)
    with Imap() as box:
        settle(shop, box)
        assert found(shop) == [("wrong", "the mailbox refuses: are user and password right?")]
        box.password = "open"
        assert found(shop) == [("fine", "the mailbox lets us in")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
