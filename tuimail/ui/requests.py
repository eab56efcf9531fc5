"""Requests to open a screen: ``program.navigation.open(OpenItem(id))``. What each one opens is in ``ui/registry``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.ui.protocols import Request

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.demo.server import DemoServer
    from tuimail.mail.content import Content
    from tuimail.ui.protocols import Frame, ReviewDialog  # noqa: F401 - in quotes below


class OpenMainMenu(Request["Frame"]):
    """Where the program starts."""


class OpenOutbox(Request["Frame"]):
    """The letters that wait to be sent, and those that need the user."""


class OpenDrafts(Request["Frame"]):
    """Postponed and recovered drafts."""


class OpenSent(Request["Frame"]):
    """The letters that were sent."""


class OpenAccounts(Request["Frame"]):
    """Accounts, and what is wrong with them."""


@dataclass(frozen=True, slots=True)
class OpenItem(Request["Frame"]):
    """One letter of the outbox in full."""

    item_id: str


@dataclass(frozen=True, slots=True)
class OpenServer(Request["Frame"]):
    """The demo's mail server."""

    server: DemoServer


@dataclass(frozen=True, slots=True)
class OpenText(Request["Frame"]):
    """A text to read; control characters are made visible."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class OpenLetterText(Request["Frame"]):
    """A letter as its receiver reads it, and its bytes."""

    content: Content


@dataclass(frozen=True, slots=True)
class OpenHelp(Request["Frame"]):
    """Help for the screen ``about``."""

    about: Frame


@dataclass(frozen=True, slots=True)
class OpenPalette(Request["Frame"]):
    """Every command of the screen ``about``."""

    about: Frame


@dataclass(frozen=True, slots=True)
class OpenComposer(Request["Frame"]):
    """The composer on ``draft`` (which this process has open already); None: on an empty letter."""

    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class OpenReview(Request["ReviewDialog"]):
    """The question before sending ``draft``; ``senders`` is how many identities there are to choose from."""

    draft: Draft
    senders: int = 1
