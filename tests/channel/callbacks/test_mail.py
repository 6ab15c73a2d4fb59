"""Mail that comes back is read: reports in the formats of several servers, complaints, absences, replies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.channel import plus
from lifeloop.channel.callbacks.mail import read_mail

KEY = b"k" * 32
ID = "0123456789abcdef0123456789abcdef"
BOX = "returns@shop.example"
MARK = plus.bounces_of(BOX, ID, KEY)
RETURNED = f"""From: Shop <hello@shop.example>
To: ana@example.com
Subject: Hello Ana
Message-ID: <{ID}@shop.example>
X-Lifeloop-Id: {ID}
"""


def report(fields: str, *, to: str = MARK, human: str = "It failed.", returned: str = "text/rfc822-headers") -> str:
    return f"""From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 2 Mar 2026 10:00:00 +0000
Message-ID: <20260302.1@mx.example.com>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

{human}

--B
Content-Type: message/delivery-status

{fields}
--B
Content-Type: {returned}

{RETURNED}
--B--
"""


POSTFIX = """Reporting-MTA: dns; mx.example.com
X-Postfix-Queue-ID: 4ABC
Arrival-Date: Mon,  2 Mar 2026 09:59:58 +0000 (UTC)

Final-Recipient: rfc822; ana@example.com
Original-Recipient: rfc822;ana@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <ana@example.com>: Recipient address
    rejected: User unknown in local recipient table
"""
EXCHANGE = """Reporting-MTA: dns;AM0PR01.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;relay.shop.example

Final-Recipient: rfc822;ana@example.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
"""
FULL = POSTFIX.replace("550 5.1.1", "552 5.2.2").replace("Status: 5.1.1", "Status: 5.2.2").replace("unknown", "full")
BLOCKED = POSTFIX.replace("550 5.1.1", "550 5.7.1 blocked using").replace("Status: 5.1.1", "Status: 5.7.1")
VAGUE = """Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ana@example.com
Action: failed
Status: 5.0.0
"""
DELAYED = POSTFIX.replace("failed", "delayed").replace("5.1.1", "4.4.1")
DELIVERED = VAGUE.replace("failed", "delivered").replace("5.0.0", "2.0.0")
EXIM = f"""From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: {MARK}
Subject: Mail delivery failed: returning message to sender
Auto-Submitted: auto-replied
X-Failed-Recipients: ana@example.com
Message-Id: <E1t-1@mx.example.com>
Date: Mon, 2 Mar 2026 10:00:00 +0000

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ana@example.com
    host mail.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<ana@example.com>:
    550 5.1.1 No such user here

------ This is a copy of the message, including all the headers. ------

{RETURNED}

Hello.
"""
QMAIL = f"""From: MAILER-DAEMON@qmail.example.com
To: {MARK}
Subject: failure notice
Message-ID: <q1@qmail.example.com>

Hi. This is the qmail-send program at qmail.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ana@example.com>:
Sorry, no mailbox here by that name. User unknown. (#5.1.1)

--- Below this line is a copy of the message.

{RETURNED}
"""
COMPLAINT = f"""From: <staff@isp.example>
To: {BOX}
Subject: Email Feedback Report for IP 192.0.2.9
Message-ID: <arf1@isp.example>
Date: Mon, 2 Mar 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is a complaint.

--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{MARK}>
Arrival-Date: Mon, 2 Mar 2026 09:00:00 +0000

--B
Content-Type: message/rfc822

{RETURNED}

Hello.
--B--
"""


def written(text: str = "Yes, please call me.", **headers: str) -> str:
    known = {"From": "Ana <ana@example.com>", "To": "hello@shop.example", "Message-ID": "<r1@example.com>"}
    known |= {"In-Reply-To": f"<{ID}@shop.example>", "Subject": "Re: Hello Ana"}
    known |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "\n".join(f"{name}: {value}" for name, value in known.items() if value) + f"\n\n{text}\n"


def said(raw: str | bytes):
    found = read_mail(raw.encode() if isinstance(raw, str) else raw, KEY)
    return [(one.kind, one.bounce, one.message) for one in found.reports]


@pytest.mark.parametrize(
    ("raw", "kind", "grade"),
    [
        (report(POSTFIX), "bounced", "hard"),
        (report(EXCHANGE, returned="message/rfc822"), "bounced", "hard"),
        (report(FULL), "bounced", "soft"),
        (report(BLOCKED), "bounced", "block"),
        (report(VAGUE), "bounced", "soft"),
        (report(DELAYED), "deferred", None),
        (report(DELIVERED), "delivered", None),
        (EXIM, "bounced", "hard"),
        (QMAIL, "bounced", "hard"),
        (COMPLAINT, "complained", None),
        (written(Auto_Submitted="auto-replied", Subject="Out"), "autoreplied", None),
        (written(Subject="Automatisch antwoord: Hello"), "autoreplied", None),
        (written(Precedence="bulk"), "autoreplied", None),
        (written(), "replied", None),
        (written("Afmelden\n\n> Hello"), "unsubscribed", None),
        (written("stop calling me at night, but do write"), "replied", None),
    ],
    ids=lambda value: "" if isinstance(value, str) and len(value) > 20 else None,
)
def test_each_kind_of_mail_says_what_happened(raw, kind, grade):
    message = None if kind == "autoreplied" else ID
    assert said(raw) == [(kind, grade, message)]


@pytest.mark.parametrize("raw", [report(POSTFIX, to=BOX), EXIM.replace(MARK, BOX), QMAIL.replace(MARK, BOX)])
def test_a_report_that_anybody_can_write_speaks_against_nobody(raw):
    """Its id can be worked out by who knows the customer's; the mark in the address can not."""
    assert said(raw) == [("bounced", "soft", ID)]
    forged = plus.bounces_of(BOX, ID, b"x" * 32)
    assert said(raw.replace(BOX, forged)) == [("bounced", "soft", ID)]


def test_a_complaint_that_nothing_proves_is_none():
    assert said(COMPLAINT.replace(MARK, BOX)) == []


def test_a_mail_to_the_address_of_the_header_brings_its_token_back_in_small_letters():
    token = "AQ" + "aB-_9" * 7 + "Q"
    address = plus.leaves_of(BOX, token)
    assert address is not None
    assert len(address.partition("@")[0]) <= 64
    found = read_mail(f"From: x@example.com\nTo: {address.lower()}\n\nwhatever\n".encode(), KEY)
    assert (found.leaves, found.reports) == (token, ())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 100,
        b"Content-Type: multipart/report; boundary=B\n\n" + b"--B\n" * 5000,
        report(POSTFIX).replace("ana@example.com", "\0\xff").encode("latin-1"),
        b"Subject: buy\nFrom: a@b.example\n\nCheap.\n",
        b"In-Reply-To: <other@shop.example>\n\nhello\n",
        b"Content-Type: message/delivery-status\n\n",
        ("Content-Type: message/rfc822\n\n" * 500).encode(),
    ],
)
def test_other_and_broken_mail_says_nothing_and_stops_nothing(raw):
    for one in read_mail(raw, KEY).reports:
        assert one.recipient is None


@given(st.binary(max_size=400))
def test_no_bytes_at_all_are_too_strange(raw):
    read_mail(raw, KEY)
    read_mail(report(POSTFIX).encode()[: len(raw) * 3] + raw, KEY)


def test_the_same_mail_is_the_same_report():
    keys = {one.key for _ in range(2) for one in read_mail(report(POSTFIX).encode(), KEY).reports}
    assert len(keys) == 1
