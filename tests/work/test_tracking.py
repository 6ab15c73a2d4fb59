"""Links that count stand where links stood, and nothing else of a mail changes."""

from types import SimpleNamespace

import pytest

from lifeloop.channel.values import Envelope
from lifeloop.journey.catalogue import Catalogue
from lifeloop.store import hits
from lifeloop.store.opening import StoreBusy
from lifeloop.work.links import Links
from lifeloop.work.tracking import link_key, with_links

LINKS = Links("https://mail.example.com", (b"s" * 32,))
MESSAGE = SimpleNamespace(id="0f" * 16, channel="email", counts=True, journey="one", node="send-1")
SHOP = "https://www.example.com"


@pytest.fixture
def mailed(store):
    """Rewrites a mail of a project that counts; ``said``: the customer's word on being seen."""
    clock = SimpleNamespace(now=lambda: 1000)

    def mail(html, text="", *, mode="individual", said=True, message=MESSAGE, kept=(), links=LINKS, shop=store):
        space = SimpleNamespace(catalogue=Catalogue(tracking=mode), links=links, store=shop, clock=clock, noted=set())
        one = SimpleNamespace(message=message, facts=SimpleNamespace(consents={"tracking": said}))
        return with_links(space, one, Envelope(id=message.id, to="a@example.com", html=html, text=text), kept)

    return mail


def ours(url, message=MESSAGE.id):
    return LINKS.click(message, link_key("one", "send-1", url))


def test_only_the_address_of_a_link_changes(mailed, store):
    shown = f"{SHOP}/a?x=1&amp;y=2"
    html = f'<p class="a"><a class="button" href="{shown}" style="color:red">{shown}</a></p></body>'
    made = mailed(html)

    link = ours(f"{SHOP}/a?x=1&y=2")
    picture = f'<img src="{LINKS.opened(MESSAGE.id)}" width="1" height="1" alt="" style="display:block;border:0">'
    assert made.html == html.replace(f'href="{SHOP}/a?x=1&amp;y=2"', f'href="{link}"').replace(
        "</body>", f"{picture}</body>"
    )
    with store.reading() as tx:
        assert hits.target(tx, link_key("one", "send-1", f"{SHOP}/a?x=1&y=2")) == f"{SHOP}/a?x=1&y=2"


@pytest.mark.parametrize(
    "link",
    [
        '<a href="mailto:a@example.com">a</a>',
        '<a href="tel:+31101234567">a</a>',
        '<a href="#top">a</a>',
        '<a href="javascript:alert(1)">a</a>',
        '<a href="https://mail.example.com/u/abc">a</a>',
        f'<a href="{SHOP}/mine">a</a>',
        f'<a href="{SHOP}/a" data-track="false">a</a>',
        f'<a data-track="false" href="{SHOP}/a">a</a>',
        f'<a href="{SHOP}/file?X-Amz-Signature=abc">a</a>',
        f'<a href="{SHOP}/file?a=1&amp;token=abc">a</a>',
        f'<img src="{SHOP}/a.png" alt="">',
        f'<link href="{SHOP}/a.css" rel="stylesheet">',
        f'<p>&lt;a href="{SHOP}/a"&gt;</p>',
    ],
)
def test_what_is_no_link_to_count_stays(mailed, link):
    assert mailed(link, mode="aggregate", kept=(f"{SHOP}/mine",)).html == link


def test_the_text_part_gets_the_same_links(mailed):
    html = f'<a href="{SHOP}/a">a</a> <area href="{SHOP}/b?x=(1)">'
    text = f"See {SHOP}/a. Or ({SHOP}/a), or {SHOP}/b?x=(1), or {SHOP}/other and {SHOP}/abc."
    made = mailed(html, text, mode="aggregate")

    a, b = ours(f"{SHOP}/a", None), ours(f"{SHOP}/b?x=(1)", None)
    assert made.text == f"See {a}. Or ({a}), or {b}, or {SHOP}/other and {SHOP}/abc."
    assert made.html == f'<a href="{a}">a</a> <area href="{b}">'


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({"mode": "off"}, False),
        ({"links": None}, False),
        ({"message": SimpleNamespace(**vars(MESSAGE) | {"counts": False})}, False),
        ({"message": SimpleNamespace(**vars(MESSAGE) | {"channel": "sms"})}, False),
        ({"mode": "aggregate"}, True),
        ({"said": False}, True),
    ],
)
def test_counting_needs_a_project_and_a_message_that_allow_it(mailed, settings, changes):
    html = f'<a href="{SHOP}/a">a</a>'
    assert (mailed(html, **settings).html != html) == changes
    assert "/o/" not in mailed(html, **settings).html


def test_a_database_that_is_busy_leaves_the_mail_as_it_was(mailed):
    class Busy:
        def transaction(self):
            raise StoreBusy

    html = f'<a href="{SHOP}/a">a</a>'
    assert mailed(html, shop=Busy()).html == html


def test_a_mail_with_many_links_asks_the_database_once(mailed, store, counted):
    with counted(store) as statements:
        mailed("".join(f'<a href="{SHOP}/{number}">x</a>' for number in range(50)))

    assert len([one for one in statements if "INSERT" in one]) == 1
