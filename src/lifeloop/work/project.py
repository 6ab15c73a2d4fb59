"""A project folder as a value: its texts read by the message room, its journeys by the journey room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lifeloop.journey.ignoring import without_ignored
from lifeloop.journey.plan import Send
from lifeloop.journey.project import Project, load_project, with_mistakes
from lifeloop.journey.project_file import FILE, read_catalogue
from lifeloop.journey.source import Report, read_file
from lifeloop.journey.ways import provider_files
from lifeloop.message.library import read_library
from lifeloop.message.reviewing import review
from lifeloop.message.sources import read_sources
from lifeloop.message.step_texts import check_step_texts

TEMPLATES = "templates"


def open_project(root: Path) -> Project:
    """Read everything in a project folder; mistakes are in ``diagnostics``, nothing is raised for content."""
    report = Report()
    catalogue = read_catalogue(root, report)
    if catalogue.channels or catalogue.email != "inbox" or provider_files(root):
        from lifeloop.channel.declared_files import check_providers  # it brings an HTTP client: not for everybody

        check_providers(catalogue, report)
    sources = read_sources(root / TEMPLATES, catalogue, report)
    library, found = read_library(sources, catalogue)
    project = load_project(root, library, catalogue)
    project = with_mistakes(project, check_step_texts(project))
    reviewed = review(sources, catalogue, _sent(project, needs_consent=True), _sent(project, needs_consent=False))
    texts = {**project.sources, **sources.texts, FILE: read_file(root / FILE, Report(), FILE) or ""}
    everything = without_ignored((*report.found, *project.diagnostics, *found, *reviewed), texts)
    return replace(project, diagnostics=tuple(sorted(everything, key=lambda one: one.place)))


def _sent(project: Project, *, needs_consent: bool) -> frozenset[str]:
    """Return the messages that are sent only to those who said yes to their topic, or those sent without it."""
    nodes = (node for plan in project.plans.values() for node in plan.nodes)
    return frozenset(
        node.message for node in nodes if isinstance(node, Send) and node.policy.needs_consent is needs_consent
    )
