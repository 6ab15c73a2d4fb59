import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.schema import journey_schema
from lifeloop.journey.schema_kinds import ProjectNames
from lifeloop.journey.source import Items, Map, Node, Report

WRITTEN = Path(__file__).parents[1] / "journeys" / "journeys"
STARTER = sorted((Path(__file__).parents[2] / "journeys").glob("*.yaml"))
FIVE = [WRITTEN / f"{name}.yaml" for name in ("welcome", "satisfaction", "loyalty", "renewal", "reactivation")]


def test_the_schema_is_itself_valid():
    Draft7Validator.check_schema(journey_schema())
    Draft7Validator.check_schema(journey_schema(NAMES))


@pytest.mark.parametrize("file", FIVE, ids=lambda file: file.stem)
def test_the_five_journeys_of_the_language_have_nothing_to_complain_about(file):
    assert complaints(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", STARTER, ids=lambda file: file.stem)
def test_the_starter_has_nothing_to_complain_about(file):
    assert complaints(file.read_text(encoding="utf-8")) == []


MISTAKES = {
    "a misspelt verb": "- snd: welcome/hello",
    "a modifier that belongs to no verb": "- send: welcome/hello\n    dealy: 3 days",
    "a modifier of another verb": "- send: welcome/hello\n    missed: skip",
    "two verbs in one step": "- send: welcome/hello\n    wait: 3 days",
    "a step without a verb": "- note: hello",
    "a number without a unit": '- wait: "3"',
    "a wait for an event that never ends": "- wait:\n      for: survey.answered",
    "a question without its answer": "- if: customer.plan is premium",
    "a template in a condition": '- send: welcome/hello\n    when: "{{ customer.plan }}"',
    "a share without a percent sign": '- split: tone\n    into:\n      - {path: a, share: "50"}',
    "a word that missed does not know": "- wait: until 10:00\n    missed: forget",
    "an unknown word among the tests": "- send: a/b\ntests:\n  - nam: x",
}


@pytest.mark.parametrize("step", MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes_are_refused(step):
    assert complaints(f"journey: x\nstart: by hand\nsteps:\n  {step}\n")


def test_a_fine_step_next_to_the_mistakes_is_accepted():
    assert complaints("journey: x\nstart: by hand\nsteps:\n  - send: welcome/hello\n    by: [push, email]\n") == []


def test_a_stranger_is_told_which_step_it_does_not_belong_to():
    step = journey_schema()["definitions"]["step"]
    send = next(rule for rule in step["allOf"] if rule["if"] == {"required": ["send"]})

    assert send["then"]["propertyNames"]["errorMessage"] == 'This does not belong to a "send" step'


def test_the_words_of_the_project_are_offered_and_others_still_allowed():
    schema = journey_schema(NAMES)
    send = schema["definitions"]["step"]["properties"]["send"]

    assert send["anyOf"][0]["enum"] == ["renewal/offer"]
    assert send["anyOf"][0]["markdownEnumDescriptions"] == ["Next year for less"]
    assert complaints("journey: x\nstart: by hand\nsteps:\n  - send: renewal/planned\n", schema) == []


def test_every_word_explains_itself_on_hover():
    step = journey_schema()["definitions"]["step"]["properties"]
    assert all(re.search("```yaml", word["markdownDescription"]) for word in step.values())


NAMES = ProjectNames(
    messages={"renewal/offer": "Next year for less"}, people={"ana": ""}, attributes={"customer.plan": "text"}
)


def complaints(text, schema=None):
    node = read_yaml(text, "x.yaml", Report())
    checker = Draft7Validator(schema or journey_schema(NAMES))
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in checker.iter_errors(typed(node))]


def typed(node: Node | None):
    """As an editor reads it: YAML 1.2, where true and 3 are not texts."""
    match node:
        case Map(entries=entries):
            return {entry.key.text: typed(entry.value) for entry in entries}
        case Items(items=items):
            return [typed(item) for item in items]
        case None:
            return None
    if not node.quoted and re.fullmatch(r"true|false|null|-?\d+(\.\d+)?", node.text):
        return {"true": True, "false": False, "null": None}.get(node.text, 0)
    return node.text
