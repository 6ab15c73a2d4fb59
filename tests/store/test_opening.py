"""Opening a database that is not there, and what an error may say."""

import pytest
from sqlalchemy.exc import DBAPIError

from lifeloop.store.opening import StoreUnreachable, open_store


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/of/mine.db", "postgresql://anna:secret@127.0.0.1:1/nothing?connect_timeout=2"]
)
def test_a_database_that_does_not_answer_is_named_without_its_password(url):
    store = open_store(url)
    with pytest.raises(StoreUnreachable, match="does not answer") as found:
        store.migrate()
    store.close()
    assert "secret" not in str(found.value)


@pytest.mark.parametrize("url", ["my.db", "mysql://anna:secret@db/x", "postgres://anna:secret@db/x", "anna:secret@db"])
def test_an_address_of_no_database_we_know_is_refused_with_those_we_do(url):
    with pytest.raises(StoreUnreachable, match="begin with sqlite:/// or postgresql://") as found:
        open_store(url)
    assert "secret" not in str(found.value)


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path):
    (tmp_path / "letter.db").write_text("Dear Ana, this is a letter and no database at all. " * 20)
    store = open_store(f"sqlite:///{tmp_path / 'letter.db'}")
    with pytest.raises(StoreUnreachable, match="not a database"):
        store.migrate()
    store.close()


def test_an_error_of_the_database_never_repeats_the_values_it_was_given(store):
    with pytest.raises(DBAPIError) as found, store.transaction() as tx:
        tx.run("INSERT INTO no_such_table (name) VALUES (:name)", name="ana@example.com")
    assert "ana@example.com" not in str(found.value)


def test_what_is_read_once_is_not_kept_in_memory(tmp_path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'once.db'}", once=True)
    with store.reading() as tx:
        assert tx.ask("PRAGMA cache_size")[0].cache_size == -2048
    store.close()
