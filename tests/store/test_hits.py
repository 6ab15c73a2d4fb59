"""Links are written once, hits are noted, counted and judged, on both databases."""

from lifeloop.store import hits
from lifeloop.store.hits import HitRow, LinkRow

LINK = LinkRow("ab" * 12, "https://www.example.com/a", "renewal", "send-1")


def test_a_link_never_changes(store):
    with store.transaction() as tx:
        hits.keep_links(tx, [LINK, LINK], 10)
        hits.keep_links(tx, [LinkRow(LINK.key, "https://evil.example", "x", "y")], 20)

        assert hits.target(tx, LINK.key) == LINK.url
        assert hits.target(tx, "cd" * 12) is None


def test_clicks_are_counted_by_the_hour_and_by_who(store):
    with store.transaction() as tx:
        hits.keep_links(tx, [LINK], 10)
        for at in (10, 20, 3700, 4_000_000_000):  # long after 2038
            hits.count(tx, LINK.key, "person", at)
        hits.count(tx, LINK.key, "bot", 30)

        assert hits.counts(tx, "renewal") == {
            ("send-1", LINK.url, "person"): 4,
            ("send-1", LINK.url, "bot"): 1,
        }
        assert hits.counts(tx, "welcome") == {}
        assert len(tx.ask("SELECT * FROM link_count")) == 4


def test_hits_are_judged_once(store, world):
    first, second = (row.id for row in world.ready(2))
    with store.transaction() as tx:
        hits.add(tx, second, None, "opened", "person", 100)
        hits.add(tx, first, LINK.key, "clicked", "person", 110)
        hits.add(tx, first, None, "opened", "prefetch", 120)

        assert hits.unjudged(tx, 99, 10) == ()
        assert hits.unjudged(tx, 110, 10) == (second, first)
        assert hits.unjudged(tx, 120, 1) == (second,)
        found = hits.of_messages(tx, [first])[first]
        assert [(row.what, row.by, row.link_key) for row in found] == [
            ("clicked", "person", LINK.key),
            ("opened", "prefetch", None),
        ]
        hits.settle(tx, [(row.id, "bot") for row in found])
        assert hits.unjudged(tx, 200, 10) == (second,)
        assert {row.by for row in hits.of_messages(tx, [first])[first]} == {"bot"}
        assert isinstance(found[0], HitRow)
