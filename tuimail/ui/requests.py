"""Requests to open a screen: ``program.navigation.open(ShowItem(id))``. What each one opens is in ``ui/registry``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.ui.protocols import Request

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.demo.server import DemoServer
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.message_reader import ReadMessage
    from tuimail.mail.content import Content
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.protocols import AccountSetup, Frame, MessageCursor, ReviewDialog  # noqa: F401 - in quotes below
    from tuimail.ui.views.setting_lines import SettingRow


class ShowMainMenu(Request["Frame"]):
    """Where the program starts."""


@dataclass(slots=True, eq=False, repr=False)
class ShowMessage(Request["Frame"]):
    """A received message in full: the one that ``cursor`` is on."""

    cursor: MessageCursor
    full_header: bool = False
    """With every field of its header."""


@dataclass(slots=True, eq=False, repr=False)
class ShowEmbeddedMessage(Request["Frame"]):
    """A message that was in another one."""

    message: ReadMessage


@dataclass(slots=True, eq=False, repr=False)
class ShowAttachments(Request["Frame"]):
    """The files of a message."""

    message: ReadMessage
    place: str
    """Where the message is, safe to show: "work/INBOX"."""


class ShowOutbox(Request["Frame"]):
    """The letters that wait to be sent, and those that need the user."""


class ShowFolders(Request["Frame"]):
    """All accounts and their folders."""


@dataclass(slots=True, eq=False, repr=False)
class ShowIndex(Request["Frame"]):
    """Messages of a folder, or of several."""

    request: IndexRequest
    seek: MessageRef | None = None
    """The message to be selected; None: the first unread one."""


class ShowDrafts(Request["Frame"]):
    """Postponed and recovered drafts."""


class ShowSent(Request["Frame"]):
    """The letters that were sent."""


class ShowAccounts(Request["Frame"]):
    """Accounts, and what is wrong with them."""


class ShowSetup(Request["Frame"]):
    """The settings."""


@dataclass(slots=True, eq=False, repr=False)
class ShowSettingValues(Request["Frame"]):
    """The values that the setting of ``row`` may have, for the screen ``about``."""

    about: Frame
    row: SettingRow


class ShowAddAccount(Request["AccountSetup"]):
    """The form of a new account."""


class ShowJournal(Request["Frame"]):
    """What is still to be done to received mail, and what was refused."""


@dataclass(slots=True, eq=False, repr=False)
class ShowItem(Request["Frame"]):
    """One letter of the outbox in full."""

    item_id: str


@dataclass(slots=True, eq=False, repr=False)
class ShowServer(Request["Frame"]):
    """The demo's mail server."""

    server: DemoServer


@dataclass(slots=True, eq=False, repr=False)
class ShowText(Request["Frame"]):
    """A text to read; control characters are made visible."""

    title: str
    text: str


@dataclass(slots=True, eq=False, repr=False)
class ShowLetterText(Request["Frame"]):
    """A letter as its receiver reads it, and its bytes."""

    content: Content


@dataclass(slots=True, eq=False, repr=False)
class ShowHelp(Request["Frame"]):
    """Help for the screen ``about``."""

    about: Frame


@dataclass(slots=True, eq=False, repr=False)
class ShowPalette(Request["Frame"]):
    """Every command of the screen ``about``."""

    about: Frame


@dataclass(slots=True, eq=False, repr=False)
class ShowComposer(Request["Frame"]):
    """The composer on ``draft`` (which this process has open already); None: on an empty letter."""

    draft: Draft | None = None


@dataclass(slots=True, eq=False, repr=False)
class ShowReview(Request["ReviewDialog"]):
    """The question before sending ``draft``; ``senders`` is how many identities there are to choose from."""

    draft: Draft
    senders: int = 1
