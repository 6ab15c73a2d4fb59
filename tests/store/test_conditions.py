"""One tree, two readings: for every condition Python and SQL find the same customers, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import blake2b

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeloop.engine.conditions import holds
from lifeloop.engine.scope import Scope
from lifeloop.engine.zones import zone_named
from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    DataName,
    Happened,
    InSegment,
    MessageWas,
    Named,
    Not,
    Span,
)
from lifeloop.journey.length import Length
from lifeloop.store import customers, events, facts, journeys, messages, objects, segments
from lifeloop.store.conditions import NotSqlError, Reading
from lifeloop.store.opening import Store, open_store
from lifeloop.store.values import (
    CustomerRow,
    EventRow,
    Needs,
    NewMessage,
    ObjectRow,
    PlanRow,
    Subject,
)

NOW = 1_774_747_800  # Sunday 29 March 2026, 02:30 in Amsterdam: an hour that does not exist there
DAY = 86_400
PEOPLE = 300

TEXTS = [
    "",
    "free",
    "Free",
    "plus",
    "O'Brien",
    '"',
    "%",
    "_",
    "a%b",
    "é",
    "e\u0301",
    "😀",
    "null",
    "true",
    "10",
    "*",
    " free",
    "\\",
    "[x]",
]
NUMBERS = [0, 1, -1, 10, 10.0, 9.99, 0.1, -3.5, 1e20, 2**53]
DATES = [
    "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-27", "2026-02-28", "2026-04-29", "2025-03-29", "2026-02-30",
    "2026-03-29T02:30", "2026-03-29T02:30:00", "2026-03-29 03:00", "2026-03-29T01:59:59.9", "2026-03-29T00:30Z",
    "2026-10-25T02:30", "2026-10-25T02:30+01:00", "2026-03-28T20:30:00-05:00", "2026-03-29T24:00", "2026-3-29",
    "9999-12-31", "0001-01-01", "0000-01-01", "2026-03-29T02:30:61", "20260329", "2026-03-29T02", " 2026-03-29 ",
    "2026-03-29T10:00+14:30", "2026-03-29T10:00+24:00", "2026-03-29T10:00+1299", "1890-01-01T12:00", "soon",
    "2026-04-05T02:30", "2026-04-05T01:30", "2026-10-04T02:15", "2024-02-29", "2025-02-29",
]  # fmt: skip
MIXED = [
    True,
    False,
    None,
    [],
    ["free", "plus"],
    [1, 10, "10"],
    [True],
    {"free": 1},
    {"inner": "plus"},
    [["x"]],
    {"inner": 10},
]
VALUES = [*TEXTS, *NUMBERS, *DATES, *MIXED]
ATTRIBUTES = ["plan", "score", "ends", "seen", "tags", "é_ch"]
ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Mars/Olympus",
    "../etc",
    "$x",
    '"',
    None,
    None,
]
EVENTS = ["order.placed", "app.opened"]
MESSAGES = ["renewal/offer", "renewal/thank-you", "welcome/hello", "a[b]?c", "x%_y"]


def pick(pool, *key):
    """One of a pool, by a keyed hash: the same people in every run."""
    return pool[int.from_bytes(blake2b(repr(key).encode(), digest_size=4).digest()) % len(pool)]


def record(*key) -> dict:
    return {
        name: pick([*VALUES, *DATES, *NUMBERS], *key, name) for name in ATTRIBUTES if pick((0, 1, 1), *key, name, "is")
    }


def person(number: int) -> CustomerRow:
    own = {"timezone": pick(ZONES, number), "email": pick([None, "a@example.com", "", "é@example.com"], number, "e")}
    return CustomerRow(f"c{number}", record(number) | own)


def populate(store: Store) -> None:
    rows = [person(number) for number in range(PEOPLE)]
    with store.transaction() as tx:
        journeys.publish(tx, {"renewal": PlanRow("renewal", "p", "{}")}, 0)
        ids = customers.upsert(tx, rows, 0).ids
        happened, things, sent = [], [], []
        for row in rows:
            who = ids[row.key]
            for each in range(pick((0, 1, 2, 4), row.key, "events")):
                at = NOW - pick((0, 1, 3600, DAY - 3600, DAY, 30 * DAY, -60, 31 * DAY), row.key, each, "at")
                name = pick(EVENTS, row.key, each)
                happened.append(EventRow("s", f"{who}-{each}", who, name, at, record(row.key, each, "event")))
            for kind in ("contract", "order"):
                many = range(pick((0, 0, 1, 2), row.key, kind))
                things += [ObjectRow(who, kind, f"K{each}", record(row.key, kind, each)) for each in many]
            for each in range(pick((0, 0, 1, 2), row.key, "messages")):
                name = pick(MESSAGES, row.key, each, "m")
                sent.append(NewMessage(f"{who}-{each}", "mail", None, who, "renewal", "n", 1, name, NOW - DAY * each))
        events.add(tx, happened, NOW)
        objects.upsert(tx, things, NOW)
        messages.add(tx, sent, NOW - 5 * DAY)
        messages.receipt(tx, [(row.id, pick(("opened", "clicked"), row.id), NOW - DAY) for row in sent[::2]])
        tx.run(
            "INSERT INTO segment_member (segment, customer_id) SELECT 'old-hands', id FROM customer WHERE id % 3 = 0"
        )


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def people(request, tmp_path_factory: pytest.TempPathFactory, postgres_schemas) -> Iterator[Store]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('conditions') / 'people.db'}"
        else:
            url = stack.enter_context(postgres_schemas())
        store = open_store(url)
        store.migrate()
        populate(store)
        yield store
        store.close()


# --- conditions -----------------------------------------------------------------------------------------------------

LENGTHS = st.sampled_from([
    Length(days=1), Length(months=1), Length(seconds=3600), Length(days=30), Length(), Length(days=2, seconds=90),
    Length(working_days=3),
])  # fmt: skip
KINDS = st.sampled_from(["text", "number", "boolean", "date", "datetime"])
NAMES = st.builds(
    DataName,
    st.sampled_from(["customer", "customer", "customer", "event", "contract", "values", "start", "order"]),
    st.sampled_from(
        [*((name,) for name in ATTRIBUTES), ("plan", "inner"), ("email",), ("id",), ("timezone",), ("nothing",)]
    ),
)
WRITTEN = st.sampled_from([value for value in VALUES if isinstance(value, str | int | float)]) | st.text(
    max_size=3
).filter(lambda text: "\x00" not in text and text.isprintable())
OPERANDS = WRITTEN | NAMES
ONE = [
    "is",
    "is not",
    "is at least",
    "is at most",
    "is above",
    "is below",
    "contains",
    "starts with",
    "is before",
    "is after",
]
COMPARES = (
    st.builds(lambda s, op, a, k: Compare(s, op, (a,), k), NAMES, st.sampled_from(ONE), OPERANDS, KINDS)
    | st.builds(
        lambda s, op, a, k: Compare(s, op, tuple(a), k),
        NAMES,
        st.sampled_from(["is one of", "is not one of"]),
        st.lists(OPERANDS, min_size=1, max_size=3),
        KINDS,
    )
    | st.builds(lambda s, a, b, k: Compare(s, "is between", (a, b), k), NAMES, OPERANDS, OPERANDS, KINDS)
    | st.builds(lambda s, op, k: Compare(s, op, (), k), NAMES, st.sampled_from(["is present", "is missing"]), KINDS)
    | st.builds(
        lambda s, op, a, k: Compare(s, op, (a,), k),
        NAMES,
        st.sampled_from(["is more than ago", "is less than ago", "is within"]),
        LENGTHS,
        st.sampled_from(["date", "datetime"]),
    )
)
SPANS = st.sampled_from([Span(), Span("ever"), Span("start")]) | st.builds(
    Span, st.sampled_from(["last", "within"]), LENGTHS
)
PATTERNS = st.sampled_from([*MESSAGES, "renewal/*", "*", "*/hello", "RENEWAL/*", "a[b]?*", "x%_*", "x__y", "none"])
LEAVES = (
    COMPARES
    | COMPARES
    | st.builds(MessageWas, PATTERNS, st.sampled_from(["sent", "opened", "clicked", "bounced"]), st.booleans(), SPANS)
    | st.builds(InSegment, st.sampled_from(["regulars", "old-hands", "nobody"]), st.booleans())
)


def bigger(inner):
    wheres = st.none() | inner
    return (
        st.builds(lambda parts: AllOf(tuple(parts)), st.lists(inner, max_size=3))
        | st.builds(lambda parts: AnyOf(tuple(parts)), st.lists(inner, max_size=3))
        | st.builds(Not, inner)
        | st.builds(Happened, st.sampled_from(EVENTS), st.integers(0, 3), st.booleans(), SPANS, wheres)
        | st.builds(AnyObject, st.sampled_from(["contract", "order"]), st.booleans(), wheres)
    )


CONDITIONS = st.recursive(LEAVES, bigger, max_leaves=6)
REGULARS = AllOf((Happened("order.placed", 2), Not(Compare(DataName("customer", ("plan",)), "is missing", (), "text"))))
CONSTANTS = {"plan": "plus", "score": 10, "ends": "2026-03-29", "tags": ["free", 1]}
READING = Reading(NOW, "Asia/Kathmandu", {"regulars": REGULARS}, values=CONSTANTS)


def scopes(store: Store) -> dict[int, Scope]:
    """Everybody as the engine's Python reading sees them."""
    with store.reading() as tx:
        ids = customers.ids_after(tx, 0, PEOPLE + 1)
        needs = Needs(frozenset(EVENTS), frozenset({"contract", "order"}), frozenset({"old-hands"}))
        known = facts.load(tx, [Subject(id_) for id_ in ids], needs)
    found = {}
    for id_, fact in zip(ids, known, strict=True):
        zone = zone_named(fact.customer.get("timezone")) or zone_named("Asia/Kathmandu")
        scope = Scope(
            zone, NOW, fact.customer, values=CONSTANTS, things=fact.things, events=fact.events, sent=fact.sent
        )
        more = {"regulars"} if holds(REGULARS, scope) else set()
        scope.segments = fact.segments | more
        found[id_] = scope
    return found


@pytest.fixture(scope="module")
def by_python(people: Store) -> dict[int, Scope]:
    return scopes(people)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(condition=CONDITIONS)
def test_both_readings_find_the_same_people(people: Store, by_python: dict[int, Scope], condition) -> None:
    with people.reading() as tx:
        by_sql = segments.select(tx, condition, READING)
    assert list(by_sql) == [id_ for id_, scope in by_python.items() if holds(condition, scope)]


@pytest.mark.parametrize("operator", [*ONE, "is missing"])
def test_every_pair_of_values_compares_alike(people: Store, by_python: dict[int, Scope], operator: str) -> None:
    for name in ATTRIBUTES:
        for kind in ("text", "number", "boolean", "date", "datetime"):
            tests = tuple(
                Compare(DataName("customer", (name,)), operator, operands, kind)
                for operands in ((DataName("customer", ("plan",)),), ("2026-03-29",), (10,), (True,), ("",))
            )
            for condition in tests:
                with people.reading() as tx:
                    by_sql = segments.select(tx, condition, READING)
                assert list(by_sql) == [id_ for id_, scope in by_python.items() if holds(condition, scope)], condition


def test_what_was_written_is_never_sql(people: Store) -> None:
    evil = "' OR 1=1; DROP TABLE customer; --"
    condition = AnyOf((
        Compare(DataName("customer", (evil,)), "is", (evil,), "text"),
        Happened(evil),
        MessageWas(evil, "sent"),
        InSegment(evil),
        AnyObject(evil, where=Compare(DataName(evil, (evil, evil)), "is", (evil,), "text")),
    ))  # fmt: skip
    with people.reading() as tx:
        assert segments.select(tx, condition, READING) == ()
        assert customers.count(tx) == PEOPLE


def test_a_python_predicate_and_a_circle_are_refused(people: Store) -> None:
    circle = Reading(NOW, segments={"a": InSegment("b"), "b": InSegment("a")})
    with people.reading() as tx:
        with pytest.raises(NotSqlError, match="churn-risk"):
            segments.select(tx, Named("churn-risk"), READING)
        with pytest.raises(NotSqlError, match="itself"):
            segments.select(tx, InSegment("a"), circle)


def test_pages_are_whole_and_in_order(people: Store) -> None:
    with people.reading() as tx:
        everybody = segments.select(tx, AllOf(()), READING, limit=PEOPLE + 1)
        first = segments.select(tx, AllOf(()), READING, limit=200)
        second = segments.select(tx, AllOf(()), READING, limit=200, after=first[-1])
        assert segments.count(tx, AllOf(()), READING) == PEOPLE
        assert segments.select(tx, AllOf(()), READING, customer_ids=[3, 5]) == (3, 5)
    assert (*first, *second) == everybody


def test_a_segment_tells_who_joined_and_who_left(world) -> None:
    ana, bo, cleo = everybody = world.customers(3)
    name = DataName("customer", ("plan",))
    free, paid = Compare(name, "is", ("free",), "text"), Compare(name, "is", ("plus",), "text")
    with world.store.transaction() as tx:
        customers.upsert(tx, [CustomerRow("c0", {"plan": "free"}), CustomerRow("c1", {"plan": "plus"})], 1)
        assert segments.refresh(tx, "s", free, READING, everybody) == ((ana,), ())
        assert segments.refresh(tx, "s", free, READING, everybody) == ((), ())
        assert segments.refresh(tx, "s", paid, READING, [cleo]) == ((), ())
        assert segments.refresh(tx, "s", paid, READING, everybody) == ((bo,), (ana,))
        assert segments.members(tx, "s") == (bo,)
