"""An account that is being set up: every field as the user would type it, so that a form can show and change it. Pure.

``settings.faults`` says what is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.values import SignInKind
from tuimail.config.model import Security, SentCopy

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.accounts.discovery.values import FoundAccount, FoundServer


class Reading(StrEnum):
    """Where received mail is."""

    IMAP = "imap"
    MAILDIR = "maildir"
    MBOX = "mbox"
    NONE = "none"
    """The account only sends."""


class Sending(StrEnum):
    """How letters leave."""

    SERVER = "server"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class ProposedServer:
    """An IMAP or submission server."""

    host: str = ""
    port: str = ""
    """A number; empty: the usual one for ``security``."""
    security: Security = Security.TLS
    username: str = ""
    """Empty: the address."""
    sign_in: SignInKind = SignInKind.PASSWORD
    offered: tuple[SignInKind, ...] = ()
    """The kinds that the provider has; empty: not known."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An account that is being set up."""

    account: str = ""
    """Its name in the config."""
    address: str = ""
    name: str = ""
    """The user's own name; may be empty."""
    reading: Reading = Reading.IMAP
    imap: ProposedServer = field(default_factory=ProposedServer)
    path: str = ""
    """Of the Maildir or mbox."""
    sending: Sending = Sending.SERVER
    submission: ProposedServer = field(default_factory=ProposedServer)
    command: str = ""
    """The submission command: words as in a shell, but it is run without one."""
    sent_copy: SentCopy = SentCopy.AUTO
    password_command: str = ""
    """A command that prints the password, or with OAuth 2 the access token; words as in a shell."""
    ca_file: str = ""
    """A file with the certificate of a private authority."""
    source: str = ""
    """Where the servers come from; empty: the user named them."""
    provider: str = ""
    """The provider's name; may be empty."""
    app_password_page: str = ""
    """Where an app password is made."""
    help_page: str = ""
    notes: tuple[str, ...] = ()
    """What a user of the provider should know."""
    said: tuple[str, ...] = ()
    """What the source itself says: not ours."""
    to_confirm: tuple[str, ...] = ()
    """Hosts that only unprotected DNS names: the user agrees to them before a password goes there
    (RFC 6186 section 6)."""

    @property
    def servers(self) -> tuple[ProposedServer, ...]:
        """Those that are used."""
        imap = (self.imap,) if self.reading is Reading.IMAP else ()
        return (*imap, self.submission) if self.sending is Sending.SERVER else imap

    @property
    def sign_in(self) -> frozenset[SignInKind]:
        """The kinds that are used, besides none."""
        return frozenset(each.sign_in for each in self.servers) - {SignInKind.NONE}

    @property
    def hosts(self) -> tuple[str, ...]:
        """Those that get the password, each once."""
        return tuple(dict.fromkeys(each.host for each in self.servers if each.sign_in is not SignInKind.NONE))

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Those of ``to_confirm`` that are still among its hosts."""
        return tuple(each for each in self.hosts if each in self.to_confirm)

    @property
    def wants_password(self) -> bool:
        """The user has to type one."""
        return bool(self.hosts) and not self.password_command.strip()

    @property
    def wants_app_password(self) -> bool:
        """The password that is typed is one for this program only, made on a page of the provider."""
        return self.wants_password and SignInKind.APP_PASSWORD in self.sign_in


def by_hand(address: str, taken: Collection[str] = (), *, name: str = "", account: str = "") -> Proposal:
    """One whose servers the user will name. ``taken``: names of the accounts that there are."""
    return Proposal(account or unused_name(address, taken), address, name)


def of_found(found: FoundAccount, address: str, taken: Collection[str] = (), *, name: str = "") -> Proposal:
    """What ``found`` has for ``address``: the best server of each kind, a password before OAuth 2 where both go."""
    special = found.peculiarities
    return replace(
        by_hand(address, taken, name=name),
        imap=_server(found.imap[0]),
        submission=_server(found.submission[0]),
        sent_copy=SentCopy.SERVER if special.server_files_sent else SentCopy.AUTO,
        source=found.source,
        provider=found.provider,
        app_password_page=special.app_password_page,
        help_page=special.help_page,
        notes=special.notes,
        said=special.said,
        to_confirm=found.to_confirm,
    )


def unused_name(address: str, taken: Collection[str] = ()) -> str:
    """A name for an account with this address: that of its provider, and a number if an account has it already."""
    domain = address.rpartition("@")[2].casefold()
    labels = [label for label in domain.split(".") if label]
    words = re.sub(r"[^a-z0-9_-]", "", labels[-2] if len(labels) > 1 else "".join(labels))[:40].lstrip("-")
    name = words or "mail"
    numbers = (f"{name}{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbers if each not in taken)


def _server(found: FoundServer) -> ProposedServer:
    kinds = found.sign_in
    kind = next((each for each in kinds if each is not SignInKind.OAUTH2), kinds[0])
    return ProposedServer(found.host, str(found.port), found.security, found.username, kind, kinds)
