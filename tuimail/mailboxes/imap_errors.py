"""Errors of an IMAP server or the connection to it, as sentences for the user."""

from __future__ import annotations

import errno
import os
from enum import StrEnum
from typing import TYPE_CHECKING

from tuimail.errors import EX_NOPERM, EX_UNAVAILABLE, TuimailError
from tuimail.mail.text import safe_line
from tuimail.tls import certificate_message, is_no_tls

if TYPE_CHECKING:
    from tuimail.config.model import Server
    from tuimail.mailboxes.imap_wire import Status

_WORDS_LIMIT = 300
"""Maximum number of characters of a server's text that are shown."""


class ImapStage(StrEnum):
    """The stages of a session."""

    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    CAPABILITIES = "capabilities"
    SIGN_IN = "sign-in"
    MAILBOX = "mailbox"


class ImapError(TuimailError):
    """An IMAP server or the way to it failed; ``str()`` is one safe sentence, ``hint`` says what to do."""

    def __init__(
        self, message: str, *, step: ImapStage, hint: str = "", status: Status | None = None, lasting: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.status = status
        """The server's reply, when there was one."""
        self.lasting = lasting
        """Permanent: the password, the certificate or the settings are wrong."""
        # A session that is lost during the sign-in says nothing about the password.
        self.exit_code = EX_NOPERM if step is ImapStage.SIGN_IN and lasting else EX_UNAVAILABLE


def quoted_server_text(status: Status) -> str:
    """The server's text, safe to show: ': "Mailbox is full"', or empty."""
    text = safe_line(status.text[:_WORDS_LIMIT])
    return f': "{text}"' if text else ""


def connection_error(error: BaseException, server: Server) -> ImapError:
    """The ImapError for an error of connecting or of the TLS handshake."""
    import socket
    import ssl

    where = f"{safe_line(server.host)}:{server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return ImapError(
            f"The certificate of {where} cannot be trusted.",
            step=ImapStage.TLS,
            hint=certificate_message(error, server.host),
            lasting=True,
        )
    if isinstance(error, ssl.SSLError) and is_no_tls(error):
        return ImapError(
            f"{where} does not start with TLS.",
            step=ImapStage.TLS,
            hint='Set security = "starttls" for this port, or use port 993 with security = "tls".',
            lasting=True,
        )
    if isinstance(error, ssl.SSLError):
        return ImapError(
            f"The connection to {where} could not be secured: {safe_line(error.reason or 'TLS failed')}.",
            step=ImapStage.TLS,
            hint='Port 993 goes with security = "tls", port 143 with security = "starttls".',
        )
    if isinstance(error, socket.gaierror):
        return ImapError(
            f"There is no server called {safe_line(server.host)}, or the name cannot be looked up now.",
            step=ImapStage.CONNECT,
            hint="Check the network, and host in the config.",
        )
    if isinstance(error, TimeoutError):
        return ImapError(f"{where} does not answer.", step=ImapStage.CONNECT, hint="Check the network, host and port.")
    # If several addresses refuse, asyncio raises one OSError with all their messages.
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return ImapError(
            f"Nothing listens at {where}.", step=ImapStage.CONNECT, hint="Check host and port in the config."
        )
    said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "the connection failed"
    return ImapError(f"{where} cannot be reached: {said}.", step=ImapStage.CONNECT, hint="Check the network.")
