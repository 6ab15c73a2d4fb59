"""``lifeloop calls``, ``retry`` and what ``status`` says of systems that do not take their calls."""

from lifeloop.store.opening import open_store


def test_calls_that_nobody_took_are_shown_and_made_again(small, run, conforms, monkeypatch):
    monkeypatch.setenv("CRM_URL", "http://127.0.0.1:9")
    (small / "lifeloop.yaml").write_text(
        (small / "lifeloop.yaml").read_text() + "connections: {crm: {base: env.CRM_URL, actions: {tell: POST /in}}}\n"
    )
    (small / "journeys" / "one.yaml").write_text(
        "journey: one\nphase: welcome\nname: One\nstart:\n  event: order.placed\ndelivery:\n  topic: service\n"
        "steps:\n  - call: crm.tell\n"
    )
    (small / "people.csv").write_text("id,first_name\n1,Ana\n")
    assert "Every call is taken" in run("calls").out
    run("import", "people.csv")
    run("run", "--once")
    run("event", "send", "order.placed", "1")
    run("run", "--once")
    store = open_store(f"sqlite:///{small / '.lifeloop' / 'lifeloop.db'}")
    with store.transaction() as tx:
        tx.run("UPDATE message SET status = 'rejected', next_at = NULL, reason = 'given up: crm answered 500'")
    store.close()
    told = conforms("calls", run("calls", "crm", "--json").json)
    (one,), (connection,) = told["calls"], told["connections"]
    assert (one["action"], one["customer"], one["reason"]) == ("crm.tell", "1", "given up: crm answered 500")
    assert (connection["connection"], connection["failed"]) == ("crm", 1)
    assert one["id"][:12] in run("calls").out
    assert "1 call given up" in run("status").out
    assert conforms("status", run("status", "--json").json)["connections"] == [connection]
    assert run("calls", "crn").code == 2
    assert run("retry", "crn").code == 2
    assert conforms("retry", run("retry", one["id"][:12], "--json").json) == {
        "format": told["format"], "calls": [one["id"]], "count": 1,
    }  # fmt: skip
    assert "No call to crm waits for you" in run("retry", "crm").out
