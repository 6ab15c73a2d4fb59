from __future__ import annotations

import json

from lifeloop.journey.diagnostic import Diagnostic, Place, Related, Suggestion
from lifeloop.journey.exchange import as_github, as_json, as_sarif

FOUND = Diagnostic(
    "J121",
    "error",
    'there is no message "renewal/ofer"',
    Place("journeys/renewal.yaml", 41, 11, 41, 23),
    'did you mean "renewal/offer"?',
    "",
    (Suggestion("renewal/offer", certain=True),),
)


def test_the_json_object_has_exactly_the_published_shape():
    assert json.loads(json.dumps(as_json(FOUND))) == {
        "code": "J121",
        "severity": "error",
        "message": 'there is no message "renewal/ofer"',
        "file": "journeys/renewal.yaml",
        "range": {"start": [41, 11], "end": [41, 23]},
        "suggestions": [{"text": "renewal/offer", "certain": True}],
        "explain": "J121",
        "related": [],
    }


def test_a_github_annotation_escapes_what_would_break_it():
    odd = Diagnostic("J101", "warning", "100%: a, b", Place("a,b.yaml", 1, 2, 1, 3), "one\ntwo")
    assert as_github(odd) == (
        "::warning file=a%2Cb.yaml,line=1,endLine=1,col=2,endColumn=3,title=J101%3A 100%25%3A a%2C b::one%0Atwo"
    )


def test_an_annotation_over_several_lines_has_no_columns():
    assert "col=" not in as_github(Diagnostic("J101", "note", "m", Place("a", 1, 2, 3, 4)))


def test_sarif_names_rules_places_and_sure_fixes():
    related = Diagnostic(
        "J005", "note", "m", Place("a", 2, 1, 2, 2), related=(Related(Place("a", 1, 1, 1, 2), "here"),)
    )
    log = as_sarif([FOUND, related], "0.1.0")
    run = log["runs"][0]
    assert (log["version"], run["tool"]["driver"]["version"]) == ("2.1.0", "0.1.0")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["J005", "J121"]
    first, second = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("J005", 0, "note")
    assert first["relatedLocations"][0]["message"] == {"text": "here"}
    region = second["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 41, "startColumn": 11, "endLine": 41, "endColumn": 23}
    replaced = second["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replaced["insertedContent"] == {"text": "renewal/offer"}
    assert "fixes" not in first


def test_columns_are_counted_in_letters():
    assert as_sarif([], "0")["runs"][0]["columnKind"] == "unicodeCodePoints"
