import pytest

from lifeloop.channel.callbacks.written import STOP
from lifeloop.message.short import parts_of, says_stop


@pytest.mark.parametrize(
    ("text", "count", "units"),
    [
        ("", 1, 0),
        ("x" * 160, 1, 160),
        ("x" * 161, 2, 161),
        ("x" * 306, 2, 306),
        ("x" * 307, 3, 307),
        ("€" * 80, 1, 160),
        ("€" * 81, 2, 162),
        ("[]{}\\^~|", 1, 16),
        ("é" * 160, 1, 160),
        ("ç" * 70, 1, 70),
        ("ç" * 71, 2, 71),
        ("☀" * 134, 2, 134),
        ("☀" * 135, 3, 135),
        ("😀" * 35, 1, 70),
        ("😀" * 36, 2, 72),
    ],
)
def test_parts_are_counted_as_networks_bill_them(text, count, units):
    parts = parts_of(text)
    assert (parts.count, parts.units) == (count, units)


def test_the_letters_that_make_a_text_dear_are_named():
    assert parts_of("naïve “quotes”").odd == ("ï", "“", "”")
    assert parts_of("Reply to Ångström: £5, ¿sí?").odd == ("í",)


@pytest.mark.parametrize(
    "word", ["STOP", "AFMELDEN", "UITSCHRIJVEN", "ABMELDEN", "ARRET", "BAJA", "SAIR", "UNSUBSCRIBE"]
)
def test_a_word_that_ends_a_text_is_one_that_an_answer_may_be(word):
    assert says_stop(f"Reply {word} to end.")
    assert word.lower() in STOP


def test_stop_in_a_sentence_is_not_that_word():
    assert not says_stop("Do not stop now, STOPPING is for others.")
