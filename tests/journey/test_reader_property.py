"""Whatever stands in a file, reading it gives a journey or a mistake with a place: never an exception."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeloop.journey.plan_json import plan_from_json, plan_to_json
from lifeloop.journey.project import check_text
from lifeloop.journey.words import ANY_STEP, DELIVERY, START, TEST, TOP, VERBS

FILES = sorted((Path(__file__).parent.parent / "journeys/journeys").glob("*.yaml"))
KEYS = sorted(
    {word.name for words in (ANY_STEP, DELIVERY, START, TEST, TOP) for word in words}
    | set(VERBS)
    | {word.name for verb in VERBS.values() for word in verb.modifiers}
    | {"set", "customer", "path", "share", "steps", "answer", "open", "click", "any", "none", "after"}
)
TEXTS = [
    "", "welcome", "welcome/hello", "renewal/*", "3 days", "3", "until 10:00", "until", "for", "50%", "2 times",
    "contract.started", "event.score", "customer.plan is plus", "customer.plan is", "{{ x }}", "{% if %}", "10:00",
    "by hand", "once per ", "0", "after ", "75 days before customer.contract_end", "or", "weekdays 09:00-18:00",
    "crm.create-task", "crm.", ".", "ana", "day 4 11:12", "day", "nothing", "goal reached",
    "approved", "takes.x", "true", "null", "~",
    "customer.contract_end", "journey.x", "values.", "contract.renewed happened", "any contract is present", "-1",
]  # fmt: skip
quoted = st.sampled_from(TEXTS).map(lambda text: '"' + text + '"')
flow = st.recursive(
    quoted,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda block: "{" + ", ".join(f"{key}: {value}" for key, value in block.items()) + "}"
        ),
    ),
    max_leaves=12,
)
steps = st.lists(
    st.dictionaries(st.sampled_from(KEYS), flow, min_size=1, max_size=4).map(
        lambda block: "  - {" + ", ".join(f"{key}: {value}" for key, value in block.items()) + "}"
    ),
    max_size=4,
).map("\n".join)
relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_told(text: str, known) -> None:
    journey, found = check_text(text, "journeys/welcome.yaml", known)
    lines = text.count("\n") + 2
    assert all(1 <= one.place.line <= lines and one.place.column >= 1 for one in found)
    assert all(one.message for one in found)
    if journey.plan is None:
        assert any(one.severity == "error" for one in found)
    else:
        assert plan_from_json(plan_to_json(journey.plan)) == journey.plan


@relaxed
@given(st.dictionaries(st.sampled_from([word.name for word in TOP]), flow, max_size=6), steps)
def test_any_words_in_any_places(known, block, listed):
    top = "\n".join(f"{key}: {value}" for key, value in block.items() if key != "steps")
    is_told(f"{top}\nsteps:\n{listed}\n", known)


@relaxed
@given(st.sampled_from(FILES), st.data())
def test_a_journey_with_a_line_lost_or_spoilt(known, path, data):
    lines = path.read_text().split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "cut", "twice", "indent", "letter"]))
        line = lines[index]
        at = data.draw(st.integers(0, max(len(line) - 1, 0)))
        lines[index : index + 1] = {
            "drop": [],
            "cut": [line[:at]],
            "twice": [line, line],
            "indent": ["  " + line],
            "letter": [line[:at] + data.draw(st.sampled_from(list("x:-{[\"' #"))) + line[at + 1 :]],
        }[change]
        if not lines:
            return
    is_told("\n".join(lines), known)
