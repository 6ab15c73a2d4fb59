"""``move-store`` as somebody types it: looked at first, asked, moved, and said where everything is now."""

import pytest

PEOPLE = "id,email,first_name\n" + "".join(f"n{number},n{number}@example.com,N{number}\n" for number in range(20))


@pytest.fixture
def shop(small, run, monkeypatch):
    """A small shop in which one of twenty people waits."""
    for name in ("LIFELOOP_DATABASE", "PREFECT_API_URL", "LIFELOOP_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    (small / "people.csv").write_text(PEOPLE)
    run("import", "people.csv")
    run("deploy", "--local")
    run("event", "send", "order.placed", "n3")
    assert run("run", "--once").code == 0
    return small


def test_a_move_is_shown_asked_made_and_said(shop, run, conforms, monkeypatch):
    seen = conforms("move-store", run("move-store", "sqlite:///new.db", "--dry-run", "--json").json)
    assert (seen["moved"], seen["waiting"], seen["rows"]["customer"]) == (False, 1, 20)
    assert not (shop / "new.db").exists()
    refused = run("move-store", "sqlite:///new.db")
    assert (refused.code, "people who wait among them: 1" in refused.err) == (5, True)
    done = run("move-store", "sqlite:///new.db", "--yes")
    assert done.code == 0
    assert f"export LIFELOOP_DATABASE=sqlite:///{shop}/new.db" in done.out
    late = run("event", "send", "order.placed", "n4")
    assert (late.code, "takes no writes any more: everything was moved to" in late.err) == (4, True)
    assert "everything was moved to" in run("status").out
    assert run("move-store", "sqlite:///newer.db", "--yes").code == 5
    monkeypatch.setenv("LIFELOOP_DATABASE", f"sqlite:///{shop}/new.db")
    assert run("who", "one", "--json").json["waiting"] == 1
    assert run("event", "send", "order.placed", "n4").code == 0


@pytest.mark.usefixtures("shop")
def test_what_cannot_be_moved_is_said(run, monkeypatch):
    assert run("move-store", "mysql://x/y").code == 4
    monkeypatch.setenv("LIFELOOP_DATABASE", "sqlite:///nowhere.db")
    assert "nowhere.db does not exist" in run("move-store", "sqlite:///new.db").err
