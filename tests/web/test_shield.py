import pytest

from lifeloop.web.shield import PAGE_POLICY, frame_policy

ROUTES = [
    "/",
    "/inbox",
    "/inbox?mail=m00001",
    "/mail/m00001/frame",
    "/mail/none/frame",
    "/assets/inbox.css",
    "/nothing",
]


@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_says_what_it_may_load(client, route):
    headers = client.get(route).headers

    framed = route == "/mail/m00001/frame"
    assert headers["content-security-policy"] == (frame_policy(images=False) if framed else PAGE_POLICY)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "evil.example.com:8025",
        "127.0.0.1.evil.example.com",
        "",
        "localhost@evil.example.com",
        "10.0.0.1",
    ],
)
def test_another_hosts_name_is_refused_everywhere(client, route, host):
    answer = client.get(route, headers={"Host": host})

    assert answer.status_code == 421
    assert "Sunny" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost:9", "LOCALHOST", "[::1]:8025", "127.0.0.1"])
def test_this_machine_may_be_called_by_its_names(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(client, method):
    assert client.request(method, "/inbox").status_code == 405


def test_a_mail_in_its_frame_may_do_nothing_but_look(client):
    policy = client.get("/mail/m00001/frame").headers["content-security-policy"].split("; ")

    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy
    assert not any("script" in rule for rule in policy)


def test_pictures_from_the_internet_load_only_when_asked(client):
    assert "https:" in client.get("/mail/m00001/frame?images=on").headers["content-security-policy"]


def test_pages_hold_nothing_that_the_policy_would_refuse(client):
    for route in ("/", "/inbox?mail=m00001", "/inbox?mail=m00001&view=source"):
        page = client.get(route).text
        assert " style=" not in page.split('<pre class="sheet')[0]
        assert "<script>" not in page
        assert " onclick" not in page
        assert "http://" not in page.replace("http://127.0.0.1", "").replace("http://www.w3.org", "").split("<pre")[0]
