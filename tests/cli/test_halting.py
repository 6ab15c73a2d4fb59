"""``halt`` and ``release`` as somebody types them: what is said first, what is asked, what is refused."""

import pytest

from lifeloop.store.opening import open_store

PEOPLE = "id,email,first_name\n" + "".join(f"n{number},n{number}@example.com,N{number}\n" for number in range(20))


@pytest.fixture
def shop(small, run, monkeypatch):
    """A small shop with twenty people whose messages wait behind a halt."""
    for name in ("LIFELOOP_DATABASE", "PREFECT_API_URL", "LIFELOOP_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    (small / "journeys" / "one.yaml").write_text(
        (small / "journeys" / "one.yaml").read_text().replace("- wait: 3 days\n  ", "")
    )
    (small / "people.csv").write_text(PEOPLE)
    run("import", "people.csv")
    run("run", "--once")
    return small


def send_to(run, count):
    for number in range(count):
        assert run("event", "send", "order.placed", f"n{number}").code == 0


@pytest.mark.usefixtures("shop")
def test_a_halt_says_what_waits_and_a_release_what_leaves(run, conforms):
    done = conforms("halt", run("halt", "one", "--yes", "--reason", "wrong price", "--json").json)
    assert (done["halted"], done["instead"], done["everything"]) == (["one"], [], False)
    send_to(run, 20)
    run("run", "--once")
    shown = run("status").out
    assert "The journey one is halted since" in shown
    assert "wrong price" in shown
    assert "lifeloop release one" in shown
    (row,) = conforms("status", run("status", "--json").json)["halts"]
    assert (row["what"], row["name"], row["by"], row["reason"]) == ("journey", "one", "hand", "wrong price")
    assert "the journey one is halted" in run("doctor").out
    refused = run("release", "one", "--per-hour", "300")
    assert refused.code == 5
    assert "20 messages have gathered. They leave at 300 an hour, the newest first" in refused.err
    again = run("halt", "one")
    assert (again.code, "20 messages wait, 20 of them due now" in again.err) == (5, True)
    released = conforms("release", run("release", "one", "--per-hour", "300", "--yes", "--json").json)
    assert (released["released"], released["outlook"]["seconds"]) == (20, 180)
    assert run("run", "--once", "--json").json["counts"]["sent"] == 5
    assert run("status", "--json").json["halts"] == []


@pytest.mark.usefixtures("shop")
def test_the_emergency_stop(run):
    assert run("halt", "--all", "--yes", "--reason", "wrong price").code == 0
    assert "Nothing leaves: wrong price" in run("status").out
    assert "lifeloop release --all" in run("status").out
    assert run("doctor").code == 1
    send_to(run, 1)
    assert "sent" not in run("run", "--once", "--json").json["counts"]
    assert run("release", "--all", "--yes").code == 0
    assert run("run", "--once", "--json").json["counts"]["sent"] == 1


@pytest.mark.usefixtures("shop")
def test_a_release_during_the_emergency_stop_promises_no_pace(run, conforms):
    run("halt", "one", "--yes")
    run("halt", "--all", "--yes", "--reason", "wrong price")
    send_to(run, 2)
    run("run", "--once")
    refused = run("release", "one")
    assert "Gathered: 2 messages. Everything is still halted (wrong price)" in refused.err
    assert "an hour" not in refused.err
    released = run("release", "one", "--yes").out
    assert "Released: one." in released
    assert "lifeloop release --all" in released
    again = conforms("release", run("release", "one", "--yes", "--json").json)
    assert (again["not_halted"], again["still_halted"]) == (["one"], "wrong price")
    assert "still halted" not in run("release", "--all", "--yes").out


@pytest.mark.usefixtures("shop")
def test_a_release_of_what_is_not_halted_says_so(run):
    run("halt", "a/hello", "--yes")
    idle = run("release", "one")
    assert (idle.code, idle.out) == (0, "Not halted: one.\nNo message has gathered.\n")
    both = run("release", "one", "a/hello").out
    assert both.startswith("Released: a/hello.\nNot halted: one.\n")


@pytest.mark.usefixtures("shop")
def test_what_cannot_be_meant_is_said(run):
    for words in (["halt"], ["halt", "one", "--all"], ["release"], ["halt", "won", "--yes"]):
        assert run(*words).code == 2
    assert 'did you mean "a/hello"?' in run("halt", "a/helo", "--yes").err
    assert run("release", "one", "--per-hour", "0").code == 2
    assert run("halt", "a/hello", "inbox", "--yes").code == 0
    assert [one["what"] for one in run("status", "--json").json["halts"]] == ["message", "provider"]


def test_halting_a_provider_says_which_one_its_messages_take(small, run):
    ways = "email: resend\nchannels:\n  resend: {token: env.T, fallback: postmark}\n  postmark: {token: env.T}\n"
    (small / "lifeloop.yaml").write_text((small / "lifeloop.yaml").read_text() + ways)
    said = run("halt", "resend")
    assert (said.code, "nothing of resend leaves; what may leave by postmark instead does" in said.err) == (5, True)


@pytest.mark.usefixtures("shop")
def test_a_runner_tells_of_a_breaker_once(small, run, conforms):
    file = small / "journeys" / "one.yaml"
    file.write_text(file.read_text().replace("topic: service", "topic: service\n  volume: 2 per day"))
    send_to(run, 3)
    told = conforms("run", run("run", "--once", "--json").json)
    assert [(one["what"], one["name"], one["by"]) for one in told["tripped"]] == [("journey", "one", "volume")]
    assert told["counts"]["sent"] == 2
    assert run("run", "--once", "--json").json["tripped"] == []
    assert "2 messages left within a day and more wanted to: the most is 2" in run("status").out
    store = open_store(f"sqlite:///{small / '.lifeloop' / 'lifeloop.db'}")
    with store.reading() as tx:
        assert tx.ask("SELECT count(*) AS number FROM halt")[0].number == 1
    store.close()
