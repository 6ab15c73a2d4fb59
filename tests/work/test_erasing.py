"""One person taken out everywhere: nothing of them is found in any table or byte, and nobody writes to them again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from lifeloop.channel.values import Abilities
from lifeloop.engine.values import Sale
from lifeloop.store import (
    arrivals,
    consents,
    customers,
    erasing,
    facts,
    hits,
    marks,
    opt_ins,
    preferences,
    reports,
    sales,
)
from lifeloop.store.hits import LinkRow
from lifeloop.store.opt_ins import OptInRow
from lifeloop.store.preferences import Wish
from lifeloop.store.tables import METADATA
from lifeloop.store.values import ConsentRow, Needs, Subject, SuppressionRow
from lifeloop.work import rights
from lifeloop.work.ingesting import Happening, Person, ingest

CANARY = "kanarie77"
WHO = f"key-{CANARY}"
EMAIL = f"{CANARY}@example.com"
NOBODY = {
    "journey", "plan", "suppression", "switch", "instance", "link", "link_count", "project_key", "erasure",
    "kept_consent", "arrival", "endpoint", "halt", "pace", "seat", "tally", "write_key", "segment", "occasion", "begun",
    "picture",
}  # fmt: skip
"""Tables without a column that points at somebody; a new one belongs here only if it never holds personal data."""
WORDLESS = {"permission", "preference", "segment_member", "segment_look", "said"}
"""Tables about somebody that hold numbers and our own names only."""
_LOOK = 'SELECT 1 AS one FROM {table} WHERE lower(CAST("{column}" AS text)) LIKE :word LIMIT 1'
JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: service}
steps:
  - set: {seen: customer.first_name}
  - send: shop/one
  - call: crm.create
    with: {name: "{{ customer.first_name | default('x') }}"}
  - ask: boss
    question: May {{ customer.first_name | default("they") }} have it?
    max: 2 days
    then: [{send: shop/two}]
"""


def fill(shop, key: str = WHO, word: str = CANARY) -> int:
    """Let everything happen to somebody, with their word in every field."""
    data = dict.fromkeys(("first_name", "city", "status", "seen", "anything"), word)
    data |= {"email": f"{word}@example.com", "phone": f"+31{word}", "timezone": f"Europe/{word}", "locale": word}
    things = {"contract": ({"contract_id": word, "ends": "2027-01-01", "state": word},)}
    ingest(shop.space, [Person(key, data, things, {"news": True})])
    ingest(shop.space, [], [Happening(key, "order.placed", shop.now, f"{word}:1", data={"order_id": word})])
    shop.wave()
    ingest(shop.space, [], [Happening(key, "order.placed", shop.now, f"{word}:2", data={"order_id": word})])
    with shop.space.store.transaction() as tx:
        who = customers.find_keys(tx, [key])[key].id
        said = json.dumps({"method": "page", "ip": word, "agent": word})
        consents.record(
            tx, [ConsentRow(who, "news", True, 5, "*", f"form of {word}@example.com", said, "Yes please", "v2")], 6
        )
        consents.suppress(tx, [SuppressionRow("sms", f"+31{word}", "bounced", 7)])
        preferences.save(tx, who, Wish("weekly", 9), 8)
        opt_ins.add(tx, OptInRow("ab" * 16, who, "news", word, "v1", word, word, 1, 2))
        hits.keep_links(tx, [LinkRow("cd" * 12, f"https://example.com/?who={word}%40example.com", "one", "send")], 1)
        message = tx.ask("SELECT id FROM message WHERE customer_id = :who ORDER BY id", who=who)[0].id
        tx.run(
            "INSERT INTO hit (message_id, what, at, by, settled) VALUES (:id, 'clicked', 3, :by, 1)",
            id=message,
            by=word,
        )
        tx.run(
            "UPDATE message SET provider_id = :word, reason = :word, answer = :body WHERE customer_id = :who",
            word=word, body=json.dumps({"note": word}), who=who,
        )  # fmt: skip
        tx.run("UPDATE attempt SET raw = :word, reason = :word WHERE message_id = :id", word=word, id=message)
        row = reports.ReportRow("smtp", f"{key}:1", "bounced", 4, "hard", message, "m", word, word)
        key_of_marks = marks.keep_key(tx, bytes(32), reports.KEY)
        stray = reports.ReportRow(
            "smtp", f"{key}:2", "bounced", 4, mark=reports.mark(key_of_marks, "email", f"{word}@example.com"), raw=word
        )
        reports.keep(tx, [row, stray], 4)
        tx.run("INSERT INTO lookup (message_id, nth, at, said) VALUES (:id, 1, 5, :word)", id=message, word=word)
        arrivals.refuse(tx, [arrivals.NewRefusal(word, word, 1, key, word, word)], 5)
        tx.run("INSERT INTO segment_look (segment, customer_id, due_at) VALUES ('buyers', :who, 5)", who=who)
        sales.record(tx, [sales.SaleRow(who, Sale(word, word, 5, True, word), word)], 6)
        tx.run(
            "INSERT INTO alias (key, former_id, customer_id, at) VALUES (:word, 0, :who, 5)", word=f"{key}-was", who=who
        )
    return who


def found_in(shop, word: str) -> list[str]:
    """Every table and column in which a word stands, whatever its case."""
    with shop.space.store.reading() as tx:
        return [
            f"{table.name}.{column.name}"
            for table in METADATA.sorted_tables
            for column in table.columns
            if tx.ask(_LOOK.format(table=table.name, column=column.name), word=f"%{word}%")
        ]


def erase(shop, key: str = WHO, **how) -> rights.Done:
    with shop.space.store.reading() as tx:
        person = customers.find_keys(tx, [key])[key]
    return rights.erase(shop.space, person, **how)


def suppressed(shop, key: str) -> frozenset[str]:
    with shop.space.store.reading() as tx:
        who = customers.find_keys(tx, [key])[key].id
        (known,) = facts.load(tx, [Subject(who)], Needs())
    return known.suppressed


@pytest.fixture
def filled(shop):
    shop.publish(one=JOURNEY)
    shop.person("bo", first_name="Bo", city="Rome")
    shop.event("bo", "order.placed", order_id="bo-1")
    fill(shop)
    return shop


def test_the_word_stands_in_every_table_about_people_before(filled) -> None:
    tables = {place.partition(".")[0] for place in found_in(filled, CANARY)}
    with_words = {name for name in erasing.paths() if name not in WORDLESS}
    assert with_words - tables <= {"candidate", "suspect"}  # suspect: what a candidate was that was set aside


def test_nothing_of_them_is_left_in_any_column(filled) -> None:
    with filled.space.store.reading() as tx:
        before = tx.ask("SELECT (SELECT count(*) FROM visit) AS visits, (SELECT count(*) FROM message) AS mails")[0]
    done = erase(filled)
    assert found_in(filled, CANARY) == []
    assert done.remains.counts["customer"] == 1
    assert done.remains.counts["rendered"] >= 1
    with filled.space.store.reading() as tx:
        after = tx.ask("SELECT (SELECT count(*) FROM visit) AS visits, (SELECT count(*) FROM message) AS mails")[0]
        assert [row.key for row in tx.ask("SELECT key FROM customer")] == ["bo"]
    assert before.mails - after.mails == done.remains.counts["message"]
    assert after.visits > 0  # Bo's are still there


def test_every_table_is_either_cleared_or_about_nobody() -> None:
    assert {table.name for table in METADATA.sorted_tables} - erasing.paths().keys() == NOBODY


def test_every_table_about_people_has_words_for_them() -> None:
    assert erasing.paths().keys() <= rights.WORDS.keys()


def test_the_bytes_of_the_file_hold_nothing_either(filled) -> None:
    if filled.space.store.postgres:
        pytest.skip("PostgreSQL tidies its files itself")
    done = erase(filled)
    assert done.compacted
    path = Path(filled.url.removeprefix("sqlite:///"))
    files = [each for each in path.parent.glob(f"{path.name}*") if each.is_file()]
    assert [each.name for each in files if CANARY.encode() in each.read_bytes().lower()] == []


def test_a_file_in_use_is_said(filled) -> None:
    if filled.space.store.postgres:
        pytest.skip("PostgreSQL tidies its files itself")
    other = sqlite3.connect(filled.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM customer").fetchone()
    assert not erase(filled).compacted
    other.close()


def test_imported_again_they_are_still_suppressed_and_get_nothing(filled) -> None:
    erase(filled)
    filled.person("somebody-new", email=EMAIL.upper())
    filled.event("somebody-new", "order.placed", order_id="2")
    filled.wave()
    assert suppressed(filled, "somebody-new") == {"*"}
    assert [one.status for one in filled.messages("somebody-new") if one.kind == "mail" and one.sent_at] == []
    assert ("dropped", "suppressed") in [
        (what, detail.partition(":")[0]) for what, detail in filled.line(filled.runs("somebody-new")[0])
    ]
    with filled.space.store.reading() as tx:
        assert [row.reason for row in consents.suppressed(tx, EMAIL)] == ["erased"]


def test_somebody_else_is_not_suppressed(filled) -> None:
    erase(filled)
    assert suppressed(filled, "bo") == frozenset()


def test_who_may_return_keeps_only_what_stood_against_their_addresses(filled) -> None:
    erase(filled, may_return=True)
    filled.person("again", email=EMAIL, phone=f"+31{CANARY}")
    assert suppressed(filled, "again") == {"sms"}


def test_their_own_wish_ends_the_suppression(filled) -> None:
    erase(filled)
    filled.person("again", email=EMAIL)
    with filled.space.store.transaction() as tx:
        consents.unsuppress(tx, "*", EMAIL)
    assert suppressed(filled, "again") == frozenset()


def test_proof_of_consent_stays_without_their_name(filled) -> None:
    erase(filled)
    with filled.space.store.reading() as tx:
        rows = tx.ask("SELECT * FROM kept_consent ORDER BY id")
    proof = rows[-1]
    assert (proof.topic, bool(proof.granted), proof.at, proof.method) == ("news", True, 5, "page")
    assert (proof.wording, proof.version, proof.source) == ("Yes please", "v2", "")
    assert proof.mark.startswith("~")


def test_asking_twice_is_answered(filled) -> None:
    erase(filled)
    assert rights.erased_at(filled.space, WHO) == filled.now
    assert rights.erased_at(filled.space, EMAIL.upper()) == filled.now
    assert rights.erased_at(filled.space, "bo") is None


def test_looking_changes_nothing(filled) -> None:
    with filled.space.store.reading() as tx:
        person = customers.find_keys(tx, [WHO])[WHO]
    before = found_in(filled, CANARY)
    remains = rights.look(filled.space, person)
    assert found_in(filled, CANARY) == before
    assert remains.counts == erase(filled).remains.counts


def test_a_message_on_its_way_does_not_come_back(shop) -> None:
    """Somebody is erased between the gate and the answer of the mail server."""
    shop.publish(one="start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n")
    for key in ("ana", "bo"):
        shop.person(key)
        shop.event(key, "order.placed")
    way = shop.mail_by(Abilities(batch=8))
    plain = way.answers

    def erases_first(count, item):
        if count == 1:
            erase(shop, "ana")
        return plain(count, item)

    way.answers = erases_first
    shop.wave()
    assert [(one.key, one.status) for one in shop.messages()] == [("bo", "sent")]
    assert found_in(shop, "ana@example.com") == []


def test_the_inbox_keeps_nothing_of_somebody_who_is_gone(shop) -> None:
    shop.publish(one="start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n")
    for key in ("ana", "bo"):
        shop.person(key)
        shop.event(key, "order.placed")
    inbox = shop.space.ways.mail
    kept = inbox.send

    async def erases_first(batch, /):
        with shop.space.store.reading() as tx:
            gone = not customers.find_keys(tx, ["ana"])
        if not gone:
            erase(shop, "ana")
        return await kept(batch)

    inbox.send = erases_first
    shop.wave()
    assert [(one.key, one.status) for one in shop.messages()] == [("bo", "sent")]
    assert found_in(shop, "ana@example.com") == []
