"""What was found for an address. Pure values; every text in them is safe to show on one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from tuimail.config.model import Auth, Security, Server


class DiscoveryError(Exception):
    """A source gave nothing; its text is the reason, a sentence for the screen."""


class SignInKind(StrEnum):
    """How one can sign in at a server."""

    PASSWORD = "password"
    APP_PASSWORD = "app password"
    """A password for one program, made on a page of the provider."""
    OAUTH2 = "oauth2"
    NONE = "none"


class Origin(IntEnum):
    """The kinds of sources; the smaller, the better."""

    BUILT_IN = 0
    AUTOCONFIG = 1
    ISPDB = 2
    SRV = 3
    MX = 4
    GUESS = 5


class Disclosed(StrEnum):
    """What a server was sent."""

    ADDRESS = "the address"
    DOMAIN = "the domain"
    CONNECTION = "a connection without a user name"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What was, or would be, sent to whom."""

    to: str
    """A host; "DNS" for the name servers of this computer."""
    what: Disclosed


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that is used only with encryption."""

    host: str
    port: int
    security: Security
    """TLS or STARTTLS."""
    username: str
    """Templates are filled in."""
    sign_in: tuple[SignInKind, ...] = (SignInKind.PASSWORD,)
    """The provider's preference first."""

    def server(self, sign_in: SignInKind | None = None) -> Server:
        """As in the config. ``sign_in``: which of the kinds is used; None: the first."""
        kind = sign_in or self.sign_in[0]
        auth = {SignInKind.OAUTH2: Auth.OAUTH2, SignInKind.NONE: Auth.NONE}.get(kind, Auth.PASSWORD)
        return Server(self.host, self.port, self.security, self.username, auth)


@dataclass(frozen=True, slots=True)
class OAuthOffer:
    """Where OAuth 2 tokens for the servers come from."""

    issuer: str
    """The host of the authorization server (RFC 8414)."""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Peculiarities:
    """What a user of the provider should know."""

    server_files_sent: bool = False
    """The submission server files sent letters itself."""
    app_password_page: str = ""
    """An https URL; empty if there is none."""
    help_page: str = ""
    """An https URL; empty if there is none."""
    notes: tuple[str, ...] = ()
    """Sentences about this provider from the built-in table."""
    said: tuple[str, ...] = ()
    """Sentences that the source itself gives, for "the provider says": not ours."""


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """Settings that belong together."""

    imap: tuple[FoundServer, ...]
    """At least one; the best first."""
    submission: tuple[FoundServer, ...]
    """At least one; the best first."""
    origin: Origin
    source: str
    """Where it came from: "built-in table", "autoconfig.example.org", "SRV records of example.org"."""
    provider: str = ""
    """The provider's name for the screen; may be empty."""
    oauth: OAuthOffer | None = None
    peculiarities: Peculiarities = field(default_factory=Peculiarities)
    also: tuple[str, ...] = ()
    """Other sources that say the same."""
    to_confirm: tuple[str, ...] = ()
    """Hosts outside the address's domain that only unprotected DNS names: ask before a password goes there
    (RFC 6186 section 6)."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """All its hosts, each once."""
        return tuple(dict.fromkeys(each.host for each in (*self.imap, *self.submission)))


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """Why a source gave nothing."""

    source: str
    reason: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class DiscoveryReport:
    """What is known so far."""

    address: str
    accounts: tuple[FoundAccount, ...] = ()
    """The best first; settings that conflict with it follow as alternatives."""
    failures: tuple[SourceFailure, ...] = ()
    sent: tuple[Disclosure, ...] = ()
    """What was sent to whom, each once."""
    pending: tuple[str, ...] = ()
    """Sources that have not answered yet."""
    decided: bool = False
    """No pending source could give anything better than the first account."""

    @property
    def best(self) -> FoundAccount | None:
        """The first account, if anything was found."""
        return self.accounts[0] if self.accounts else None
