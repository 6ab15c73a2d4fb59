"""A form that was posted in parts, as providers do with mail that has files attached: its fields, and no file."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import collapse_rfc2231_value

from lifeloop.channel.callbacks.values import Malformed

KIND = "multipart/form-data"
MOST_PARTS = 300
LONGEST_EDGE = 200
END = b"\r\n"


def parts_of(content_type: str, body: bytes) -> dict[str, str]:
    """Return the fields by name; of several of one name the last.

    Raises:
        Malformed: it does not say where its parts end, it is cut short, or it has more of them than anybody sends.
    """
    edge = END + b"--" + _edge(content_type)
    _, *parts = (END + body).split(edge, MOST_PARTS)
    if not parts or not parts[-1].startswith(b"--"):
        raise Malformed("the form is cut short, or has too many parts")
    return dict(found for part in parts[:-1] if (found := _field(part)) is not None)


def _edge(content_type: str) -> bytes:
    head = Message()
    head["content-type"] = content_type
    edge = head.get_boundary()
    if not edge or len(edge) > LONGEST_EDGE or not edge.isascii():
        raise Malformed("the form does not say what stands between its parts")
    return edge.encode()


def _field(part: bytes) -> tuple[str, str] | None:
    """Return name and text of one part; None for a file, or for what has no name."""
    head, _, content = part.partition(END + END)
    said = BytesHeaderParser().parsebytes(head.lstrip())
    name = said.get_param("name", header="content-disposition")
    if not name or said.get_filename() is not None:
        return None
    return collapse_rfc2231_value(name), content.decode("utf-8", "replace")
