"""The settings that can be changed from inside: where each stands in config.toml, what it does, its values. Pure.

What is allowed is not listed here: the words of a choice are those of its enum, ranges are the loader's, and a typed
value is checked by ``loader.fault_of``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from tuimail.config.account import MOST_CONNECTIONS
from tuimail.config.model import (
    CONNECTIONS,
    MOST_UNDO_SECONDS,
    NOTIFY,
    DelayedSending,
    Deleting,
    DeliveryReports,
    KeepPolicy,
    ListOrder,
    Notifications,
    OutboxSettings,
    ReadingSettings,
    SecretSettings,
    SecretStore,
    SentCopy,
    SpecialUse,
    UiSettings,
    WhenLate,
    WhenRefused,
    WhenUncertain,
)
from tuimail.config.reading_table import LONGEST_WAIT, NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.config.toml_edit import Keys

    _Word = TypeVar("_Word", bound=StrEnum)

_READING, _OUTBOX, _UI, _SECRETS = ReadingSettings(), OutboxSettings(), UiSettings(), SecretSettings()


class SettingKind(StrEnum):
    """What the value of a setting is, and so how it is asked for."""

    FLAG = "flag"
    CHOICE = "choice"
    ACCOUNT = "account"
    """The name of one of the user's accounts."""
    KEYMAP = "keymap"
    THEME = "theme"
    NUMBER = "number"
    TEXT = "text"
    LINES = "lines"
    """A text of several lines."""
    LIST = "list"
    """Texts."""
    COMMAND = "command"
    """argv."""
    FOLDER = "folder"
    """No value: the name of a folder that is to get one of its own."""
    IDENTITY = "identity"
    """No value: an address, with a name or without, that becomes one more identity."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    path: Keys
    """Its keys in the file."""
    name: str
    """As the user reads it."""
    explanation: str
    """One sentence, with units and ranges."""
    kind: SettingKind
    default: object = ""
    """Its value when it is not in the file; None: it has to be there."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Of a CHOICE: each value, and what it means."""
    unit: str = ""
    """Of a NUMBER."""
    empty: str = "none"
    """What an empty value is called."""
    removes: bool = False
    """An empty value removes the table it is in."""


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """Settings that stand together under a heading."""

    title: str
    settings: tuple[Setting, ...]


def _words(default: _Word, meanings: Mapping[_Word, str]) -> dict[str, str]:
    """Each word of the default's enum, in its order, and what it means; a KeyError if a word has no meaning."""
    return {word.value: meanings[word] for word in type(default)}


_DELETING = _words(
    _READING.delete,
    {
        Deleting.MARK: "The message is marked, and goes when the marks are carried out.",
        Deleting.AT_ONCE: "The message goes to the trash without being marked first.",
    },
)
_ORDERS = _words(
    _READING.order,
    {
        ListOrder.ARRIVAL: "In the order in which the messages arrived.",
        ListOrder.DATE: "By the date that the sender's program wrote.",
        ListOrder.THREAD: "Each message below the one that it answers.",
    },
)
_UNCERTAIN = _words(
    _OUTBOX.when_uncertain,
    {
        WhenUncertain.ASK: "You decide: it may have been delivered.",
        WhenUncertain.RESEND: "It is sent once more, and may arrive twice.",
    },
)
_REFUSED = _words(
    _OUTBOX.when_some_refused,
    {
        WhenRefused.SEND: "It goes to those who were accepted.",
        WhenRefused.HOLD: "It goes to nobody, and you decide.",
    },
)
_LATE = _words(
    _OUTBOX.when_late,
    {
        WhenLate.SEND: "It is sent as soon as tuimail runs.",
        WhenLate.ASK: "It is held, and you are asked.",
        WhenLate.HOLD: "It is held until you release it.",
    },
)
_LATER = _words(
    _OUTBOX.later,
    {
        DelayedSending.HERE: "In the outbox on this machine.",
        DelayedSending.SERVER: "On the server, where it offers that (FUTURERELEASE); else here.",
    },
)
_REPORTS = _words(
    _OUTBOX.delivery_reports,
    {
        DeliveryReports.TROUBLE: "Of failures and delays.",
        DeliveryReports.ALL: "Of successful deliveries as well.",
        DeliveryReports.NONE: "None.",
    },
)
_NOTIFICATIONS = _words(
    _UI.notifications,
    {
        Notifications.AUTO: "Where there is a desktop, and not over ssh.",
        Notifications.ALWAYS: "Also over ssh.",
        Notifications.NEVER: "Never.",
    },
)
_STORES = _words(
    _SECRETS.store,
    {
        SecretStore.AUTO: "In the keyring if there is a safe one, else in the encrypted file.",
        SecretStore.KEYRING: "In the keyring of your desktop.",
        SecretStore.FILE: "In a file encrypted with a passphrase.",
        SecretStore.MEMORY: "Nowhere: each run asks for them.",
    },
)
_COPIES = _words(
    SentCopy.AUTO,
    {
        SentCopy.AUTO: "To Sent on the server, unless that files it itself; without a server to the Maildir.",
        SentCopy.APPEND: "tuimail files it in Sent on the server.",
        SentCopy.SERVER: "The server files it itself.",
        SentCopy.NONE: "No copy is kept.",
    },
)
_KEPT = _words(
    KeepPolicy.RECENT,
    {
        KeepPolicy.HEADERS: "What lists show; a message is kept once it was opened.",
        KeepPolicy.RECENT: "Messages of the last 90 days and unread ones, as far as there is room.",
        KeepPolicy.ALL: "All messages.",
        KeepPolicy.NONE: "Nothing: a folder is looked at only while it is open.",
    },
)

GROUPS = (
    SettingGroup(
        "Reading",
        (
            Setting(("reading", "order"), "Order of an index", "How a folder is sorted when it is opened.",
                    SettingKind.CHOICE, _READING.order.value, _ORDERS),
            Setting(("reading", "reverse"), "Newest first", "Whether an index begins with its last message.",
                    SettingKind.FLAG, _READING.reverse),
            Setting(("reading", "mark_seen"), "Read after",
                    f'Seconds a message is open before it counts as read, from 0 to {LONGEST_WAIT:g}, or "{NEVER}".',
                    SettingKind.NUMBER, _READING.mark_seen, unit="seconds"),
            Setting(("reading", "delete"), "Deleting a message", "What the delete command does.",
                    SettingKind.CHOICE, _READING.delete.value, _DELETING),
            Setting(("reading", "print"), "Print command",
                    "A program and its arguments that print their standard input, for example: lpr -P office",
                    SettingKind.COMMAND, _READING.print_command),
        ),
    ),
    SettingGroup(
        "Writing and sending",
        (
            Setting(("default_account",), "Account for new letters", "The account that a new letter is written from.",
                    SettingKind.ACCOUNT, "", empty="the first"),
            Setting(("ui", "editor"), "Editor",
                    'What the text of a letter is written in: "built-in", "$EDITOR", or a command of yours.',
                    SettingKind.TEXT, _UI.editor),
            Setting(("outbox", "undo_seconds"), "Time to take a letter back",
                    f"Seconds a letter waits in the outbox before it leaves, from 0 to {MOST_UNDO_SECONDS}.",
                    SettingKind.NUMBER, _OUTBOX.undo_seconds, unit="seconds"),
            Setting(("outbox", "later"), "A letter to be sent later", "Where it waits until its time comes.",
                    SettingKind.CHOICE, _OUTBOX.later.value, _LATER),
            Setting(("outbox", "when_late"), "A letter whose time passed",
                    "What happens to a letter whose time came while no tuimail was running.",
                    SettingKind.CHOICE, _OUTBOX.when_late.value, _LATE),
            Setting(("outbox", "when_some_refused"), "Some recipients refused",
                    "What happens to a letter when the server refuses some of its recipients and accepts others.",
                    SettingKind.CHOICE, _OUTBOX.when_some_refused.value, _REFUSED),
            Setting(("outbox", "when_uncertain"), "An uncertain letter",
                    "What happens to a letter when the connection broke before the server's answer came.",
                    SettingKind.CHOICE, _OUTBOX.when_uncertain.value, _UNCERTAIN),
            Setting(("outbox", "delivery_reports"), "Delivery reports", "Which reports a server is asked for.",
                    SettingKind.CHOICE, _OUTBOX.delivery_reports.value, _REPORTS),
        ),
    ),
    SettingGroup(
        "Keys and look",
        (
            Setting(("ui", "keymap"), "Keymap", "Whose keys give the commands; those of your keys.toml go on top.",
                    SettingKind.KEYMAP, _UI.keymap),
            Setting(("ui", "theme"), "Theme", "The colours; yours are files in the folder themes beside the config.",
                    SettingKind.THEME, _UI.theme),
        ),
    ),
    SettingGroup(
        "Notices",
        (
            Setting(("ui", "bell"), "Bell",
                    "Whether the bell rings for new mail, and when a letter or an account needs you.",
                    SettingKind.FLAG, _UI.bell),
            Setting(("ui", "notifications"), "Notices on the desktop", "Whether notices are shown outside of tuimail.",
                    SettingKind.CHOICE, _UI.notifications.value, _NOTIFICATIONS),
        ),
    ),
    SettingGroup(
        "Passwords",
        (
            Setting(("secrets", "store"), "Where passwords are kept",
                    "Those that no command prints; move stored ones with: tuimail account login NAME",
                    SettingKind.CHOICE, _SECRETS.store.value, _STORES),
            Setting(("secrets", "plaintext"), "Allow an unsafe keyring",
                    "Whether a keyring is used that may keep passwords where others can read them.",
                    SettingKind.FLAG, _SECRETS.plaintext),
            Setting(("secrets", "passphrase_command"), "Passphrase command",
                    "A program and its arguments that print the passphrase of the encrypted file.",
                    SettingKind.COMMAND, _SECRETS.passphrase_command, empty="none: it is asked for"),
        ),
    ),
)  # fmt: skip
"""All but those of an account."""

_IDENTITY = (
    Setting(("address",), "Address", "The address that you write as.", SettingKind.TEXT, None),
    Setting(("name",), "Name", "Your name, as the receivers of your letters see it.", SettingKind.TEXT),
    Setting(("aliases",), "Other addresses", "More addresses that you may write as, with commas between them.",
            SettingKind.LIST, ()),
    Setting(("signature",), "Signature", r"It ends your letters; \n begins a new line.", SettingKind.LINES),
)  # fmt: skip
_SENDING = (
    Setting(("sent", "copy"), "Sent copy", "Where the copy of a sent letter goes.",
            SettingKind.CHOICE, SentCopy.AUTO.value, _COPIES),
    Setting(("submission", "rate"), "Rate limit",
            "How many letters may leave within a time: 100/h, 20/min or 2000/d, for example.",
            SettingKind.TEXT, empty="none of your own"),
    Setting(("submission", "connections"), "Connections",
            f"How many letters are sent at the same time, from 1 to {MOST_CONNECTIONS}.",
            SettingKind.NUMBER, CONNECTIONS),
)  # fmt: skip
_NOTIFY = Setting(("notify",), "New mail is told of in", 'Folders, with commas between; "*": all but special ones.',
                  SettingKind.LIST, NOTIFY, empty="no folder")  # fmt: skip
_USES = {
    SpecialUse.SENT: "sent letters",
    SpecialUse.DRAFTS: "drafts",
    SpecialUse.TRASH: "deleted messages",
    SpecialUse.ARCHIVE: "archived messages",
    SpecialUse.JUNK: "junk",
}
_FOLDERS = tuple(
    Setting(("folders", use.value), f"Folder for {_USES[use]}",
            "Its name, if it is not the one that the server, or its name, says it is.",
            SettingKind.TEXT, empty="found by itself")
    for use in SpecialUse
)  # fmt: skip
_SUBSCRIBED = Setting(("imap", "subscribed"), "Only subscribed folders",
                      "Whether of the server's folders without a use only those are shown that you subscribed to.",
                      SettingKind.FLAG, default=False)  # fmt: skip
EVERY_FOLDER = "*"
_ANOTHER = Setting(("policy", ""), "Kept of another folder", "Asks for a folder, and what of it is kept here.",
                   SettingKind.FOLDER, empty="asks for its name")  # fmt: skip


def account_group(name: str, table: Mapping[str, object]) -> SettingGroup:
    """The settings that fit the account ``name``, whose table in the file is ``table``."""
    identities = table.get("identities")
    count = len(identities) if isinstance(identities, list) else 0
    own = [*_IDENTITY, *(each for index in range(count) for each in _identity(index)), _one_more(count)]
    own += [*(each for each in _SENDING if each.path[0] == "sent" or _has(table, each.path[0]))]
    if any(_has(table, kind) for kind in ("imap", "maildir")):
        own += [_NOTIFY, *_FOLDERS]
    if _has(table, "imap"):
        policy = table.get("policy")
        folders = [each for each in policy if each != EVERY_FOLDER] if isinstance(policy, dict) else []
        own += [_SUBSCRIBED, *(_kept(each) for each in (EVERY_FOLDER, *folders)), _ANOTHER]
    return SettingGroup(f"Account {name}", tuple(_of_account(name, each) for each in own))


def kept_of(account: str, folder: str) -> Setting:
    """What is kept on this machine of a folder on the account's server."""
    return _of_account(account, _kept(folder))


def _of_account(name: str, setting: Setting) -> Setting:
    return replace(setting, path=("accounts", name, *setting.path))


def _has(table: Mapping[str, object], key: str | int) -> bool:
    return isinstance(table.get(str(key)), dict)


def _identity(index: int) -> tuple[Setting, ...]:
    """One more identity of an account; the account's own settings are the first."""
    path, number = ("identities", index), index + 2
    return (
        Setting((*path, "address"), f"Address of identity {number}",
                "Where such letters come from; an empty address removes the identity.",
                SettingKind.TEXT, None, removes=True),
        Setting((*path, "name"), f"Name of identity {number}", "Your name in letters from this address.",
                SettingKind.TEXT, empty="that of the account"),
        Setting((*path, "signature"), f"Signature of identity {number}", r"It ends them; \n begins a new line.",
                SettingKind.LINES, empty="that of the account"),
    )  # fmt: skip


def _one_more(index: int) -> Setting:
    return Setting(
        ("identities", index),
        "Another identity",
        "An address with a name of its own, for example: The Board <board@example.org>",
        SettingKind.IDENTITY,
        empty="asks for name and address",
    )


def _kept(folder: str) -> Setting:
    """What is kept of a folder on a server."""
    every = folder == EVERY_FOLDER
    return Setting(
        ("policy", folder),
        "Kept on this machine" if every else f"Kept of {folder}",
        "Which messages of the server's folders are kept here." if every else "Which of its messages are kept here.",
        SettingKind.CHOICE,
        KeepPolicy.RECENT.value if every else "",
        _KEPT,
        empty="as the others",
    )


def groups_of(values: Mapping[str, object]) -> tuple[SettingGroup, ...]:
    """Every setting of a file that says ``values``: those of its accounts come last."""
    accounts = values.get("accounts")
    tables = accounts.items() if isinstance(accounts, dict) else ()
    return (*GROUPS, *(account_group(name, table) for name, table in tables if isinstance(table, dict)))
