"""A project folder as a value: its texts read by the message room, its journeys by the journey room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lifeloop.journey.ignoring import without_ignored
from lifeloop.journey.project import Project, load_project, with_mistakes
from lifeloop.journey.project_file import FILE, read_catalogue
from lifeloop.journey.source import Report, read_file
from lifeloop.journey.ways import provider_files
from lifeloop.message.library import read_library
from lifeloop.message.step_texts import check_step_texts

TEMPLATES = "templates"


def open_project(root: Path) -> Project:
    """Read everything in a project folder; mistakes are in ``diagnostics``, nothing is raised for content."""
    report = Report()
    catalogue = read_catalogue(root, report)
    if catalogue.channels or catalogue.email != "inbox" or provider_files(root):
        from lifeloop.channel.declared_files import check_providers  # it brings an HTTP client: not for everybody

        check_providers(catalogue, report)
    library, found = read_library(root / TEMPLATES, catalogue)
    project = load_project(root, library, catalogue)
    project = with_mistakes(project, check_step_texts(project))
    texts = {**project.sources, FILE: read_file(root / FILE, Report(), FILE) or ""}
    everything = without_ignored((*report.found, *project.diagnostics, *found), texts)
    return replace(project, diagnostics=tuple(sorted(everything, key=lambda one: one.place)))
