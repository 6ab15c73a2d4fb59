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


def test_an_error_of_the_database_never_repeats_the_values_it_was_given(store):
    with pytest.raises(DBAPIError) as found, store.transaction() as tx:
        tx.run("INSERT INTO no_such_table (name) VALUES (:name)", name="ana@example.com")
    assert "ana@example.com" not in str(found.value)
