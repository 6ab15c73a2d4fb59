"""The command line: options that hold everywhere, exit codes, and what is said when something goes wrong.

Knows no command by itself; they are listed in ``lifeloop.cli.registry`` and imported when called.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

from lifeloop import __version__
from lifeloop.cli.errors import CommandError, Exit, Unreachable
from lifeloop.cli.help import HelpPage
from lifeloop.cli.here import Here
from lifeloop.cli.output import Output
from lifeloop.cli.registry import COMMANDS, GROUPS
from lifeloop.cli.usage import in_our_words

EVERYWHERE = Group("With every command", sort_key=len(GROUPS))
SHELLS = ("bash", "zsh", "fish", "powershell")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Never shows a traceback, unless asked with ``-vv``."""
    words = list(sys.argv[1:] if words is None else words)
    for stream in (sys.stdout, sys.stderr):
        # A letter that the window cannot show must not end the command.
        getattr(stream, "reconfigure", dict)(errors="replace")
    code = _run(words)
    return _flush(code)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """How loud: ``-vv`` shows where in the code something went wrong. Read before parsing, so it holds for that too."""

    traceback: bool
    out: Output


def _run(words: Sequence[str]) -> int:
    spoken = _Spoken("-vv" in words, Output(as_json="--json" in words, plain="--plain" in words))
    try:
        return _exit_code(
            build(words).meta(words, exit_on_error=False, print_error=False, result_action="return_value")
        )
    except (CommandError, CycloptsError, KeyboardInterrupt, BrokenPipeError, SystemExit) as ended:
        if spoken.traceback and not isinstance(ended, SystemExit):
            raise
        return _said(ended, spoken.out)
    except ConnectionError as away:  # a database that went away meanwhile, or that was moved
        return _said(Unreachable(str(away)), spoken.out)
    except Exception as defect:
        if spoken.traceback:
            raise
        return _defect(defect, spoken.out)


def build(words: Sequence[str] = ()) -> App:
    """Return the command line. ``words``: what was typed, so that a named command brings its own long help."""
    app = App(
        name="lifeloop",
        help="Customer journeys you can read aloud, rehearse for a year in seconds, and trust with your customers.",
        help_epilogue=None if _names_a_command(words) else "Start with:  lifeloop init my-project",
        version=__version__,
        version_flags=("--version",),
        help_format="plaintext",
        group_parameters=Group("Options", sort_key=0),
        suppress_keyboard_interrupt=False,
        help_formatter=HelpPage(),
        default_parameter=Parameter(negative=(), show_default=False),
    )
    groups = {name: Group(name, sort_key=rank) for rank, name in enumerate(GROUPS)}
    for rank, command in enumerate(COMMANDS):
        # A lazily loaded command must carry its one line for the overview; but then that line would also
        # replace its docstring on its own help page.
        named = bool({command.name, *command.alias} & set(words))
        app.command(
            command.path,
            name=command.name,
            alias=command.alias,
            group=groups[command.group],
            sort_key=rank,
            help=None if named else command.line,
        )
    app.meta.default(_everywhere(app, is_overview=not _names_a_command(words)))
    return app


def _names_a_command(words: Sequence[str]) -> bool:
    return any(word in (command.name, *command.alias) for command in COMMANDS for word in words)


def _everywhere(app: App, *, is_overview: bool) -> Any:
    def lifeloop(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        project: Annotated[Path | None, Parameter(group=EVERYWHERE)] = None,
        json: Annotated[bool, Parameter(group=EVERYWHERE)] = False,
        plain: Annotated[bool, Parameter(group=EVERYWHERE)] = False,
        verbose: Annotated[int, Parameter(name=("--verbose", "-v"), group=EVERYWHERE, count=True)] = 0,
        install_completion: Annotated[bool, Parameter(group=EVERYWHERE, show=is_overview)] = False,
    ) -> Any:
        """Customer journeys you can read aloud, rehearse for a year in seconds, and trust with your customers.

        Parameters
        ----------
        words
            The command and what belongs to it.
        project
            The project's folder. Without it: the nearest one upwards that holds a lifeloop.yaml.
        json
            Print one JSON document, for programs.
        plain
            No colour, no boxes, nothing that moves: for screen readers and logs.
        verbose
            Say more. -vv also shows where in the code something went wrong.
        install_completion
            Let your shell complete commands, journeys, messages and people with the Tab key.
        """
        here = Here(Output(as_json=json, plain=plain, verbosity=verbose), project)
        if install_completion:
            return _install_completion(app, here)
        command, bound, given = app.parse_args(words, exit_on_error=False, print_error=False)
        return command(*bound.args, **bound.kwargs, **({"here": here} if "here" in given else {}))

    return lifeloop


def _install_completion(app: App, here: Here) -> int:
    shell = Path(os.environ.get("SHELL", "bash")).name
    written = app.install_completion(shell=shell if shell in SHELLS else "bash")  # type: ignore[arg-type]
    here.out.print(f"Completion for {shell} is in {written}. Open a new window to use it.")
    return Exit.FINE


def _exit_code(result: Any) -> int:
    return int(result) if isinstance(result, int) else Exit.FINE


def _said(ended: BaseException, out: Output) -> int:
    match ended:
        case CycloptsError():
            return _said(in_our_words(ended), out)
        case CommandError():
            out.error(ended.sentence, hint=ended.hint)
            return ended.exit_code
        case KeyboardInterrupt():
            out.note("interrupted")
            return Exit.INTERRUPTED
        case SystemExit() if not isinstance(ended.__context__, BrokenPipeError):  # rich leaves a broken pipe so
            return ended.code if isinstance(ended.code, int) else Exit.FINE
        case _:
            return _hush()


def _defect(defect: Exception, out: Output) -> int:
    out.error(
        f"Lifeloop itself failed ({type(defect).__name__}: {defect})",
        hint="this is our mistake, not yours. Say it again with -vv for the details, and please report it.",
    )
    return Exit.DEFECT


def _hush() -> int:
    # The reader of our pipe has gone (head, less): nothing more to say, and nothing to say it to.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.FINE


def _flush(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _hush()
    return code
