"""Leaving a mailing list by one POST (RFC 8058): only to https, without cookies, without following redirections."""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tuimail.errors import TuimailError
from tuimail.mail.text import safe_line
from tuimail.tls import tls_context, wire_host

if TYPE_CHECKING:
    import ssl

PATIENCE = 20.0
"""Seconds for each step of the dialogue."""
BODY = b"List-Unsubscribe=One-Click"
_NOT_IN_A_REQUEST = re.compile(r"[^!-~]")


class UnsubscribeError(TuimailError):
    """The list's server could not be asked, or did not agree."""


def one_click(url: str, *, context: ssl.SSLContext | None = None, patience: float = PATIENCE) -> str:
    """Ask to be taken off the list; a sentence on what came of it, safe to show. Blocks.

    Raises:
        UnsubscribeError: it cannot be reached, or says no.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        wire = wire_host(host)
    except (ValueError, UnicodeError):
        host = wire = ""
        port = 0
        parts = urlsplit("")
    if parts.scheme.lower() != "https" or not wire or _NOT_IN_A_REQUEST.search(wire):
        raise UnsubscribeError("The link to leave the list is not one that can be used.")
    target = _NOT_IN_A_REQUEST.sub("", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    shown = safe_line(host)
    connection = http.client.HTTPSConnection(wire, port, timeout=patience, context=context or tls_context())
    try:
        connection.request("POST", target, body=BODY, headers={"Content-Type": "application/x-www-form-urlencoded"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        reason = safe_line(str(error))[:120] or type(error).__name__
        raise UnsubscribeError(f"{shown} could not be asked: {reason}.", hint="Try again later.") from error
    finally:
        connection.close()
    if 200 <= status < 300:
        return f"{shown} has taken it: you are to get no more from this list."
    hint = "It wants a page to be opened, which is not done by itself." if 300 <= status < 400 else "Try it by mail."
    raise UnsubscribeError(f"{shown} did not agree (answer {status}).", hint=hint)
