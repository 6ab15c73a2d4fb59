"""lifeloop deploy, as it is typed."""

import json

import pytest
from jsonschema import Draft202012Validator

from lifeloop.cli.app import main
from lifeloop.cli.commands.deploy import SHAPE
from lifeloop.flows.deploying import deployed

POOL = "nobody"


@pytest.fixture
def typed(shop, monkeypatch, capsys):
    monkeypatch.chdir(shop.root)

    def type_it(*words):
        code = main(["deploy", "--pool", POOL, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return type_it


def test_writing_the_file_needs_no_server_and_says_whether_it_changed(typed, shop):
    assert typed("--write")[:2] == (0, "prefect.yaml is written\n")
    assert typed("--write")[:2] == (0, "prefect.yaml is as it should be\n")
    assert f"{shop.name}-hello" in (shop.root / "prefect.yaml").read_text()


def test_no_server_is_a_sentence_with_a_way_on(typed):
    code, _, err = typed()
    assert code == 4
    assert "no Prefect server is named" in err
    assert "lifeloop deploy --local" in err


def test_locally_it_needs_no_server(typed, shop):
    code, out, _ = typed("--local")
    assert code == 0
    assert f"+ {shop.hello}" in out
    assert "not used" in out
    assert "as before" in typed("--local")[1]


def test_mistakes_are_shown_and_nothing_is_deployed(typed, shop):
    shop.file(shop.hello).write_text("steps: 3\n")
    code, out, err = typed("--local")
    assert code == 5
    assert f"journeys/{shop.hello}.yaml" in out
    assert "nothing is deployed" in err
    code, out, _ = typed("--local", "--allow-broken")
    assert code == 0
    assert f"! {shop.hello}" in out


def test_where_real_customers_are_reached_nothing_happens_without_a_yes(typed, shop):
    catalogue = shop.root / "lifeloop.yaml"
    catalogue.write_text(catalogue.read_text() + "environment: production\n")
    code, out, err = typed("--local")
    assert (code, "not confirmed" in err) == (5, True)
    assert "(production)" in out
    assert typed("--local", "--yes")[0] == 0


@pytest.mark.prefect
def test_it_deploys_says_where_and_what_and_takes_away_what_is_gone(typed, shop, server, ask):
    code, out, _ = typed()
    assert code == 0
    assert server in out
    assert f"+ {shop.hello}" in out
    shop.happen("hello", ["ana", "bo"])
    shop.wave(shop.hello)
    shop.file(shop.hello).unlink()
    code, out, _ = typed("--json")
    document = json.loads(out)
    assert code == 0
    assert [error.message for error in Draft202012Validator(SHAPE).iter_errors(document)] == []
    assert {one["journey"]: (one["change"], one["people"]) for one in document["journeys"]} == {
        shop.hello: ("removed", 2),
        shop.timer: ("same", 0),
    }
    assert document["removed"] == [shop.hello]
    assert set(ask(lambda client: deployed(client, shop.name))) == {shop.timer, "upkeep"}


@pytest.mark.prefect
def test_a_dry_run_changes_nothing_anywhere(typed, shop, server, ask):
    code, out, _ = typed("--dry-run")
    assert (code, "Nothing was changed." in out) == (0, True)
    assert ask(lambda client: deployed(client, shop.name)) == {}
    assert not (shop.root / "prefect.yaml").exists()
    assert shop.ask("SELECT * FROM plan") == []
    assert server


@pytest.mark.prefect
def test_prefects_own_command_deploys_the_written_file_too(typed, shop, settings, started, ask, tmp_path):
    typed("--write")
    file = shop.root / "prefect.yaml"
    file.write_text(file.read_text().replace("{name: journeys}", f"{{name: {POOL}}}"))
    from prefect.client.schemas.actions import WorkPoolCreate

    ask(lambda client: client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True))
    log = tmp_path / "deploy.log"
    with started(["prefect", "--no-prompt", "deploy", "--all"], settings, log, shop.root) as process:
        assert process.wait(180) == 0, log.read_text()
    found = ask(lambda client: deployed(client, shop.name))
    assert set(found) == {shop.hello, shop.timer, "upkeep"}
    assert found[shop.hello].entrypoint == f"flows/journeys.py:{shop.hello.replace('-', '_')}"
