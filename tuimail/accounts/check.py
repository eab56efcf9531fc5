"""Does an account work? Goes the whole way in, on every server it names, and sends nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.accounts.finding import Finding, Step
from tuimail.config.model import SentCopy, SubmissionCommand
from tuimail.errors import SecretError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.config.model import Account, Server

    Secret = Callable[[Server], Awaitable[str]]
    Progress = Callable[[Finding], None]

__all__ = ["Finding", "Step", "check_account"]


def _silent(_finding: Finding) -> None:
    pass


async def check_account(account: Account, secret: Secret, *, progress: Progress = _silent) -> tuple[Finding, ...]:
    """Try everything ``account`` names; sending and reading side at the same time.

    Args:
        account: as in the config.
        secret: gives the password or token for a server; may raise SecretError.
        progress: told each finding as soon as it is made.

    Returns:
        The findings, submission first; a side whose last finding is not ok does not work. Never raises for what a
        server, a network or a disk does.
    """
    sides = [_check_submission(account, secret, progress), _check_sent(account, secret, progress)]
    submission, sent = await asyncio.gather(*sides)
    return (*submission, *sent)


async def _check_submission(account: Account, secret: Secret, progress: Progress) -> list[Finding]:
    if isinstance(account.submission, SubmissionCommand):
        finding = await asyncio.to_thread(_command_found, account.submission)
        progress(finding)
        return [finding]
    from tuimail.accounts.check_smtp import check_smtp

    findings: list[Finding] = []
    for server in account.servers:
        # One after the other: a wrong password is shown to the servers that share it once, not to all of them.
        findings += await check_smtp(
            server, lambda server: secret(account.secret_server(server)), progress, account=account.name
        )
        if findings and findings[-1].step is Step.SIGN_IN and not findings[-1].ok:
            break
    return findings


async def _check_sent(account: Account, secret: Secret, progress: Progress) -> list[Finding]:
    if account.imap is not None:
        return await _check_imap(account.imap, secret, progress, sent_copy=account.sent_copy)
    if account.maildir is None:
        return []
    finding = await asyncio.to_thread(_maildir_writable, account.maildir)
    progress(finding)
    return [finding]


async def _check_imap(server: Server, secret: Secret, progress: Progress, *, sent_copy: SentCopy) -> list[Finding]:
    from tuimail.mailboxes.imap_connect import sign_in
    from tuimail.mailboxes.imap_errors import ImapError, ImapStage
    from tuimail.mailboxes.imap_timeouts import ImapTimeouts
    from tuimail.mailboxes.sent_mail import sent_mailbox

    where = f"{safe_line(server.host)}:{server.port}"
    findings: list[Finding] = []

    def found(step: Step, words: str, *, ok: bool = True, hint: str = "") -> None:
        finding = Finding(where, step, ok, words, hint)
        findings.append(finding)
        progress(finding)

    words = {
        ImapStage.CONNECT: "Connected.",
        ImapStage.TLS: "The connection is encrypted and the certificate is good.",
        ImapStage.GREETING: "It is an IMAP server.",
        ImapStage.CAPABILITIES: "It speaks IMAP4rev1.",
        ImapStage.SIGN_IN: f"Signed in as {safe_line(server.username)}.",
    }
    try:
        session = await sign_in(
            server,
            lambda: secret(server),
            patience=ImapTimeouts(connect=15.0, tls=15.0, reply=30.0),
            reached=lambda step: found(Step(step), words[step]),
        )
        try:
            found(Step.CAPABILITIES, _offered(session.capabilities))
            if sent_copy in (SentCopy.AUTO, SentCopy.APPEND):
                mailbox = await sent_mailbox(session)
                name = safe_line(mailbox.name)
                found(
                    Step.SENT,
                    f'Sent letters are kept in "{name}".' if mailbox.listed else f'"{name}" is made when it is needed.',
                )
        finally:
            await session.close()
    except SecretError as error:
        found(Step.SIGN_IN, str(error), ok=False, hint=error.hint)
    except ImapError as trouble:
        step = Step.SENT if trouble.step is ImapStage.MAILBOX else Step(trouble.step)
        found(step, str(trouble), ok=False, hint=trouble.hint)
    return findings


_NOTED = ("IDLE", "CONDSTORE", "QRESYNC", "MOVE", "SPECIAL-USE", "UIDPLUS")
"""Capabilities (RFC 2177, 7162, 6851, 6154, 4315) that make a difference."""


def _offered(capabilities: frozenset[str]) -> str:
    offered = [each for each in _NOTED if each in capabilities]
    if not offered:
        return "It offers what is needed, and none of the extensions that save time."
    listed = " and ".join(filter(None, (", ".join(offered[:-1]), offered[-1])))
    return f"It offers {listed}."


def _command_found(command: SubmissionCommand) -> Finding:
    name = command.argv[0]
    path = shutil.which(name)
    if path is not None:
        return Finding(safe_line(name), Step.COMMAND, True, f"Letters are handed to {safe_line(path)}.")
    if Path(name).exists():
        words, hint = f"{safe_line(name)} may not be run.", "Check its permissions, or name another command."
    else:
        words, hint = f"There is no command {safe_line(name)}.", "Install it, or name another in the config."
    return Finding(safe_line(name), Step.COMMAND, False, words, hint)


def _maildir_writable(folder: Path) -> Finding:
    """The folder, or the nearest one above it that exists, takes new files."""
    where = safe_line(str(folder))
    existing = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(where, Step.SENT, True, "Sent letters are kept there.")
    reason = "cannot be written to" if existing.is_dir() else "is not a folder"
    return Finding(
        where,
        Step.SENT,
        False,
        f"{safe_line(str(existing))} {reason}.",
        "Check its permissions, or name another path in the config.",
    )
