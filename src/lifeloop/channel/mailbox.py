"""A mailbox over IMAP, for what comes back by mail: looked into, and what was dealt with is put aside."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from lifeloop.channel.secret import Secret, Unset, looked_up, secret

MOST_BYTES = 512 * 1024
"""What is read of one mail: reports stand at its beginning, behind them may come whatever was attached."""
DEADLINE = 20.0
PORTS = {"tls": 993, "starttls": 143, "none": 143}
OK = "OK"
SEEN = r"(\Seen)"

Tls = Literal["starttls", "tls", "none"]


class MailboxProblem(Exception):  # noqa: N818  # an expected outcome; the sentence says what to do
    """The mailbox could not be looked into."""


@dataclass(frozen=True, slots=True)
class Held:
    """One mail in the box, by its number there."""

    uid: bytes
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailboxServer:
    """Where the box is. ``done``: the folder into which goes what was dealt with; empty: it is marked as read."""

    host: str
    port: int
    user: str
    password: Secret
    tls: Tls = "tls"
    folder: str = "INBOX"
    done: str = ""

    @classmethod
    def read(cls, settings: Mapping[str, str], environ: Mapping[str, str]) -> MailboxServer:
        """Read the settings under ``mailbox``.

        Raises:
            MailboxProblem: one is missing, or is not what it must be.
        """
        try:
            found = {name: looked_up(text, environ) for name, text in settings.items() if name != "password"}
            password = secret(settings.get("password"), environ)
        except Unset as problem:
            raise MailboxProblem(f"mailbox: {problem}; put it into the environment") from problem
        missing = [name for name in ("host", "user") if not found.get(name)] + ([] if password else ["password"])
        tls, port = found.get("tls", "tls"), found.get("port", "")
        if missing or password is None:
            raise MailboxProblem(f"mailbox: say also {', '.join(missing)}")
        if tls not in PORTS or not (port.isdigit() or not port):
            raise MailboxProblem("mailbox: 'tls' is tls, starttls or none, and 'port' is a number")
        return cls(
            host=found["host"],
            port=int(port or PORTS[tls]),
            user=found["user"],
            password=password,
            tls=tls,  # type: ignore[arg-type]  # one of the three, checked above
            folder=found.get("folder", "INBOX"),
            done=found.get("done", ""),
        )


class Mailbox:
    """One look into the box. Nothing in it is deleted, and nothing is marked before ``put_aside`` says so."""

    def __init__(self, server: MailboxServer, *, deadline: float = DEADLINE) -> None:
        self._server = server
        self._deadline = deadline
        self._box: imaplib.IMAP4 | None = None

    def __enter__(self) -> Self:
        """Sign in and open the folder.

        Raises:
            MailboxProblem: it does not answer, or does not let us in.
        """
        try:
            self._box = self._connected()
            self._box.login(self._server.user, self._server.password.reveal())
            there = self._box.select(_quoted(self._server.folder))[0] == OK
        except (OSError, imaplib.IMAP4.error) as problem:
            self._hang_up()
            raise MailboxProblem(_said(problem)) from problem
        if not there:
            self._hang_up()
            raise MailboxProblem(f"the mailbox has no folder {self._server.folder}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        """Hang up."""
        self._hang_up()

    def unread(self, most: int) -> tuple[bytes, ...]:
        """Return the numbers of mails that nobody dealt with, oldest first."""
        found = [part for part in self._ask("SEARCH", None, "UNSEEN", "UNDELETED") if isinstance(part, bytes)]
        return tuple(b" ".join(found).split()[:most])

    def fetch(self, uid: bytes) -> Held | None:
        """Return one mail, as far as we read; None when it has gone in the meantime."""
        answer = self._ask("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
        return None if raw is None else Held(uid, raw)

    def put_aside(self, uids: Sequence[bytes]) -> None:
        """Mark mails as dealt with, or move them where the settings say."""
        if not uids:
            return
        which = b",".join(uids).decode()
        self._ask("STORE", which, "+FLAGS.SILENT", SEEN)
        if not self._server.done:
            return
        if self._box is not None and "MOVE" in self._box.capabilities:
            self._ask("MOVE", which, _quoted(self._server.done))
            return
        self._ask("COPY", which, _quoted(self._server.done))
        self._ask("STORE", which, "+FLAGS.SILENT", r"(\Deleted)")
        self._expunge(which)

    def _expunge(self, which: str) -> None:
        """Take away what was copied, and nothing else: without UIDPLUS it stays, marked as deleted."""
        if self._box is not None and "UIDPLUS" in self._box.capabilities:
            self._ask("EXPUNGE", which)

    def _ask(self, command: str, *words: str | None) -> list[bytes | tuple[bytes, bytes]]:
        if self._box is None:
            raise MailboxProblem("the mailbox is not open")
        try:
            answer = self._box.uid(command, *words)  # type: ignore[arg-type]  # None: no other letters than ASCII
        except (OSError, imaplib.IMAP4.error) as problem:
            raise MailboxProblem(_said(problem)) from problem
        if answer[0] != OK:
            raise MailboxProblem(f"the mailbox refused {command}")
        return [part for part in answer[1] if part is not None]

    def _connected(self) -> imaplib.IMAP4:
        server, safely = self._server, ssl.create_default_context()
        if server.tls == "tls":
            return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=safely, timeout=self._deadline)
        box = imaplib.IMAP4(server.host, server.port, timeout=self._deadline)
        if server.tls == "starttls":
            box.starttls(safely)
        return box

    def _hang_up(self) -> None:
        box, self._box = self._box, None
        if box is None:
            return
        try:
            box.logout()
        except (OSError, imaplib.IMAP4.error):
            box.shutdown()


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _said(problem: Exception) -> str:
    """Return what is wrong without what the server wrote: it may hold the address of the box."""
    if isinstance(problem, imaplib.IMAP4.abort):
        return "the mailbox hung up"
    if isinstance(problem, imaplib.IMAP4.error):
        return "the mailbox refuses: are user and password right?"
    return "the mailbox took too long" if isinstance(problem, TimeoutError) else "the mailbox cannot be reached"
