"""``lifeloop schema``: what an editor needs to know to complete and check journeys."""

from __future__ import annotations

import json

from lifeloop.cli.editor import project_schema
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.opened import open_project
from lifeloop.cli.shapes import document
from lifeloop.journey.schema import journey_schema

SHAPE = document("The JSON Schema itself, under `schema`.", schema={"type": "object"})


def schema(*, generic: bool = False, here: Here) -> int:
    """Print the JSON Schema that lets your editor complete and check journeys.

    "lifeloop validate" keeps a copy in .lifeloop/schema.json, where journey files look for it; you need this only for
    other tools.

    Parameters
    ----------
    generic
        Only the language itself, without this project's messages, events and people.
    """
    found = journey_schema() if generic else project_schema(open_project(here))
    if here.out.as_json:
        here.out.json({"schema": found})
    else:
        here.out.write(json.dumps(found, ensure_ascii=False, indent=2))
    return Exit.FINE
