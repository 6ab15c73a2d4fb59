"""Write keys: shown once, kept as digests, exchanged with an overlap, taken back."""

import pytest

from lifeloop.store import write_keys
from lifeloop.work import keys
from lifeloop.work.keys import Ring


def ring(shop):
    made = Ring(shop.space)
    made.refresh()
    return made


def test_a_key_is_known_again_and_kept_nowhere(shop):
    key = keys.add(shop.space, "webshop")

    found = ring(shop).find(key)
    with shop.space.store.reading() as tx:
        rows = [tuple(row) for row in tx.ask("SELECT * FROM write_key")]
    assert found.name == "webshop"
    assert key.startswith("wk_test_")
    assert len(key) == len("wk_test_") + 22
    assert key not in str(rows)
    assert keys.add(shop.space, "app") != key
    assert ring(shop).find(key[:-1]) is None


def test_a_name_is_used_once_until_it_is_taken_back(shop):
    keys.add(shop.space, "webshop")
    with pytest.raises(keys.KeyExists):
        keys.add(shop.space, "webshop")
    keys.revoke(shop.space, "webshop")
    keys.add(shop.space, "webshop")
    keys.revoke(shop.space, "webshop")
    with pytest.raises(keys.NoSuchKey):
        keys.revoke(shop.space, "webshop")


def test_both_keys_hold_during_the_overlap_and_then_the_new_one(shop):
    old = keys.add(shop.space, "webshop", scopes=("track",), rate=7)
    new = keys.rotate(shop.space, "webshop", shop.now + 60)

    assert ring(shop).find(old)
    assert ring(shop).find(new).rate == 7
    shop.clock.set(shop.now + 60)
    assert ring(shop).find(old) is None
    assert ring(shop).find(new).scopes == ("track",)


def test_a_key_taken_back_opens_nothing_with_all_before_it(shop):
    old = keys.add(shop.space, "webshop")
    new = keys.rotate(shop.space, "webshop", shop.now + 60)
    assert keys.revoke(shop.space, "webshop") == 2
    assert (ring(shop).find(old), ring(shop).find(new)) == (None, None)
    with pytest.raises(keys.NoSuchKey):
        keys.rotate(shop.space, "webshop", shop.now)


def test_a_scope_allows_itself_and_admin_allows_all(shop):
    keys.add(shop.space, "shop", scopes=("track",))
    keys.add(shop.space, "boss", scopes=("admin",))
    with shop.space.store.reading() as tx:
        shop_key, boss = write_keys.rows(tx)
    assert [keys.allows(shop_key, scope) for scope in keys.SCOPES] == [True, False, False, False]
    assert all(keys.allows(boss, scope) for scope in keys.SCOPES)


def test_a_key_that_was_just_used_opens_nothing_once_the_keys_were_read_again(shop):
    key = keys.add(shop.space, "app")
    found = ring(shop)
    assert found.find(key) is found.find(key) is not None
    keys.revoke(shop.space, "app")
    found.refresh()
    assert found.find(key) is None
