"""Actions on the address of a message's sender: shown, remembered for the composer to complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.mail.text import safe_line
from tuimail.ui.actions.messages import messages_of, on_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.engine.mail_index import IndexEntry
    from tuimail.mail.address import Address
    from tuimail.ui.protocols import Action, HasMessages


def sender_of(entry: IndexEntry) -> Address:
    """The sender, as the index has him. Raises UsageError: nobody can write to that address."""
    from tuimail.errors import AddressError
    from tuimail.mail.address import parse_address, quoted_phrase

    row = entry.row
    name = quoted_phrase(safe_line(row.from_name)) if row.from_name else ""
    try:
        return parse_address(f"{name} <{row.from_addr}>")
    except AddressError as error:
        raise UsageError(f"{safe_line(row.from_addr) or 'The sender'} is no address to write to.") from error


def show_address(screen: HasMessages) -> None:
    """Say it in full: the index cuts names, and shows them without the address."""
    row = messages_of(screen)[0].row
    name = f"{safe_line(row.from_name)} " if row.from_name else ""
    screen.say(f"{name}<{safe_line(row.from_addr)}>" if row.from_addr else "The message names no sender.")


@on_messages
async def take_address(screen: HasMessages, entries: Sequence[IndexEntry]) -> None:
    """Remember the senders among those written to, whom the composer completes."""
    senders = list({each.key: each for each in map(sender_of, entries)}.values())
    await screen.program.engine.drafts.remember(senders)
    who = safe_line(str(senders[0])) if len(senders) == 1 else f"{len(senders):,} addresses"
    screen.say(f"Remembered {who}: the composer completes it.")


ACTIONS: dict[str, Action[HasMessages]] = {"show-address": show_address, "take-address": take_address}
