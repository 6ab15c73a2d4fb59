from lifeloop.cli.moments import DAY, HOUR, ahead


def test_a_wait_of_three_days_is_three_days_away_also_a_second_later():
    assert ahead(3 * DAY, 1) == "in 3 days"
    assert ahead(0, 2 * HOUR + 5) == "2 hours ago"
    assert (ahead(5, 0), ahead(0, 5)) == ("now", "just now")
