"""``lifeloop replay``: what it refuses, what it leaves out, and the shape of what it prints."""

import json

import pytest
from jsonschema import Draft202012Validator

from lifeloop.cli.app import main
from lifeloop.cli.commands.replay import SHAPE

HEAD = "customer_id,date,quantity,amount\n"


@pytest.fixture
def replay(shop, monkeypatch, capsys):
    """Type the command in the example's folder; get its exit code, and what it said."""
    monkeypatch.chdir(shop)

    def typed(*words):
        capsys.readouterr()
        code = main(["replay", *(str(word) for word in words)])
        return code, capsys.readouterr()

    return typed


def test_what_it_prints_for_programs_has_the_shape_it_promises(shop, purchases, replay):
    code, said = replay(purchases(shop / "p.csv"), "--map", "mapping.yaml", "--until", "1997-02-20", "--json")
    found = json.loads(said.out)
    Draft202012Validator(SHAPE).validate(found)
    assert code == 0
    assert found["last"] == "1997-02-20T05:00:00+00:00"
    assert found["messages"]["satisfaction"] > 0


def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_lived(shop, replay):
    (shop / "p.csv").write_text(HEAD + "1,1997-01-01,2,29.33\n2,yesterday,1,12.00\n3,1997-01-02,1,twelve\n")
    code, said = replay("p.csv", "--map", "mapping.yaml", "--until", "1997-01-20")
    assert code == 1
    assert 'row 3: "yesterday" is not a date' in said.out
    assert "row 4:" in said.out
    assert "1 customer, 1 event, 2 runs, 2 messages: 19 days" in said.out


def test_a_database_with_people_in_it_is_left_alone(shop, tmp_path, replay):
    (shop / "p.csv").write_text(HEAD + "1,1997-01-01,2,29.33\n")
    words = ("p.csv", "--map", "mapping.yaml", "--database", f"sqlite:///{tmp_path / 'ours.db'}")
    assert replay(*words)[0] == 0
    code, said = replay(*words)
    assert code == 5
    assert "there are customers in this database already" in said.err


def test_the_database_of_its_own_is_made_anew(shop, replay):
    (shop / "p.csv").write_text(HEAD + "1,1997-01-01,2,29.33\n")
    assert [replay("p.csv", "--map", "mapping.yaml")[0] for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["p.csv", "--map", "mapping.yaml", "--from", "2001-01-01"], 1, "happened between these days"),
        (["none.csv", "--map", "mapping.yaml"], 1, "there is no file"),
        (["p.csv", "--map", "mapping.yaml", "--step", "soon"], 2, '--step cannot be "soon"'),
        (["p.csv", "--map", "mapping.yaml", "--step", "1 month"], 2, "number of minutes or hours"),
        (["p.csv", "--map", "none.yaml"], 1, "none.yaml"),
        (["p.csv", "--map", "mapping.yaml", "--database", "postgresql://nobody@127.0.0.1:1/x"], 4, "does not answer"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(shop, replay, words, code, sentence):
    (shop / "p.csv").write_text(HEAD + "1,1997-01-01,2,29.33\n")
    found, said = replay(*words)
    assert found == code
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_json_lines_bring_answers_too(shop, replay):
    rows = [
        {"customer": "7", "event": "order.delivered", "at": "1997-01-01", "order_id": "A", "quantity": 2, "total": 30},
        {"customer": "7", "event": "survey.answered", "at": "1997-01-09 12:00", "order_id": "A", "score": 3},
        {"id": "7", "first_name": "Ana", "email": "ana@example.com", "consents": {"listening": True}},
    ]
    (shop / "p.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    code, said = replay("p.jsonl", "--until", "1997-01-12", "--json")
    assert code == 0
    found = json.loads(said.out)
    assert found["people"] == 1
    assert found["messages"]["satisfaction"] == 2  # the question, and the answer to a three
