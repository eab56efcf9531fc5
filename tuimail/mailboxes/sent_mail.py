r"""Sent letters in an IMAP account: find \Sent, search it for a letter, append a letter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tuimail.mail.date import MONTHS
from tuimail.mailboxes import folders
from tuimail.mailboxes.imap_errors import ImapError, ImapStage, quoted_server_text
from tuimail.mailboxes.imap_reason import reason
from tuimail.mailboxes.imap_wire import ImapSyntaxError, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tuimail.mailboxes.folders import Mailbox
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.mailboxes.imap_wire import Status


async def sent_mailbox(session: ImapSession) -> Mailbox:
    """The account's mailbox for sent letters; one that must be created if there is none.

    Raises:
        ImapError: the server could not list its mailboxes.
    """
    extended = {"SPECIAL-USE", "LIST-EXTENDED"} <= session.capabilities
    arguments = ['""', '"*"', *(["RETURN (SPECIAL-USE)"] if extended else [])]
    listed = folders.read_list(await session.require("LIST", *arguments))
    found = folders.find_sent(listed)
    if found is not None:
        return found
    prefix = ""
    if "NAMESPACE" in session.capabilities:
        prefix = folders.read_personal_prefix(await session.require("NAMESPACE"))
    return folders.new_sent(prefix)


async def holds(session: ImapSession, mailbox: Mailbox, message_id: str) -> bool:
    """Whether ``mailbox`` contains a letter with this Message-ID; False for a mailbox that must be created.

    Raises:
        ImapError: the search failed.
    """
    if not mailbox.listed or not message_id or not message_id.isascii() or not message_id.isprintable():
        # Not every server can search for a Message-ID outside printable ASCII.
        return False
    await session.require("EXAMINE", quoted(mailbox.wire))
    arguments = ("HEADER", "MESSAGE-ID", quoted(message_id))
    responses = await session.require("SEARCH", *arguments, prefix="UID")
    await session.leave()
    try:
        return bool(folders.uids(responses))
    except ImapSyntaxError as error:
        raise ImapError("The server's answer to a search is invalid.", step=ImapStage.MAILBOX) from error


async def put(
    session: ImapSession,
    mailbox: Mailbox,
    pieces: Callable[[], Iterable[bytes]],
    size: int,
    *,
    date: float,
    progress: Callable[[int], None] = lambda _sent: None,
) -> None:
    """Append a letter, marked as seen; create and subscribe the mailbox if necessary.

    Args:
        session: signed in.
        mailbox: the target.
        pieces: returns the letter from its beginning each time it is called.
        size: total number of bytes.
        date: seconds since the epoch, stored as the time of arrival.
        progress: called with the number of bytes sent.

    Raises:
        ImapError: the letter was not stored.
    """

    async def append() -> Status:
        return await session.append(
            mailbox.wire, pieces(), size, flags="(\\Seen)", date=internal_date(date), progress=progress
        )

    status = await append()
    # Not every server says TRYCREATE.
    if status.verdict == "NO" and (status.code == "TRYCREATE" or not (status.code or mailbox.listed)):
        await create(session, mailbox)
        status = await append()
    if status.verdict != "OK":
        what = "is full" if reason(status) == "OVERQUOTA" else "did not accept the copy"
        raise ImapError(f"The mailbox {what}{quoted_server_text(status)}.", step=ImapStage.MAILBOX, status=status)


async def create(session: ImapSession, mailbox: Mailbox) -> None:
    """Create ``mailbox`` and subscribe to it; it may exist already.

    Raises:
        ImapError: the server refuses.
    """
    use = ["(USE (\\Sent))"] if "CREATE-SPECIAL-USE" in session.capabilities else []
    status, _ = await session.command("CREATE", quoted(mailbox.wire), *use)
    if status.verdict != "OK" and use:
        status, _ = await session.command("CREATE", quoted(mailbox.wire))
    if status.verdict != "OK" and status.code != "ALREADYEXISTS":
        raise ImapError(
            f"The mailbox for sent letters could not be created{quoted_server_text(status)}.",
            step=ImapStage.MAILBOX,
            status=status,
        )
    # A failed subscription is ignored: storing the letter matters more.
    await session.command("SUBSCRIBE", quoted(mailbox.wire))


def internal_date(seconds: float) -> str:
    """A quoted date-time (RFC 3501 section 9), in UTC, with English months whatever the locale."""
    when = datetime.fromtimestamp(seconds, UTC)
    return f'"{when.day:02d}-{MONTHS[when.month - 1]}-{when.year:04d} {when:%H:%M:%S} +0000"'
