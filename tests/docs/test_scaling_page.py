"""What the page on growing says about work pools is what Prefect's own pools take, and its sums are right."""

import json
import re
from pathlib import Path

import prefect
import pytest
import yaml
from jsonschema import Draft202012Validator

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
POOLS = Path(prefect.__file__).parent / "server/api/collections_data/views/aggregate-worker-metadata.json"


@pytest.mark.parametrize("kind", ["kubernetes", "ecs"])
def test_job_variables_are_those_that_the_pool_knows(kind):
    (text,) = re.findall(rf"```yaml other {kind}\n(.*?)```", PAGE, re.DOTALL)
    said = yaml.safe_load(text)["work_pool"]["job_variables"]
    known = next(of[kind] for of in json.loads(POOLS.read_text()).values() if kind in of)
    variables = known["default_base_job_configuration"]["variables"]
    assert said.keys() <= variables["properties"].keys()
    assert [error.message for error in Draft202012Validator(variables).iter_errors(said)] == []


def test_its_settings_are_settings_of_prefect():
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(prefect.settings.Settings))
    assert {name for name in re.findall(r"PREFECT_[A-Z_]+", PAGE) if name not in known} == set()


def test_the_sums_add_up():
    rows = {name: int(size) for name, size in re.findall(r"^\| ([a-z ]+?) \| (\d+) \|$", PAGE, re.MULTILINE)}
    customer, waits, line, message, attempt, event = rows.values()
    assert f"{round((customer + waits) / 10)} GB" in PAGE
    assert f"{customer + waits + 10 * line + 5 * (message + attempt) + 3 * event:,} bytes" in PAGE
