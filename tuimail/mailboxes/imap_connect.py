"""Connects to an IMAP account: TCP, TLS, sign-in. Never sends a secret unencrypted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail import tls
from tuimail.config.model import Auth, Security
from tuimail.config.refused_tokens import refuse
from tuimail.errors import SecretError, TokenDelayedError
from tuimail.mailboxes.imap_errors import ImapError, ImapStage, connection_error, quoted_server_text
from tuimail.mailboxes.imap_session import ImapSession
from tuimail.mailboxes.imap_timeouts import ImapTimeouts
from tuimail.mailboxes.imap_wire import quoted
from tuimail.mailboxes.sign_in import choose
from tuimail.tls import is_loopback, tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Server
    from tuimail.mailboxes.imap_wire import Status

_PASSING = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"})
"""Response codes (RFC 5530) of a refused sign-in that are not about the password."""


async def sign_in(
    server: Server,
    secret: Callable[[], Awaitable[str]],
    *,
    patience: ImapTimeouts | None = None,
    reached: Callable[[ImapStage], None] = lambda _step: None,
) -> ImapSession:
    """A signed-in session; a token that the server refuses is asked for once more.

    Args:
        server: the server and its settings.
        secret: gives the password or access token; called for each try.
        patience: other time limits.
        reached: called with each stage after it is done.

    Raises:
        ImapError: it did not work.
        SecretError: there is no password or token; TokenDelayedError: not now.
    """
    first = await secret()
    try:
        return await open_session(server, first, patience=patience, reached=reached)
    except ImapError as refused:
        if server.auth is not Auth.OAUTH2 or not _is_refusal(refused):
            raise
        # It may have expired while the computer slept, or the provider has ended it.
        refuse(first)
        fresh = await secret()
        if fresh == first:
            raise

    def reached_again(stage: ImapStage) -> None:
        if stage is ImapStage.SIGN_IN:
            reached(stage)

    try:
        return await open_session(server, fresh, patience=patience, reached=reached_again)
    except ImapError as error:
        if _is_refusal(error):
            refuse(fresh)
        raise


def _is_refusal(error: ImapError) -> bool:
    return error.step is ImapStage.SIGN_IN and error.lasting and error.status is not None


def secret_error(error: SecretError) -> ImapError:
    """The ImapError for a password or token that is not there."""
    lasting = not isinstance(error, TokenDelayedError)
    return ImapError(str(error), step=ImapStage.SIGN_IN, hint=error.hint, lasting=lasting)


async def open_session(
    server: Server,
    secret: str,
    *,
    patience: ImapTimeouts | None = None,
    reached: Callable[[ImapStage], None] = lambda _step: None,
) -> ImapSession:
    """A signed-in session.

    Args:
        server: the server and its settings.
        secret: the password or access token.
        patience: other time limits.
        reached: called with each stage after it is done.

    Raises:
        ImapError: it did not work; its ``step`` says how far it came.
    """
    patience = patience or ImapTimeouts()
    session = await _connect(server, patience, reached)
    try:
        greeting = await _greeted(session, server, patience, reached)
        session.step = ImapStage.CAPABILITIES
        await _read_capabilities(session)
        reached(ImapStage.CAPABILITIES)
        session.step = ImapStage.SIGN_IN
        if greeting.verdict != "PREAUTH":
            await _sign_in(session, server, secret)
            await _read_capabilities(session)
        reached(ImapStage.SIGN_IN)
        session.step = ImapStage.MAILBOX
    except BaseException:
        session.abort()
        raise
    return session


async def _greeted(
    session: ImapSession, server: Server, patience: ImapTimeouts, reached: Callable[[ImapStage], None]
) -> Status:
    """Read the greeting, and start TLS if STARTTLS is required."""
    if server.security is not Security.STARTTLS:
        greeting = await _greeting(session, server)
        reached(ImapStage.GREETING)
        return greeting
    try:
        async with asyncio.timeout(patience.clear):
            greeting = await _greeting(session, server)
            reached(ImapStage.GREETING)
            session.step = ImapStage.TLS
            await _secure(session, server, greeting)
            reached(ImapStage.TLS)
    except TimeoutError:
        raise ImapError(
            f"The connection to {session.where} was not secured within {patience.clear:g} seconds.",
            step=ImapStage.TLS,
            hint="Check host, port and security in the config; another network may help.",
        ) from None
    return greeting


async def _greeting(session: ImapSession, server: Server) -> Status:
    greeting = asyncio.ensure_future(session.greeting())
    try:
        if server.security is not Security.TLS:
            await asyncio.wait({greeting}, timeout=tls.SILENCE)
            waits = not greeting.done() and await tls.speaks_tls(server.host, server.port)
            if waits and not greeting.done():
                raise ImapError(
                    f"{session.where} expects TLS from the first byte.",
                    step=ImapStage.TLS,
                    hint='Set security = "tls" for this port, or use port 143.',
                    lasting=True,
                )
        return await greeting
    finally:
        greeting.cancel()
        await asyncio.wait({greeting})


async def _connect(server: Server, patience: ImapTimeouts, reached: Callable[[ImapStage], None]) -> ImapSession:
    context = await _context(server) if server.security is Security.TLS else None
    try:
        session = await ImapSession.connect(
            server.host,
            server.port,
            patience=patience,
            context=context,
            awaits_tls=server.security is Security.STARTTLS,
        )
    except (OSError, UnicodeError) as error:  # TimeoutError and TLS errors are OSErrors
        raise connection_error(error, server) from error
    reached(ImapStage.CONNECT)
    if context is not None:
        reached(ImapStage.TLS)
    return session


async def _secure(session: ImapSession, server: Server, greeting: Status) -> None:
    """STARTTLS (RFC 3501 section 6.2.1)."""
    if greeting.verdict == "PREAUTH":
        raise ImapError(
            f"{session.where} claims to be signed in before TLS; the connection may have been tampered with.",
            step=ImapStage.TLS,
            hint='Ask the provider, or use port 993 with security = "tls".',
            lasting=True,
        )
    await _read_capabilities(session)
    if "STARTTLS" not in session.capabilities:
        raise ImapError(
            f"{session.where} offers no encryption, or an attacker hides it. Nothing was sent.",
            step=ImapStage.TLS,
            hint='Use port 993 with security = "tls" if the provider has it.',
            lasting=True,
        )
    context = await _context(server)
    await session.require("STARTTLS")
    try:
        await session.start_tls(context, server.host)
    except OSError as error:
        raise connection_error(error, server) from error


async def _read_capabilities(session: ImapSession) -> None:
    responses = await session.require("CAPABILITY")
    words = [word for line, *_ in responses if line[:13].upper() == b"* CAPABILITY " for word in line.split()[2:]]
    session.capabilities = frozenset(word.decode("ascii", "replace").upper() for word in words)
    if not session.capabilities & {"IMAP4REV1", "IMAP4REV2"}:
        raise ImapError(f"{session.where} does not offer IMAP4rev1.", step=session.step, lasting=True)


async def _sign_in(session: ImapSession, server: Server, secret: str) -> None:
    if server.security is Security.NONE and not is_loopback(session.peer):
        raise ImapError(
            f"The password is not sent to {session.where}: the connection is not encrypted.",
            step=ImapStage.SIGN_IN,
            hint='Set security = "tls" (port 993) or "starttls" (port 143).',
            lasting=True,
        )
    if server.auth is not Auth.NONE and (not server.username or any(char in secret for char in "\0\r\n")):
        raise ImapError(
            f"The user name or password for {session.where} cannot be used.",
            step=ImapStage.SIGN_IN,
            hint="Set username in the config; a password must not contain a line end.",
            lasting=True,
        )
    way = choose(server, session.capabilities, secret)
    if way is None:
        raise ImapError(
            f"{session.where} offers no way to sign in that tuimail supports.",
            step=ImapStage.SIGN_IN,
            hint='It must offer PLAIN or LOGIN; for auth = "oauth2", XOAUTH2 or OAUTHBEARER.',
            lasting=True,
        )
    if way.mechanism == "LOGIN":
        status, _ = await session.command("LOGIN", quoted(server.username), quoted(secret))
    else:
        status = await session.authenticate(way.mechanism, way.response)
    if status.verdict != "OK":
        said = status.text
        for each in (secret, way.response):
            # Some servers repeat the command that they did not understand.
            said = said.replace(each, "****") if each else said
        raise _refused(session.where, server, replace(status, text=said))
    session.signed_in()


def _refused(where: str, server: Server, status: Status) -> ImapError:
    passing = status.code in _PASSING
    what = "token" if server.auth is Auth.OAUTH2 else "user name or password"
    if passing:
        words, hint = (
            f"{where} cannot sign anybody in now",
            "The account is fine: the server says that this is temporary.",
        )
    else:
        words, hint = f"{where} refused the {what}", f"Check the {what}; some providers want an app password."
        if server.auth is Auth.OAUTH2:
            hint = "Sign in again (tuimail account login), or mend the command that gives the token."
    return ImapError(
        f"{words}{quoted_server_text(status)}.", step=ImapStage.SIGN_IN, hint=hint, status=status, lasting=not passing
    )


async def _context(server: Server) -> ssl.SSLContext:
    try:
        return await asyncio.to_thread(tls_context, server.ca_file)
    except OSError as error:
        raise ImapError(
            f"The certificates in {server.ca_file} cannot be used: {error.strerror or error}.",
            step=ImapStage.TLS,
            hint="Check ca_file in the config.",
            lasting=True,
        ) from error
