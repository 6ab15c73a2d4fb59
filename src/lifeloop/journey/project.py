"""A whole project as a value: catalogue, journeys, people, and every mistake in its files. Never raises for content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from lifeloop.journey.catalogue import Catalogue, Library
from lifeloop.journey.compiler import compile_journey
from lifeloop.journey.compiler_names import all_steps
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.ignoring import without_ignored
from lifeloop.journey.known import Known, Shared
from lifeloop.journey.people import read_people
from lifeloop.journey.person import Person
from lifeloop.journey.plan import NodeId, Plan
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.reader import read_journey
from lifeloop.journey.reader_use import read_shared
from lifeloop.journey.rules import check_journey, check_project
from lifeloop.journey.source import Map, Node, Report, Scalar, read_file
from lifeloop.journey.spec import JourneySpec, JourneyTest, UseStep

FOLDER = "journeys"
SHARED = "_steps"


@dataclass(frozen=True, slots=True)
class Journey:
    """One journey file. ``plan`` is None as long as the file has errors; ``spec`` then holds what could be read."""

    name: str
    file: str
    spec: JourneySpec | None
    plan: Plan | None
    places: Mapping[NodeId, Place] = field(default_factory=dict)
    tests: tuple[JourneyTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that is written in a project's folder but the texts of its messages."""

    catalogue: Catalogue
    journeys: Mapping[str, Journey] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    """In order of file and place; one mistake, one diagnostic."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The text of every journey file, to show the lines that diagnostics point at."""
    library: Library = field(default_factory=dict)
    """The messages that its journeys may send."""

    @property
    def plans(self) -> Mapping[str, Plan]:
        """Return the plans of the journeys without errors."""
        return {name: journey.plan for name, journey in self.journeys.items() if journey.plan is not None}


@dataclass(frozen=True, slots=True)
class _Read:
    """One journey file between reading and checking."""

    file: str
    name: str
    node: Node | None
    report: Report


def load_project(root: Path, library: Library, catalogue: Catalogue | None = None) -> Project:
    """Return the project in a folder. ``catalogue``: when it was read already; its mistakes are then known."""
    report = Report()
    catalogue = catalogue or read_catalogue(root, report)
    people = read_people(root / catalogue.people, catalogue, report)
    sources: dict[str, str] = {}
    files = [_read(path, root, sources) for path in _journey_files(root)]
    known = Known(
        catalogue=catalogue,
        library=library,
        journeys=frozenset(read.name for read in files),
        people=frozenset(people),
        shared=_shared(root, sources, report),
    )
    journeys = _journeys(files, known, report)
    specs = tuple(journey.spec for journey in journeys.values() if journey.spec is not None)
    report.found += check_project(specs, known, whole=not _has_errors(report.found))
    journeys = _without_broken(journeys, known.shared, report.found)
    return Project(catalogue, journeys, people, _ordered(report.found), sources, library)


def with_mistakes(project: Project, found: Mapping[str, Iterable[Diagnostic]]) -> Project:
    """Return a project with what another room found wrong in its journeys; one with an error cannot run."""
    broken = {name for name, some in found.items() if _has_errors(some)}
    journeys = {
        name: replace(journey, plan=None, places={}) if name in broken else journey
        for name, journey in project.journeys.items()
    }
    more = (one for some in found.values() for one in some)
    return replace(project, journeys=journeys, diagnostics=_ordered((*project.diagnostics, *more)))


def check_text(text: str, file: str, known: Known) -> tuple[Journey, tuple[Diagnostic, ...]]:
    """Return the journey that a text would be as a file of this project, with its mistakes: for editors."""
    report = Report()
    node = read_yaml(text, file, report)
    journey = _journey(_Read(file, _name(node, file), node, report), known)
    return journey, without_ignored(_ordered(report.found), {file: text})


def _journeys(files: Iterable[_Read], known: Known, report: Report) -> dict[str, Journey]:
    found: dict[str, Journey] = {}
    for read in files:
        journey = _journey(read, known)
        if journey.name in found:
            message = f'there are two journeys "{journey.name}"'
            label = f"the other one is {found[journey.name].file}"
            read.report.add("J157", message, Place(read.file, 1, 1, 1, 1), label=label)
        else:
            found[journey.name] = journey
        report.found += read.report.found
    return found


def _journey(read: _Read, known: Known) -> Journey:
    """Read, check and compile one file; nothing that another file holds can break it, nor it another."""
    spec = read_journey(read.node, read.file, known, read.report) if read.node is not None else None
    if spec is None:
        return Journey(read.name, read.file, None, None)
    whole = not _has_errors(read.report.found)
    read.report.found += check_journey(spec, known, whole=whole)
    if _has_errors(read.report.found):
        return Journey(spec.name, read.file, spec, None, tests=spec.tests)
    compiled = compile_journey(spec, known.catalogue, known.library)
    return Journey(spec.name, read.file, spec, compiled.plan, compiled.places, spec.tests)


def _without_broken(
    journeys: Mapping[str, Journey], shared: Mapping[str, Shared], found: Iterable[Diagnostic]
) -> dict[str, Journey]:
    """Take the plan from journeys that a rule over all of them refused, or that use shared steps with errors."""
    broken = {one.place.file for one in found if one.severity == "error"}
    return {
        name: replace(journey, plan=None, places={}) if broken & _files_of(journey, shared) else journey
        for name, journey in journeys.items()
    }


def _files_of(journey: Journey, shared: Mapping[str, Shared]) -> set[str]:
    steps = all_steps(journey.spec) if journey.spec else iter(())
    return {journey.file, *(shared[step.shared].file for step in steps if isinstance(step, UseStep))}


def _read(path: Path, root: Path, sources: dict[str, str]) -> _Read:
    file = path.relative_to(root).as_posix()
    report = Report()
    text = read_file(path, report, file)
    if text is not None:
        sources[file] = text
    node = read_yaml(text, file, report) if text is not None else None
    return _Read(file, _name(node, file), node, report)


def _name(node: Node | None, file: str) -> str:
    written = node.value("journey") if isinstance(node, Map) else None
    return written.text if isinstance(written, Scalar) and written.text else PurePosixPath(file).stem


def _journey_files(root: Path) -> list[Path]:
    """Return the journey files; folders and files whose names begin with ``_`` or ``.`` hold something else."""
    folder = root / FOLDER
    paths = (path for path in folder.rglob("*") if path.suffix in {".yaml", ".yml"} and path.is_file())
    return sorted(path for path in paths if not any(part[0] in "_." for part in path.relative_to(folder).parts))


def _shared(root: Path, sources: dict[str, str], report: Report) -> Mapping[str, Shared]:
    folder = root / FOLDER / SHARED
    found: dict[str, Shared] = {}
    for path in sorted(path for path in folder.glob("*") if path.suffix in {".yaml", ".yml"}):
        read = _read(path, root, sources)
        found[path.stem] = read_shared(read.node, path.stem, read.file, read.report)
        report.found += read.report.found
    return found


def _has_errors(found: Iterable[Diagnostic]) -> bool:
    return any(one.severity == "error" for one in found)


def _ordered(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """One mistake, one message: shared steps are read once per use, and a wrong parameter is told where it is given."""
    found = tuple(found)
    elsewhere = {(one.code, one.message) for one in found if not _is_shared(one)}
    first: dict[tuple[Place, str, str], Diagnostic] = {}
    for one in found:
        if _is_shared(one) and (one.code, one.message) in elsewhere:
            continue
        first.setdefault((one.place, one.code, one.message), one)
    return tuple(first[key] for key in sorted(first))


def _is_shared(one: Diagnostic) -> bool:
    return one.place.file.startswith(f"{FOLDER}/{SHARED}/")
