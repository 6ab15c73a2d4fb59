"""What columns mean: by name in three languages, by their cells, by what was said. Permission is never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifeloop.work.importing.guessing import Said, guess
from lifeloop.work.importing.mapping_file import MappingFile
from lifeloop.work.importing.meaning import Always, Column, Pattern
from lifeloop.work.importing.problems import MappingError
from lifeloop.work.importing.table import Table
from lifeloop.work.project import open_project

STARTER = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalogue():
    return open_project(STARTER).catalogue


@pytest.fixture
def table(tmp_path):
    opened = []

    def made(header, *rows):
        path = tmp_path / "file.csv"
        path.write_text("\n".join((header, *rows)) + "\n")
        opened.append(Table(path))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("id,First Name,E-Mail,phone", {"first_name": "First Name", "email": "E-Mail", "phone": "phone"}),
        ("Klantnummer,Voornaam,E-mailadres,Woonplaats", {"first_name": "Voornaam", "email": "E-mailadres"}),
        ("Kundennummer,Vorname,Nachname,Telefon", {"first_name": "Vorname", "last_name": "Nachname"}),
        ("customerId,Sprache,Zeitzone,Ort", {"locale": "Sprache", "timezone": "Zeitzone", "city": "Ort"}),
    ],
)
def test_columns_are_known_by_name_in_three_languages(catalogue, table, header, meant):
    found = guess(table(header), catalogue, Said()).people
    assert found.id == Column(header.split(",")[0])
    assert meant.items() <= {name: str(source) for name, source in found.data.items()}.items()


def test_things_are_found_with_their_key_and_left_out_without_it(catalogue, table):
    whole = guess(table("id,Vertragsnummer,Vertragsende,Einddatum"), catalogue, Said())
    assert whole.people.things == {
        "contract": {"contract_id": Column("Vertragsnummer"), "ends": Column("Vertragsende")}
    }
    partly = guess(table("id,Vertragsende"), catalogue, Said())
    assert (partly.people.things, partly.left_out) == ({}, ("Vertragsende",))
    assert "no column holds the contract_id" in partly.notes[0]


def test_addresses_are_known_by_what_they_look_like(catalogue, table):
    found = guess(table("klant,reach", "1,bo@example.com", "2,cas@example.com"), catalogue, Said())
    assert found.people.data == {"email": Column("reach")}


def test_without_an_id_the_address_names_the_customer(catalogue, table):
    found = guess(table("email,city"), catalogue, Said())
    assert (found.people.id, len(found.notes)) == (Column("email"), 1)
    with pytest.raises(MappingError, match="no column tells the customers apart"):
        guess(table("city,street"), catalogue, Said())


@pytest.mark.parametrize("name", ["Newsletter", "Nieuwsbrief ja/nee", "opt-in", "Einwilligung", "inspiration"])
def test_permission_is_never_guessed(catalogue, table, name):
    found = guess(table(f"id,{name}"), catalogue, Said())
    assert (found.people.consents, found.left_out) == ({}, (name,))
    assert "never guessed" in found.notes[0]


def test_permission_is_what_was_said(catalogue, table):
    said = Said(consents={"inspiration": "Newsletter", "win-back": None})
    found = guess(table("id,Newsletter"), catalogue, said)
    assert found.people.consents == {"inspiration": Column("Newsletter"), "win-back": Always("yes")}


def test_events_find_whom_when_and_which(catalogue, table):
    said = Said(kind="events", event="order.delivered")
    (event,) = guess(table("id,klant,datum,ordernummer,bedrag"), catalogue, said).events
    assert (event.customer, event.at, event.id) == (Column("klant"), Column("datum"), Column("id"))
    assert event.data == {"order_id": Column("ordernummer"), "total": Column("bedrag")}


@pytest.mark.parametrize(
    ("header", "said", "words"),
    [
        ("id,a", Said(columns={"b": "city"}), 'no column "b"'),
        ("id,a", Said(columns={"a": "citty"}), 'did you mean "city"'),
        ("id,a", Said(consents={"inspirations": None}), 'did you mean "inspiration"'),
        ("id,a", Said(kind="objects", object="contrakt"), 'did you mean "contract"'),
        ("klant,datum", Said(kind="events", event="order.deliverd"), 'did you mean "order.delivered"'),
        ("klant,x", Said(kind="events", event="order.delivered"), "no column tells when"),
        ("datum,x", Said(kind="events", event="order.delivered"), "no column tells whom"),
        ("klant,datum", Said(kind="events"), "which event"),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest(catalogue, table, header, said, words):
    with pytest.raises(MappingError, match=words):
        guess(table(header), catalogue, said)


def mapping(tmp_path, catalogue, text):
    path = tmp_path / "map.yaml"
    path.write_text(text)
    return MappingFile(path, catalogue)


def test_one_row_can_be_a_customer_and_an_event(tmp_path, catalogue):
    found = mapping(
        tmp_path,
        catalogue,
        """
        customers: {id: customer_id, email: "c-{customer_id}@example.com", status: active}
        consents: {inspiration: {always: yes}}
        objects: {contract: {contract_id: nr, ends: until}}
        events:
          - {name: order.delivered, at: date, data: {total: amount}}
        """,
    ).meaning(("customer_id", "date", "quantity", "amount", "nr", "until"))
    assert found.people.data == {"email": Pattern("c-{customer_id}@example.com"), "status": Always("active")}
    assert found.people.things == {"contract": {"contract_id": Column("nr"), "ends": Column("until")}}
    (event,) = found.events
    assert (event.customer, event.at) == (Column("customer_id"), Column("date"))
    assert found.left_out == ("quantity",)


def test_every_mistake_of_a_mapping_is_told_with_its_place(tmp_path, catalogue):
    file = mapping(
        tmp_path,
        catalogue,
        "customers: {id: customer_id, status: ammount, naem: x}\n"
        "events:\n"
        "  - {name: order.deliverd, at: date}\n"
        "  - {name: order.delivered, at: date, data: {totl: amount, order_id: '{nr}'}}\n",
    )
    with pytest.raises(MappingError) as problem:
        file.meaning(("customer_id", "date", "amount"))
    told = "\n".join((problem.value.sentence, *problem.value.more))
    for place, word in (
        ("1:38", "ammount"),
        ("1:47", "naem"),
        ("3:12", "order.deliverd"),
        ("4:46", "totl"),
        ("4:", "nr"),
    ):
        assert any(f"map.yaml:{place}" in line and word in line for line in told.splitlines()), (place, word, told)


def test_a_mapping_that_is_no_yaml_or_says_nothing_is_refused(tmp_path, catalogue):
    for text in ("a: [", "", "- 1\n"):
        with pytest.raises(MappingError):
            mapping(tmp_path, catalogue, text)
    with pytest.raises(MappingError, match="dates is one of"):
        mapping(tmp_path, catalogue, "customers: {id: a}\ndates: american\n").habits()
