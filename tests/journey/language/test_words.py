from __future__ import annotations

import yaml

from lifeloop.journey.words import ANY_STEP, DELIVERY, PHASES, START, STEP_MEANINGS, TEST, TOP, TOP_MEANINGS, VERBS


def all_words():
    modifiers = [word for verb in VERBS.values() for word in verb.modifiers]
    return [*VERBS.values(), *modifiers, *TOP, *START, *DELIVERY, *TEST, *ANY_STEP]


def test_there_are_fourteen_verbs_sixteen_top_level_words_and_eight_phases():
    assert (len(VERBS), len(TOP), len(PHASES)) == (14, 16, 8)


def test_every_word_has_a_sentence_and_an_example_that_uses_it():
    for word in all_words():
        assert word.doc.endswith((".", "?"))
        example = yaml.safe_load(word.example)
        assert list(example) == [word.name]


def test_needed_modifiers_exist():
    for verb in VERBS.values():
        assert all(verb.modifier(name) is not None for name in verb.needs)
        assert verb.modifier("nowhere") is None


def test_words_of_other_tools_lead_to_ours_and_are_not_ours():
    assert set(STEP_MEANINGS.values()) <= set(VERBS)
    assert not set(STEP_MEANINGS) & set(VERBS)
    names = {word.name for word in TOP}
    assert set(TOP_MEANINGS.values()) <= names
    assert not set(TOP_MEANINGS) & names
