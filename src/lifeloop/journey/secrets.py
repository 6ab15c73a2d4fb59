"""Secrets stay out of files: a project names the environment variable that holds one, ``env.CRM_TOKEN``."""

from __future__ import annotations

import re

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.source import Report, Scalar

_ENV = re.compile(r"env\.[A-Za-z_]\w*")
_SECRET = re.compile(r"(?:.*_)?(?:token|password|secret|key|hook)")


def is_secret(setting: str) -> bool:
    """Tell by its name whether a setting holds a secret: its last word is token, password, secret, key or hook."""
    return _SECRET.fullmatch(setting) is not None


def check_secret(text: Scalar, name: str, report: Report) -> str | None:
    """Return ``env.NAME``; None, with a diagnostic that does not repeat it, when the secret itself stands there."""
    if _ENV.fullmatch(text.text):
        return text.text
    found = re.fullmatch(r"\$\{?([A-Za-z_]\w*)\}?|\{\{\s*env\.([A-Za-z_]\w*)\s*\}\}", text.text)
    right = f"env.{found[1] or found[2]}" if found else f"env.{name}"
    fix = (Suggestion(right, certain=found is not None),)
    if found is not None:
        message = f'the environment is read with "{right}"'
        report.add("J182", message, text.place, label=f"write {right}", suggestions=fix)
        return None
    hint = "whoever can read this file, or its history, can use the secret: replace it by a new one as well"
    label = f"write {right}, and set {right.removeprefix('env.')} where Lifeloop runs"
    report.add("J182", "a secret stands in this file", text.place, label=label, hint=hint, suggestions=fix)
    return None
