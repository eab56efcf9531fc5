"""Messages as an mbox: each behind a "From " line, and "From " within a message quoted (RFC 4155, mboxrd). Pure.

``git am`` and other mail programs read it.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_SENDER = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")


def mbox_pieces(message: Iterable[bytes], sender: str, arrived: float) -> Iterator[bytes]:
    """One message of an mbox, with LF line ends, in pieces; it ends in an empty line.

    Args:
        message: its bytes in pieces.
        sender: its address, for the "From " line.
        arrived: seconds since the epoch.
    """
    shown = sender if _SENDER.fullmatch(sender) else "MAILER-DAEMON"
    moment = time.asctime(time.gmtime(min(max(arrived, 0.0), 4e9)))
    yield f"From {shown} {moment}\n".encode("utf-8", "replace")
    end = b"\n"
    for lines in _whole_lines(message):
        quoted = _FROM.sub(rb">\1", lines)
        end = quoted[-1:]
        yield quoted
    yield b"\n" if end == b"\n" else b"\n\n"


def _whole_lines(message: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces that end where a line does, the last one aside, with LF line ends."""
    left: list[bytes] = []
    for piece in message:
        head, newline, tail = piece.rpartition(b"\n")
        if newline:
            yield b"".join((*left, head, newline)).replace(b"\r\n", b"\n")
            left = []
        if tail:
            left.append(tail)
    if left:
        yield b"".join(left).replace(b"\r\n", b"\n")
