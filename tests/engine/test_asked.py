from lifeloop.engine.asked import asks_messages, asks_only, names_in
from lifeloop.journey.condition import AllOf, AnyOf, DataName, Happened, MessageWas, Not


def test_names_stand_in_the_order_written(trial):
    left, right = trial.is_("event.a", "is", DataName("start", ("b",))), trial.is_("customer.c", "is missing")
    condition = AllOf((left, AnyOf((Not(right), Happened("a.came")))))
    assert [str(name) for name in names_in(condition)] == ["event.a", "start.b", "customer.c"]


def test_whether_some_records_are_enough_to_answer(trial):
    event, customer = trial.is_("event.a", "is present"), trial.is_("customer.a", "is present")
    roots = frozenset({"event"})
    assert asks_only(AllOf((event, Not(event))), roots)
    assert not asks_only(AnyOf((event, customer)), roots)
    assert not asks_only(AllOf((event, Happened("a.came"))), roots)


def test_whether_messages_are_asked_about(trial):
    other, message = trial.is_("event.a", "is present"), MessageWas("*", "sent")
    assert asks_messages(AnyOf((other, Not(AllOf((message,))))))
    assert not asks_messages(AnyOf((other, Not(other))))
