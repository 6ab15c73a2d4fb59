import os
import resource
import subprocess
import sys

import pytest

from lifeloop import __main__ as entry
from lifeloop.cli import app as cli
from lifeloop.cli.errors import Exit
from lifeloop.cli.registry import COMMANDS, GROUPS

HEAVY = ("prefect", "sqlalchemy", "sqlmodel", "httpx", "starlette", "pendulum", "alembic", "uvicorn", "fastapi")
STARTED = "import sys; from lifeloop.cli.app import main; sys.argv[0] = 'lifeloop'; code = main(sys.argv[1:])\n"
LOADED = "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"


def typed(*words, cwd, **environment):
    """The command as a process of its own; what it imported stands at the end of stderr."""
    run = [sys.executable, "-c", STARTED + LOADED, *words]
    done = subprocess.run(run, cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    said, _, loaded = done.stderr.rpartition("LOADED")
    return done.returncode, done.stdout, said, set(loaded.split())


AUTHORING = [
    ("--help",),
    ("validate",),
    ("read", "renewal"),
    ("graph", "renewal"),
    ("fmt", "--check"),
    ("explain", "J121"),
    *[(name, "--help") for name in ("test", "simulate", "preview") if name in {command.name for command in COMMANDS}],
    *[("test", "welcome") for command in COMMANDS if command.name == "test"],
]


@pytest.mark.parametrize("words", AUTHORING, ids=" ".join)
def test_authoring_never_loads_what_only_running_needs(project, words):
    _, _, _, loaded = typed(*words, cwd=project)
    allowed = {"pendulum"} if words[0] in {"test", "simulate", "preview"} and len(words) > 1 else set()
    assert loaded & set(HEAVY) <= allowed


def test_help_comes_at_once(tmp_path):
    """Beside a Python that only reads some of its own library, by what both cost: it is about twice as much."""
    took = {"help": [], "python": []}
    for _ in range(3):
        for name, start in (("help", lambda: typed("--help", cwd=tmp_path)), ("python", start_python)):
            began = worked_for_us()
            start()
            took[name].append(worked_for_us() - began)
    assert min(took["help"]) < 4 * min(took["python"])


def worked_for_us() -> float:
    """Return for how many seconds processes that we started had a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_python():
    subprocess.run(
        [sys.executable, "-c", "import asyncio, email.message, http.client, sqlite3, unittest, xml.dom.minidom"],
        check=True,
    )


def test_help_says_what_there_is(run):
    said = run("--help")
    assert said.code == Exit.FINE
    for command in COMMANDS:
        assert command.name in said.out
    assert "lifeloop init" in said.out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself_in_its_first_line_and_in_the_overview_alike(run, command):
    said = run(command.name, "--help")
    assert said.code == Exit.FINE
    assert " ".join(command.line.split()) in " ".join(said.out.split())
    assert command.group in GROUPS


def test_a_word_that_is_no_command_is_told_the_nearest(run):
    said = run("validat")
    assert said.code == Exit.USAGE
    assert 'there is no command "validat", did you mean "validate"?' in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("validate", "--strct"), "there is no option --strct here, did you mean --strict?"),
        (("explain", "J121", "J122"), '"J122" is more than this command takes'),
        (("read",), "NAME is missing"),
        (("graph", "one", "--format", "png"), '--format cannot be "png"; it is one of text, svg, mermaid'),
        (("validate", "--project", "nowhere"), 'there is no lifeloop.yaml in "nowhere"'),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
@pytest.mark.usefixtures("small")
def test_wrong_usage_is_said_in_plain_words(run, words, sentence):
    said = run(*words)
    assert said.code == Exit.USAGE
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_without_a_project_the_way_to_one_is_shown(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = run("validate")
    assert said.code == Exit.USAGE
    assert "there is no lifeloop.yaml here or in a folder above" in said.err
    assert "lifeloop init" in said.err


def test_the_project_is_found_from_a_folder_inside(run, small, monkeypatch):
    monkeypatch.chdir(small / "templates" / "a")
    assert run("validate").code == Exit.FINE


def test_the_project_can_be_named(run, small, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert run("validate", "--project", small).code == Exit.FINE
    assert run("--project", small, "validate").code == Exit.FINE


@pytest.mark.usefixtures("small")
def test_a_defect_of_ours_is_owned_and_shows_no_traceback(run, monkeypatch):
    monkeypatch.setattr("lifeloop.cli.commands.validate.open_project", broken)
    said = run("validate")
    assert said.code == Exit.DEFECT
    assert "Lifeloop itself failed (ZeroDivisionError: oh)" in said.err
    assert "Traceback" not in said.err


@pytest.mark.usefixtures("small")
def test_a_defect_shows_its_traceback_to_those_who_ask(run, monkeypatch):
    monkeypatch.setattr("lifeloop.cli.commands.validate.open_project", broken)
    with pytest.raises(ZeroDivisionError):
        run("validate", "-vv")


def broken(_here):
    raise ZeroDivisionError("oh")


@pytest.mark.usefixtures("small")
def test_an_interrupted_command_says_so(run, monkeypatch):
    def interrupted(_here):
        raise KeyboardInterrupt

    monkeypatch.setattr("lifeloop.cli.commands.validate.open_project", interrupted)
    assert run("validate").code == Exit.INTERRUPTED


def test_a_reader_that_goes_away_ends_the_command_quietly(project):
    run = [sys.executable, "-m", "lifeloop", "schema"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=project) as started:
        started.stdout.read(10)
        started.stdout.close()
        said = started.stderr.read()
        assert started.wait(timeout=90) == 0
    assert said == b""


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True)], ids=["pipe", "forced"]
)
@pytest.mark.usefixtures("small")
def test_colours_are_for_eyes(run, environment, coloured):
    said = run("validate", **environment)
    assert ("\x1b[" in said.out) is coloured


@pytest.mark.parametrize("words", [(), ("--plain",)], ids=["NO_COLOR", "--plain"])
@pytest.mark.usefixtures("small")
def test_colours_can_be_turned_off(run, words):
    said = run("validate", *words, FORCE_COLOR="1", **({} if words else {"NO_COLOR": "1"}))
    assert "\x1b[3" not in said.out


@pytest.mark.usefixtures("project")
def test_completion_offers_the_projects_own_names(run):
    offered = {line.split("\t")[0] for line in run("__complete", "read", "").out.splitlines()}
    assert {"welcome", "renewal"} <= offered


def test_completion_is_installed_for_the_shell_in_use(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    said = run("--install-completion", SHELL="/bin/bash")
    assert said.code == Exit.FINE
    script = tmp_path / ".local" / "share" / "bash-completion" / "completions" / "lifeloop"
    assert "_lifeloop" in script.read_text()


def test_the_exit_codes_are_those_that_are_promised():
    assert {word.name: int(word) for word in Exit} == {
        "FINE": 0,
        "FINDINGS": 1,
        "USAGE": 2,
        "PLAN_CHANGES": 3,
        "UNREACHABLE": 4,
        "REFUSED": 5,
        "DEFECT": 70,
        "INTERRUPTED": 130,
    }
    assert cli.main(["--version"]) == 0


def test_help_runs_on_to_the_edge_of_the_window(run):
    lines = run("init", "--help", COLUMNS="90").out.splitlines()
    said = lines[lines.index("") :]
    paragraph = said[3 : said.index("Arguments") - 1]
    assert not any(line.endswith(" ") for line in lines)
    assert all(len(line) > 70 for line in paragraph[:-1]), paragraph


def test_ctrl_c_while_it_is_still_loading_leaves_no_traceback(monkeypatch):
    class Interrupted:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "lifeloop.cli.app", Interrupted())
    monkeypatch.setattr(sys, "argv", ["lifeloop", "test"])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == Exit.INTERRUPTED


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("words", [("validate",), ("validate", "--json"), ("explain", "J111")])
def test_a_reader_that_has_gone_is_no_mistake(words):
    """As in ``lifeloop validate | head``: a pipe nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lifeloop", *words], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (Exit.FINE, b"")
