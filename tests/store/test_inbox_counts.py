"""What the inbox page counts: by day, journey and step, and whose mail is worth looking at."""

from lifeloop.store import customers, inbox, journeys, messages
from lifeloop.store.values import CustomerRow, InboxFilter, InboxPerson, InboxTally, NewMessage, PlanRow, Rendered

DAY = 86_400


def keep(store, *mails):
    """Keep mails given as (customer, journey, step, day)."""
    with store.transaction() as tx:
        names = sorted({journey for _, journey, _, _ in mails})
        journeys.publish(tx, {name: PlanRow(name, name, "{}") for name in names}, 0)
        ids = customers.upsert(tx, [CustomerRow(key) for key in sorted({mail[0] for mail in mails})], 0).ids
        for number, (key, journey, step, day) in enumerate(mails):
            mail = NewMessage(f"m{number}", "mail", None, ids[key], journey, step, 1, "x", 0, "email")
            messages.add(tx, [mail], 0)
            inbox.add(tx, [Rendered(mail.id, f"{key}@example.com", "", f"Mail {number}", "", "")], day * DAY + 100)


def test_mails_are_counted_by_day_journey_and_step(store):
    keep(store, ("ana", "renewal", "offer", 3), ("bo", "renewal", "offer", 3), ("bo", "welcome", "hello", 1))

    with store.reading() as tx:
        everything = inbox.tally(tx, InboxFilter())
        only_ana = inbox.tally(tx, InboxFilter(key="ana"))

    assert everything == (
        InboxTally(DAY, "welcome", "hello", 1),
        InboxTally(3 * DAY, "renewal", "offer", 2),
    )
    assert only_ana == (InboxTally(3 * DAY, "renewal", "offer", 1),)


def test_who_hears_from_most_journeys_comes_first(store):
    keep(
        store,
        ("ana", "renewal", "offer", 1),
        ("ana", "renewal", "offer", 2),
        ("ana", "renewal", "offer", 3),
        ("bo", "renewal", "offer", 1),
        ("bo", "welcome", "hello", 1),
    )

    with store.reading() as tx:
        assert inbox.people(tx, 5) == (InboxPerson("bo", 2, 2), InboxPerson("ana", 3, 1))
        assert len(inbox.people(tx, 1)) == 1
