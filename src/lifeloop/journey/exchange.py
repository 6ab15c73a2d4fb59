"""Diagnostics for other programs: one JSON object each, annotations for GitHub, and SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Iterable

from lifeloop.journey.codes import explanation
from lifeloop.journey.diagnostic import Diagnostic, Place, Related
from lifeloop.journey.frames import in_order
from lifeloop.journey.plan import Json

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}


def as_json(diagnostic: Diagnostic) -> dict[str, Json]:
    """Return a diagnostic as the JSON object that editors, CI and the studio read."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": diagnostic.place.file,
        "range": _range(diagnostic.place),
        "suggestions": [{"text": one.text, "certain": one.certain} for one in diagnostic.suggestions],
        "explain": diagnostic.code,
        "related": [_related(one) for one in diagnostic.related],
    }


def as_github(diagnostic: Diagnostic) -> str:
    """Return a workflow command that puts the diagnostic on its line of a pull request."""
    place = diagnostic.place
    title = f"{diagnostic.code}: {diagnostic.message}"
    where = {"file": place.file, "line": place.line, "endLine": place.end_line}
    if place.line == place.end_line:
        where |= {"col": place.column, "endColumn": place.end_column}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in {**where, "title": title}.items())
    body = diagnostic.label or diagnostic.hint or diagnostic.message
    return f"::{_GITHUB[diagnostic.severity]} {properties}::{_data(body)}"


def as_sarif(diagnostics: Iterable[Diagnostic], version: str) -> dict[str, Json]:
    """Return one SARIF log of all diagnostics. ``version``: that of Lifeloop."""
    ordered = in_order(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in ordered})
    rules: list[Json] = [_rule(code) for code in codes]
    driver: dict[str, Json] = {"name": "Lifeloop", "version": version, "rules": rules}
    results: list[Json] = [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in ordered]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _range(place: Place) -> dict[str, Json]:
    return {"start": [place.line, place.column], "end": [place.end_line, place.end_column]}


def _related(related: Related) -> dict[str, Json]:
    return {"file": related.place.file, "range": _range(related.place), "message": related.label}


def _rule(code: str) -> dict[str, Json]:
    known = explanation(code)
    if known is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.text},
        "help": {"text": f"lifeloop explain {code}"},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Json]:
    text = f"{diagnostic.message}. {diagnostic.label}".removesuffix(". ")
    result: dict[str, Json] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": _location(diagnostic.place)}],
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": n, "physicalLocation": _location(one.place), "message": {"text": one.label}}
            for n, one in enumerate(diagnostic.related, 1)
        ]
    if diagnostic.suggestions:
        result["fixes"] = [_fix(diagnostic.place, one.text) for one in diagnostic.suggestions if one.certain]
    return result


def _location(place: Place) -> dict[str, Json]:
    return {"artifactLocation": {"uri": place.file, "uriBaseId": "%SRCROOT%"}, "region": _region(place)}


def _region(place: Place) -> dict[str, Json]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(place: Place, text: str) -> dict[str, Json]:
    replacement: dict[str, Json] = {"deletedRegion": _region(place), "insertedContent": {"text": text}}
    change: dict[str, Json] = {"artifactLocation": {"uri": place.file}, "replacements": [replacement]}
    return {"description": {"text": f"write {text}"}, "artifactChanges": [change]}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
