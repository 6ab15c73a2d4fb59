"""Keeps the editor's list of words fresh: ``.lifeloop/schema.json`` with this project's own names."""

from __future__ import annotations

import json
from pathlib import Path

from lifeloop.cli.opened import Opened
from lifeloop.journey.schema import journey_schema
from lifeloop.journey.schema_kinds import ProjectNames, Schema, project_names

FOLDER = ".lifeloop"
FILE = "schema.json"


def project_schema(opened: Opened) -> Schema:
    """Return the schema of this project's journey files."""
    return journey_schema(words_of_project(opened))


def words_of_project(opened: Opened) -> ProjectNames:
    """Return every name that completion may offer in this project."""
    return project_names(
        opened.catalogue,
        opened.library,
        journeys={
            name: journey.spec.title if journey.spec else "" for name, journey in opened.project.journeys.items()
        },
        people=dict.fromkeys(opened.project.people, ""),
        shared={path.stem: "" for path in sorted((opened.root / "journeys" / "_steps").glob("*.y*ml"))},
    )


def write_schema(opened: Opened) -> Path | None:
    """Write the schema where journey files look for it; None when the folder may not be written, which is no harm."""
    path = opened.root / FOLDER / FILE
    text = json.dumps(project_schema(opened), ensure_ascii=False, indent=1) + "\n"
    try:
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError:
        return None
    return path
