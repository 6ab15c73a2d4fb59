"""Where provider files are: Lifeloop's own beside this room, a project's in its folder; and whether they fit it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from lifeloop.channel.declared import Declared
from lifeloop.channel.declared_reader import read_provider
from lifeloop.channel.providers.known import CLASSES, takes
from lifeloop.channel.providers.settings import EVERYWHERE
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.pacing_reader import PACING, chain_of
from lifeloop.journey.source import Report, read_file
from lifeloop.journey.ways import BUILT_IN, FOLDER, MAIL_PROVIDERS, OTHER_PROVIDERS, provider_files, provider_of

EMAIL = "email"
MAIL = frozenset({EMAIL, "ask"})


def declared(name: str, root: Path) -> Declared | None:
    """Return a declared provider: the project's own file of that name, else Lifeloop's; None when there is none."""
    own = root / FOLDER / f"{name}.yaml"
    return _own(own, Report()) if own.is_file() else _shipped(name)


def check_providers(catalogue: Catalogue, report: Report) -> None:
    """Report mistakes in the project's provider files, and settings that do not fit their provider."""
    for path in provider_files(catalogue.root):
        _own(path, report)
        if path.stem in CLASSES:
            place = Place(f"{FOLDER}/{path.name}", 1, 1, 1, 1)
            label = "give the file another name"
            report.add("J506", f"{path.stem} is built in, and this file is not used", place, label=label)
    for way in catalogue.channels:
        if way not in BUILT_IN:
            _check_settings(way, catalogue, report)
    if "smtp" in catalogue.channels and _channel_of("smtp", catalogue) not in (EMAIL, "smtp"):
        _check_carries("smtp", "smtp", (EMAIL,), catalogue, report)
    if catalogue.email not in {"inbox", "smtp", *catalogue.channels}:
        _check_settings(catalogue.email, catalogue, report)


def _own(path: Path, report: Report) -> Declared | None:
    file = f"{FOLDER}/{path.name}"
    text = read_file(path, report, file)
    return read_provider(text, file, report) if text is not None else None


@cache
def _shipped(name: str) -> Declared | None:
    if name not in {*MAIL_PROVIDERS, *OTHER_PROVIDERS} - CLASSES.keys():
        return None
    report = Report()
    text = (files("lifeloop.channel.providers") / f"{name}.yaml").read_text(encoding="utf-8")
    found = read_provider(text, f"{name}.yaml", report)
    if found is None:
        raise ValueError(f"{name}.yaml, which comes with Lifeloop, has a mistake: {report.found[0].message}")
    return found


def _check_settings(way: str, catalogue: Catalogue, report: Report) -> None:
    name = provider_of(way, catalogue)
    found = None if name in CLASSES else declared(name, catalogue.root)
    if found is None and name not in CLASSES:
        return
    known = takes(name) if found is None else found.takes
    _check_given(way, name, known, catalogue, report)
    carries = ("email",) if found is None else found.carries
    _check_carries(way, name, carries, catalogue, report)


def _check_carries(way: str, name: str, carries: Collection[str], catalogue: Catalogue, report: Report) -> None:
    channel, label = _channel_of(way, catalogue), f"it carries: {', '.join(carries)}"
    if channel == EMAIL and not MAIL & set(carries):
        _say(report, "J504", f'"{name}" cannot carry e-mail', catalogue, f"channels.{way}", label)
    elif channel not in (EMAIL, name, *carries):
        _say(report, "J504", f'"{name}" cannot carry messages for "{channel}"', catalogue, f"channels.{way}", label)


def _channel_of(way: str, catalogue: Catalogue) -> str:
    """Return whose messages a way out carries: those of the way that it is a fallback of, else of its own name."""
    if way in chain_of(catalogue.email, catalogue.pacings):
        return EMAIL
    return next((root for root in catalogue.channels if way in chain_of(root, catalogue.pacings)[1:]), way)


def _check_given(way: str, name: str, known: Mapping[str, str | None], catalogue: Catalogue, report: Report) -> None:
    given = catalogue.channels.get(way, {})
    places = [place.rpartition(".")[2] for place in catalogue.places if place.startswith(f"channels.{way}.")]
    for key in places:
        if key not in known and key not in EVERYWHERE and key not in PACING:
            near = nearest(key, known)
            label = f'did you mean "{near}"?' if near else f"it has: {', '.join(known)}"
            _say(report, "J503", f'"{key}" is not a setting of {name}', catalogue, f"channels.{way}.{key}", label, near)
    for key, otherwise in known.items():
        if otherwise is None and key not in given and key not in places:
            label = f"add, for example:  {key}: env.{way.upper().replace('-', '_')}_{key.upper()}"
            _say(report, "J502", f'{name} needs "{key}"', catalogue, f"channels.{way}", label)


def _say(
    report: Report, code: str, message: str, catalogue: Catalogue, where: str, label: str, near: str | None = None
) -> None:
    place = catalogue.places.get(where) or catalogue.places.get("email")
    if place is not None:
        report.add(code, message, place, label=label, suggestions=(Suggestion(near),) if near else ())
