"""Which commands there are. Nothing is imported until one is called, so ``lifeloop --help`` stays quick.

To add a command:

1. write ``lifeloop/cli/commands/<name>.py`` with one function named after the command. Its docstring is the help page,
   in words a marketer understands; its first line is repeated below. Take ``here: Here`` (keyword only) for the project
   and for printing; return an exit code of ``lifeloop.cli.errors.Exit`` or nothing; raise ``CommandError``s. Import
   heavy rooms (store, web, flows) inside the function.
2. add one line to ``COMMANDS``. A group such as ``event send`` is a ``cyclopts.App(name="event", help=…,
   group_parameters="Options")`` in the module, registered with ``function="event:app"``.
3. if it prints JSON, say its shape in the module: ``SHAPE = document(…)`` of ``lifeloop.cli.shapes``, and check it in
   its test with the fixture ``conforms``. Names for the Tab key are in ``lifeloop.cli.completing``.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("Start", "Write", "Check", "Rehearse", "Run", "Look")
"""The headings of ``lifeloop --help``, in order."""


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the help page, and where the function lives."""

    name: str
    group: str
    line: str
    alias: tuple[str, ...] = ()
    function: str = ""

    @property
    def path(self) -> str:
        """The import path, ``lifeloop.cli.commands.validate:validate`` unless ``function`` says otherwise."""
        word = self.name.replace("-", "_")
        return "lifeloop.cli.commands." + (self.function or f"{word}:{word}")


COMMANDS: tuple[Command, ...] = (
    Command("demo", "Start", "See a year of the company in seconds, then read its mails in your browser."),
    Command("init", "Start", "Start a project of your own from the starter project.", function="init:start_project"),
    Command("fmt", "Write", "Tidy journey files: order, lengths of time, ids. Comments stay."),
    Command("fix", "Write", "Put right what has one certain answer. Shows the change first."),
    Command("schema", "Write", "Print the JSON Schema that lets your editor complete and check journeys."),
    Command(
        "validate", "Check", "Check the project's files and say what is wrong, where, and how to fix it.", ("check",)
    ),
    Command("explain", "Check", "Explain a mistake by its code, with a wrong and a right example."),
    Command("read", "Check", "Read a journey aloud, as prose.", function="read:read_aloud"),
    Command("graph", "Check", "Draw the map of a journey."),
    Command("preview", "Rehearse", "Show a message as one person would get it, and check it."),
    Command(
        "simulate", "Rehearse", "Live through a journey in milliseconds: what one person would get, when, and why."
    ),
    Command(
        "test", "Rehearse", "Run the journeys' own tests: months in less than a second.", function="test:try_journeys"
    ),
    Command("replay", "Rehearse", "Live through events that really happened, with the clock of the data."),
    Command("event", "Run", "Tell that something happened to a customer.", function="event:app"),
    Command(
        "import",
        "Run",
        "Import customers or events from a CSV, JSON Lines or Parquet file.",
        function="import_:import_file",
    ),
    Command("up", "Run", "Start everything on this machine: Prefect, the inbox page, a door for events, a runner."),
    Command("run", "Run", "Let journeys run in this window, without a Prefect server."),
    Command(
        "deploy", "Run", "Make what is written what runs: journeys go live, and Prefect gets one deployment for each."
    ),
    Command("consent", "Run", "Show and ask for customers' permission, with its proof.", function="consent:app"),
    Command("serve-links", "Run", "Serve your customers' own pages: unsubscribe, preferences, confirmation, clicks."),
    Command("serve-ingest", "Run", "Take in events and customers over HTTP, from your shop, app or CDP."),
    Command("keys", "Run", "Let systems of yours send events, and take that back.", function="keys:app"),
    Command("pause", "Run", "Let a journey rest: nobody enters or moves, nothing leaves. Timers and events stay."),
    Command("resume", "Run", "Let journeys that rest go on, and say first what will happen."),
    Command("halt", "Run", "Let nothing leave: of a journey, of one message, by one provider, or nothing at all."),
    Command("release", "Run", "Let go what is halted or held, and say first what will happen."),
    Command("send-test", "Run", "Send one message to yourself, as one of your sample people would get it."),
    Command("erase", "Run", "Forget one person everywhere. Shows first what will go."),
    Command("move-store", "Run", "Move to another database, SQLite or PostgreSQL, without losing anybody who waits."),
    Command("retry", "Run", "Make calls again that nobody took: one, or all of a connection."),
    Command("answer", "Run", "Answer a question that a journey has put to a person of yours."),
    Command("status", "Look", "Say where people and messages are."),
    Command("who", "Look", "Show who waits in a journey: where, since when and until when."),
    Command("customer", "Look", "Show one customer: data, permissions, and their whole story across journeys."),
    Command("why", "Look", "Say why somebody is, was or is not in a journey: every rule, with what it found."),
    Command("export", "Look", "Write out everything known of one person, with what each part means."),
    Command("doctor", "Look", "Check installation, project and database, and say what to do.", function="doctor:app"),
    Command("calls", "Look", "Show the systems that do not take your calls, and the calls that were given up."),
    Command("refused", "Look", "Show what came over HTTP under an id that already stood for something else."),
    Command("asks", "Look", "Show the questions that wait for an answer."),
)
