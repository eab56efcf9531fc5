"""What a command is, and where one can be given.

Every command of the interface is declared once, in ``commands/table``; bindings, key rows, palette, help screen and
the README's key table are made from that declaration, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Context(StrEnum):
    """Where the user is; a command belongs to one or more of these."""

    EVERYWHERE = "everywhere"
    MENU = "menu"
    FOLDERS = "folders"
    INDEX = "index"
    MESSAGE = "message"
    SELECTING = "selecting"
    ATTACHMENTS = "attachments"
    OUTBOX = "outbox"
    ITEM = "item"
    SENT_ITEM = "sent-item"
    RAW = "raw"
    DRAFTS = "drafts"
    SENT = "sent"
    ACCOUNTS = "accounts"
    JOURNAL = "journal"
    SETUP = "setup"
    SETTING_VALUES = "setting-values"
    SERVER = "server"
    HELP = "help"
    COMPOSE_HEADER = "compose-header"
    COMPOSE_BODY = "compose-body"
    SEND_DIALOG = "send-dialog"
    ADD_ACCOUNT = "add-account"
    PROMPT = "prompt"
    PALETTE = "palette"

    @property
    def heading(self) -> str:
        """For headings in the help screen and the README."""
        return _CONTEXT_HEADINGS[self]


_CONTEXT_HEADINGS = {
    Context.EVERYWHERE: "Everywhere",
    Context.MENU: "Main menu",
    Context.FOLDERS: "Folder list",
    Context.INDEX: "Message index",
    Context.MESSAGE: "Message text",
    Context.SELECTING: "Selecting text of a message",
    Context.ATTACHMENTS: "Attachments of a message",
    Context.OUTBOX: "Outbox",
    Context.ITEM: "A letter in the outbox",
    Context.SENT_ITEM: "A sent letter",
    Context.RAW: "Reading a text",
    Context.DRAFTS: "Drafts",
    Context.SENT: "Sent",
    Context.ACCOUNTS: "Accounts",
    Context.JOURNAL: "Changes waiting",
    Context.SETUP: "Setup",
    Context.SETTING_VALUES: "Choosing the value of a setting",
    Context.SERVER: "The server's side (demo)",
    Context.HELP: "Help",
    Context.COMPOSE_HEADER: "Composer, header",
    Context.COMPOSE_BODY: "Composer, message text",
    Context.SEND_DIALOG: "Before sending",
    Context.ADD_ACCOUNT: "Adding an account",
    Context.PROMPT: "Answering a question",
    Context.PALETTE: "Finding a command",
}

COMPOSE = frozenset({Context.COMPOSE_HEADER, Context.COMPOSE_BODY})
"""The composer, wherever the cursor is."""

TYPING = COMPOSE | {Context.ADD_ACCOUNT, Context.PROMPT, Context.PALETTE, Context.EVERYWHERE}
"""Where letters are text: a command there needs a control, Alt or function key."""

LISTS = frozenset(
    {
        Context.MENU,
        Context.FOLDERS,
        Context.INDEX,
        Context.ATTACHMENTS,
        Context.OUTBOX,
        Context.DRAFTS,
        Context.SENT,
        Context.ACCOUNTS,
        Context.JOURNAL,
        Context.SETUP,
        Context.SETTING_VALUES,
        Context.SERVER,
    }
)
"""Screens with a selected line."""

PAGERS = frozenset({Context.MESSAGE, Context.ITEM, Context.SENT_ITEM, Context.RAW, Context.HELP})
"""Screens with a text to scroll."""

READING = LISTS | PAGERS
"""Every screen on which single letters are commands."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    id: str
    """Stable name, used in ``keys.toml``: lower-case words joined by hyphens."""
    label: str
    """For the key rows: at most ten characters."""
    title: str
    """For the palette: a verb and its object."""
    help: str
    """For the help screen: one sentence."""
    contexts: frozenset[Context]
    pine: str
    """Keys in the pine keymap, Textual names separated by spaces; the first is the one shown. May be empty."""
    mutt: str
    """Keys in the mutt keymap."""
    slot: int = 0
    """Place in the key rows, lowest first; 0 keeps it out of them (it is in help and palette all the same).

    Commands of one context with the same slot share it: the one that fits what is selected is shown.
    """

    def default_keys(self, keymap: str) -> tuple[str, ...]:
        """Its keys in the built-in keymap ``keymap`` ("pine" or "mutt")."""
        return tuple((self.mutt if keymap == "mutt" else self.pine).split())

    @property
    def amid_typing(self) -> bool:
        """It works where letters are text, so its keys go before any widget's own."""
        return not self.contexts.isdisjoint(TYPING)
