import re
import time
from html.parser import HTMLParser

import pytest

from lifeloop.store import inbox
from lifeloop.store.values import InboxFilter
from lifeloop.web.app import create_app


class Links(HTMLParser):
    """Collects the addresses of a page and checks that tags are closed in order."""

    VOID = frozenset({"meta", "link", "img", "input", "br", "path", "rect", "line"})

    def __init__(self):
        super().__init__()
        self.addresses, self.ids, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if "href" in found:
            self.addresses.append(found["href"])
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def links(page):
    parser = Links()
    parser.feed(page)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    return parser.addresses


def mails(page):
    return re.findall(r'data-mail="(m\d+)"', page)


def test_the_first_page_says_what_this_is_in_one_sentence(client, store):
    page = client.get("/").text
    with store.reading() as tx:
        to_customers = inbox.count(tx, InboxFilter(kind="mail"))
    assert 300 < to_customers < 400  # the rest are calls, which no customer sees

    assert "This is everything Sunny &amp; Sons &lt;Energy&gt; would have sent in 2026." in page
    assert f"<strong>{to_customers}</strong> messages from <strong>7</strong> journeys" in page
    assert "/inbox?journey=renewal" in page
    assert "play=on" in page


def test_every_address_on_every_page_leads_somewhere(client):
    seen, waiting = set(), {"/", "/inbox?journey=renewal&mail=m00009&day=2026-03-01", "/inbox?customer=c006&q=sun"}
    while waiting and len(seen) < 60:
        address = waiting.pop()
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code == 200, address
        if "text/html" in answer.headers["content-type"]:
            waiting |= {link for link in links(answer.text) if link.startswith("/")} - seen


def test_an_empty_mailbox_says_how_to_fill_it(empty_client):
    assert "No mail yet" in empty_client.get("/").text
    assert empty_client.get("/inbox").status_code == 200
    assert "Nothing here" in empty_client.get("/inbox?day=2026-01-01").text
    assert empty_client.get("/inbox?n=4").headers["location"] == "/inbox"


def test_mails_come_newest_first_fifty_a_page(client):
    first, second = client.get("/inbox").text, client.get("/inbox?page=2").text

    assert len(mails(first)) == len(mails(second)) == 50
    assert not set(mails(first)) & set(mails(second))
    assert mails(first)[0] > mails(second)[-1]
    assert "page 1 of 8" in first


def test_a_page_beyond_the_last_is_the_last(client):
    assert "page 8 of 8" in client.get("/inbox?page=999").text


def test_a_journey_and_a_step_narrow_the_list(client):
    journey = client.get("/inbox?journey=renewal").text
    step = client.get("/inbox?journey=renewal&step=send-offer").text

    assert "renewal <span" in journey
    assert "welcome <span" not in journey
    assert "What next year could look like" in step
    assert "your year in pictures" not in step


def test_one_customer_can_be_followed(client):
    page = client.get("/inbox?customer=c006").text

    assert "only Pim Bakker" in page
    assert mails(page)
    assert "Ana Silva</b>" not in page


def test_search_looks_at_recipient_and_subject_and_takes_signs_literally(client):
    assert "family &lt;3" in client.get("/inbox", params={"q": "family <3"}).text
    assert "Pim Bakker" in client.get("/inbox", params={"q": "pim.6@"}).text
    assert "Nothing here" in client.get("/inbox", params={"q": "100%_"}).text


def test_the_slider_shows_a_day_a_week_or_everything_before(client):
    counts = {}
    for span in ("day", "week", "until", "all"):
        page = client.get(f"/inbox?day=2026-06-29&span={span}").text
        counts[span] = int(re.search(r'class="count"><b>([\d,]+)', page)[1].replace(",", ""))

    assert 0 < counts["day"] <= counts["week"] < counts["until"] < counts["all"] == 400


def test_without_scripts_the_slider_is_a_form_that_leads_to_its_day(client):
    answer = client.get("/inbox?n=180&span=week&journey=renewal")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/inbox?journey=renewal&day=2026-06-30&span=week"
    assert client.get("/inbox?n=99999").headers["location"] == "/inbox?day=2026-12-31&span=until"
    assert client.get("/inbox?n=x").headers["location"] == "/inbox"


def test_while_the_year_plays_only_the_list_is_asked_for(client):
    part = client.get("/inbox?day=2026-07-01&part=list").text

    assert part.lstrip().startswith("<section")
    assert mails(part)
    assert "<html" not in part


def test_a_mail_opens_in_a_frame_that_may_do_nothing(client):
    page = client.get("/inbox?mail=m00005").text

    assert 'sandbox=""' in page
    assert 'src="/mail/m00005/frame"' in page
    assert "Dear" in client.get("/mail/m00005/frame").text


def test_text_headers_and_source_are_there_to_look_at(client):
    offer = mails(client.get("/inbox?journey=renewal&step=send-offer").text)[0]

    assert "kilowatt hours" in client.get(f"/inbox?mail={offer}&view=text").text
    headers = client.get(f"/inbox?mail={offer}&view=headers").text
    assert "List-Unsubscribe-Post" in headers
    assert "Message-ID" in headers
    assert "multipart/alternative" in client.get(f"/inbox?mail={offer}&view=source").text


def test_calls_and_texts_are_in_the_list_and_open_as_text(client):
    call = mails(client.get("/inbox?journey=recovery&step=call-crm").text)[0]
    page = client.get(f"/inbox?mail={call}&view=html").text

    assert "crm.create-task" in page
    assert "&#34;about&#34;" in page
    assert "<iframe" not in page


def test_times_are_on_the_projects_wall_clock(client):
    summer = client.get("/inbox?mail=m00200").text

    at = re.search(r'datetime="(2026-0[67]-\d\dT\d\d:\d\d:00\+02:00)"', summer)
    assert at


@pytest.mark.parametrize("mail", ["none", "%2e%2e", "m00001'--", "<script>", "x" * 5000])
def test_a_mail_that_is_not_there_is_no_accident(client, mail):
    assert client.get("/inbox", params={"mail": mail}).status_code == 200
    assert client.get(f"/mail/{mail}/frame").status_code == 404


def test_what_customers_are_called_is_never_taken_for_markup(client):
    page = client.get("/inbox", params={"q": "<script>alert(1)</script>", "journey": '"><img>', "customer": "<b>"}).text

    assert "<script>alert" not in page
    assert '"><img>' not in page
    assert "&lt;script&gt;" in page


def test_a_broken_store_gives_a_short_sentence_and_no_secret(client_of):
    class Broken:
        def tally(self, _wanted):
            raise RuntimeError("password canary")

    answer = client_of(create_app(Broken(), company="X")).get("/")

    assert answer.status_code == 500
    assert "canary" not in answer.text


def test_ten_thousand_mails_are_no_burden(tmp_path, filled, client_of):
    store = filled(f"sqlite:///{tmp_path / 'many.db'}", mails=10_000, people=500)
    client = client_of(create_app(store, company="Big"))

    for address in ("/", "/inbox", "/inbox?q=roof&page=3", "/inbox?page=200", "/inbox?day=2026-07-01&part=list"):
        client.get(address)
        begun = time.process_time()  # what it costs, not what others do meanwhile
        assert client.get(address).status_code == 200
        assert time.process_time() - begun < 1.0, address
    store.close()
