"""All templates of a project, read but not yet compiled, and which of them a reader gets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.source import Report
from lifeloop.message.here import tidy_locale
from lifeloop.message.layouts import Layout, Layouts, read_layouts
from lifeloop.message.template import Template, read_template


@dataclass(frozen=True, slots=True)
class Sources:
    """The templates by name and locale, and the layouts. The locale of a file without one in its name is ``""``."""

    messages: Mapping[str, Mapping[str, Template]] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=Layouts)
    language: str = "en"

    def choose(self, message: str, locale: str | None) -> Template | None:
        """Return the text for a reader: ``de-AT``, then ``de``, then the file without a language in its name."""
        texts = self.messages.get(message)
        if not texts:
            return None
        wanted = tidy_locale(locale or "")
        language = wanted.partition("-")[0]
        if language == self.language.partition("-")[0] and wanted not in texts and language not in texts:
            wanted = language = ""
        for name in (wanted, language, "", self.language, *sorted(texts)):
            if name in texts:
                return texts[name]
        return None

    @property
    def texts(self) -> dict[str, str]:
        """The text of every file, by its name."""
        layouts = {layout.file: layout.source for layout in self.layouts.by_name.values() if layout.file}
        return layouts | {one.file: one.source for texts in self.messages.values() for one in texts.values()}

    def layout(self, template: Template) -> Layout | None:
        """Return the layout that a template asks for, or the usual one."""
        return self.layouts.by_name.get(template.said("layout") or self.layouts.default())

    def written_in(self, template: Template) -> str:
        """Return the locale that a template is written in."""
        return template.locale or self.language


def read_sources(templates: Path, catalogue: Catalogue, report: Report) -> Sources:
    """Return what stands under ``templates/``; what cannot be used is in the report, and the rest goes on."""
    messages: dict[str, dict[str, Template]] = {}
    for path in _files(templates, report):
        template = read_template(path, templates, catalogue, report)
        if template is None:
            continue
        texts = messages.setdefault(template.name, {})
        if template.locale in texts:
            other = texts[template.locale].file
            report.add("J406", f"{template.file} and {other} are the same message", template.place, label="keep one")
        texts[template.locale] = template
    return Sources(messages, read_layouts(templates, report), catalogue.language)


def _files(templates: Path, report: Report) -> Iterator[Path]:
    """Return the files that may be messages, in order; links out of the folder are never followed."""
    for folder, folders, names in os.walk(templates):
        folders[:] = sorted(name for name in folders if name[:1] not in "._")
        here = Path(folder)
        for name in sorted([*folders, *names]):
            path = here / name
            if path.is_symlink():
                _refuse(path, templates, "a link to another file is not followed", "put the file itself here", report)
            elif path.suffix == ".mjml":
                _refuse(path, templates, "MJML is not read yet", "save it as .html", report)
            elif name in names and path.suffix in {".md", ".html"} and path.stem.upper() != "README":
                yield path


def _refuse(path: Path, templates: Path, message: str, label: str, report: Report) -> None:
    file = f"{templates.name}/{path.relative_to(templates).as_posix()}"
    report.add("J406", message, Place(file, 1, 1, 1, 1), label=label)
