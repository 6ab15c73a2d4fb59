"""``lifeloop explain``: the long text behind a code."""

from __future__ import annotations

from rich.text import Text

from lifeloop.cli.completing import Code
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import TEXT, document, fields_of, many, maybe
from lifeloop.journey.codes import Example, Explanation, all_codes, explanation
from lifeloop.journey.nearest import nearest

SHAPE = document(
    "One explanation, or all of them when no code was given.",
    explanations=many(
        fields_of(code=TEXT, title=TEXT, text=TEXT, wrong=maybe(TEXT), right=maybe(TEXT)),
    ),
)


def explain(code: Code = "", /, *, here: Here) -> int:
    """Explain a mistake by its code, with a wrong and a right example.

    Parameters
    ----------
    code
        Such as J121. Without one, all codes are listed.
    """
    told = [_told(code)] if code else [_told(known) for known in all_codes()]
    if here.out.as_json:
        here.out.json({"explanations": [_document(one) for one in told]})
    elif code:
        _print(told[0], here)
    else:
        here.out.table(["code", "what is wrong"], [[one.code, one.title] for one in told])
        here.out.note("One of them in full:  lifeloop explain J121")
    return Exit.FINE


def _told(code: str) -> Explanation:
    found = explanation(code)
    if found is None:
        near = nearest(code.upper(), all_codes())
        question = f', did you mean "{near}"?' if near else ""
        raise WrongUsage(f'there is no code "{code}"{question}', hint="all of them:  lifeloop explain")
    return found


def _print(told: Explanation, here: Here) -> None:
    here.out.print(Text.assemble((told.code, "bold"), "  ", (told.title, "bold")), "")
    here.out.print(told.text.strip())
    _example("Wrong", "red", told.wrong, here)
    _example("Right", "green", told.right, here)


def _example(word: str, style: str, example: Example | None, here: Here) -> None:
    if example is not None:
        here.out.print("", Text(word, f"bold {style}"))
        here.out.print("\n".join(f"  {line}".rstrip() for line in example.text.rstrip().splitlines()), wrap=False)


def _document(told: Explanation) -> dict[str, str | None]:
    return {
        "code": told.code,
        "title": told.title,
        "text": told.text.strip(),
        "wrong": told.wrong.text if told.wrong else None,
        "right": told.right.text if told.right else None,
    }
