"""What customers wish is read with everything else, and changing it has all that waits for them looked at again."""

from lifeloop.store import consents, facts, preferences
from lifeloop.store.preferences import Wish
from lifeloop.store.values import ConsentRow, Needs, Subject


def loaded(store, who):
    with store.reading() as tx:
        return facts.load(tx, [Subject(who)], Needs())[0]


def test_a_wish_is_known_to_every_decision(store, world):
    (who,) = world.customers(1)
    assert (loaded(store, who).pace, loaded(store, who).paused_until) == (None, None)

    with store.transaction() as tx:
        preferences.save(tx, who, Wish("weekly", 5000), 100)

    assert (loaded(store, who).pace, loaded(store, who).paused_until) == ("weekly", 5000)
    with store.transaction() as tx:
        preferences.save(tx, who, Wish(), 200)
        assert preferences.of_customer(tx, who) == preferences.AS_IT_COMES


def test_who_waits_is_looked_at_again(store, world):
    first, second = world.customers(2)
    world.runs([first, second], due_at=9000)

    with store.transaction() as tx:
        preferences.save(tx, first, Wish(), 500)
        due = {row.customer_id: row.due_at for row in tx.ask("SELECT customer_id, due_at FROM enrollment")}

    assert due == {first: 500, second: 9000}


def test_a_no_on_all_channels_ends_what_one_channel_was_granted(store, world):
    (who,) = world.customers(1)
    with store.transaction() as tx:
        consents.record(tx, [ConsentRow(who, "offers", True, 10, "email", wording="Yes, mail me", version="3")], 10)
        consents.unsubscribe(tx, who, "offers", 20, source="rfc8058", evidence="{}")

        assert consents.of_customer(tx, who) == {"offers": False, "email/offers": False}
        said = [(row.channel, row.granted, row.wording, row.version) for row in consents.history(tx, who)]
    assert said == [("email", True, "Yes, mail me", "3"), ("*", False, "", ""), ("email", False, "", "")]
