"""The configuration as values. Pure; config/loader makes them and reports problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Security(StrEnum):
    """How a connection is protected (RFC 8314)."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Auth(StrEnum):
    """How to sign in."""

    PASSWORD = "password"
    OAUTH2 = "oauth2"
    NONE = "none"


CONNECTIONS = 4
"""Default number of letters of an account that are sent at the same time."""


@dataclass(frozen=True, slots=True)
class Server:
    """A submission or IMAP server."""

    host: str
    port: int
    security: Security = Security.TLS
    username: str = ""
    auth: Auth = Auth.PASSWORD
    password_command: tuple[str, ...] = ()
    """argv, run without a shell; its first line of output is the password (or, with oauth2, the access token)."""
    ca_file: Path | None = None
    ehlo_name: str = ""
    """The name in EHLO; empty means an address literal, never the host's name."""
    connections: int = CONNECTIONS
    """Number of letters that may be sent at the same time, each on its own connection; 1 to 16."""
    pipelining: bool = True
    """Use PIPELINING (RFC 2920) if the server offers it; false for a server that offers it and cannot do it."""
    insecure: bool = False
    """The connection to another machine is unencrypted, and the config says that this is intended."""
    subscribed: bool = False
    """Of an IMAP server: only folders that the user has subscribed to are shown, besides those with a use."""
    pipeline_past_dot: bool = False
    """Commands of the next letter may follow the final dot even if the server is not known to handle that."""


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The ``[accounts.NAME.oauth]`` table: how tokens for servers with ``auth = "oauth2"`` are obtained."""

    issuer: str = ""
    """URL of the authorization server, whose metadata is read (RFC 8414); empty: the endpoints are written here."""
    client_id: str = ""
    """Empty: the program registers itself at the authorization server (RFC 7591)."""
    client_secret_command: tuple[str, ...] = ()
    """argv, run without a shell; its first line of output is the secret of the client. Public clients have none."""
    scopes: tuple[str, ...] = ()
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    device_endpoint: str = ""
    ca_file: Path | None = None
    """Authorities to trust beside those of the system."""

    @property
    def authority(self) -> str:
        """What the stored token belongs to: it is never sent elsewhere after a change of the settings."""
        return self.issuer or self.token_endpoint


@dataclass(frozen=True, slots=True)
class SubmissionCommand:
    """A local command with the interface of sendmail, which reads a letter from its standard input."""

    argv: tuple[str, ...]
    connections: int = CONNECTIONS
    """Number of letters that may be submitted at the same time, each by its own process; 1 to 16."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit: at most ``letters`` within ``seconds``."""

    letters: int
    seconds: float

    def __str__(self) -> str:
        words = {60.0: "a minute", 3600.0: "an hour", 86400.0: "a day"}
        window = words.get(self.seconds) or f"in {self.seconds:.0f} seconds"
        return f"{self.letters} letter{'' if self.letters == 1 else 's'} {window}"


@dataclass(frozen=True, slots=True)
class Identity:
    """An address that the user writes as; the address is its stable id."""

    address: str
    name: str = ""
    signature: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class SentCopy(StrEnum):
    """Where the copy of a sent letter goes."""

    AUTO = "auto"
    """To \\Sent on the IMAP server if the account has one (unless the server files it itself), else to the Maildir."""
    APPEND = "append"
    SERVER = "server"
    """The server files it itself."""
    NONE = "none"


class MaildirLayout(StrEnum):
    """How the folders of a Maildir lie in it."""

    AUTO = "auto"
    """Maildir++ if there is a folder whose name begins with a dot, else nested folders."""
    DOTS = "++"
    """Maildir++: ".Archive.2026" beside "cur"."""
    NESTED = "fs"
    """"Archive/2026", as the file system has it."""


NOTIFY = ("INBOX",)
"""Folders whose new mail is told of where the user does not say."""


class KeepPolicy(StrEnum):
    """Which messages of a server's folder are kept on this machine."""

    HEADERS = "headers"
    """What lists show; a message is kept once it was opened."""
    RECENT = "recent"
    """Those of the last 90 days and unread ones, as far as there is room."""
    ALL = "all"
    NONE = "none"
    """Nothing; the folder is looked at only while it is open."""


class SpecialUse(StrEnum):
    """What a folder is for (RFC 6154)."""

    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    ARCHIVE = "archive"
    JUNK = "junk"


@dataclass(frozen=True, slots=True)
class Account:
    """One account; its name in the config file is its stable id."""

    name: str
    identities: tuple[Identity, ...]
    """At least one; the first is the default."""
    submission: Server | SubmissionCommand
    imap: Server | None = None
    maildir: Path | None = None
    """The user's own Maildir, or None for the one below the data folder."""
    maildir_layout: MaildirLayout = MaildirLayout.AUTO
    mbox: Path | None = None
    """An mbox file, or a folder of them, to be read."""
    folders: Mapping[SpecialUse, str] = field(default_factory=dict)
    """The user's own folder for a special use; it wins over what the server or the names say."""
    sent_copy: SentCopy = SentCopy.AUTO
    fallback: tuple[Server, ...] = ()
    """Tried in this order when ``submission`` cannot be reached."""
    rate: Rate | None = None
    """The rate limit that the user has set."""
    notify: tuple[str, ...] = NOTIFY
    """Folders whose new mail the user is told of, as they are shown; "*": all but special ones."""
    policy: Mapping[str, KeepPolicy] = field(default_factory=dict)
    """What is kept on this machine, by name of the folder at the server; ``*`` is for the others."""
    oauth: OAuthSettings | None = None
    """How its servers with ``auth = "oauth2"`` get their tokens; None: by a command, or from the store."""

    @property
    def has_mail(self) -> bool:
        """There is received mail to read: in a Maildir, else on an IMAP server, else in an mbox."""
        return self.maildir is not None or self.imap is not None or self.mbox is not None

    @property
    def is_on_server(self) -> bool:
        """Its received mail is on an IMAP server: not all of it may be on this machine."""
        return self.maildir is None and self.imap is not None

    @property
    def is_read_only(self) -> bool:
        """Its received mail is never changed: it is in an mbox."""
        return self.maildir is None and self.imap is None and self.mbox is not None

    @property
    def servers(self) -> tuple[Server, ...]:
        """The submission servers in the order they are tried; empty if letters are submitted by a command."""
        return (self.submission, *self.fallback) if isinstance(self.submission, Server) else ()

    def secret_server(self, server: Server) -> Server:
        """The server whose stored password is used for ``server``: a fallback shares it with the first server."""
        first = self.submission
        if isinstance(first, SubmissionCommand) or server not in self.fallback:
            return server
        shared = (server.username, server.auth, server.password_command) == (
            first.username,
            first.auth,
            first.password_command,
        )
        return first if shared else server

    @property
    def token_servers(self) -> tuple[Server, ...]:
        """Those for which tokens are obtained as ``oauth`` says; a command that gives a token goes before that."""
        if self.oauth is None:
            return ()
        everything = [*self.servers, *([self.imap] if self.imap is not None else [])]
        return tuple(each for each in everything if each.auth is Auth.OAUTH2 and not each.password_command)

    @property
    def identity(self) -> Identity:
        """The default identity."""
        return self.identities[0]

    def identity_for(self, address: str) -> Identity | None:
        """The identity with this address (domain and ASCII case aside), or None."""
        wanted = address.casefold()
        return next((each for each in self.identities if each.address.casefold() == wanted), None)

    @property
    def via(self) -> str:
        """The submission server or command, for the screen: "smtp.example.org:465"."""
        if isinstance(self.submission, SubmissionCommand):
            return self.submission.argv[0]
        clear = ", not encrypted" if self.submission.insecure else ""
        return f"{self.submission.host}:{self.submission.port}{clear}"

    @property
    def in_clear(self) -> tuple[str, ...]:
        """Remote hosts with unencrypted connections."""
        everything = (*self.servers, self.imap)
        return tuple(dict.fromkeys(each.host for each in everything if each is not None and each.insecure))


class WhenUncertain(StrEnum):
    """What to do with an uncertain letter."""

    ASK = "ask"
    RESEND = "resend"


class WhenRefused(StrEnum):
    """What to do when some recipients are refused and others accepted."""

    SEND = "send"
    HOLD = "hold"


class WhenLate(StrEnum):
    """What to do with a scheduled letter whose time passed while no tuimail was running."""

    SEND = "send"
    ASK = "ask"
    """Hold it, and ask."""
    HOLD = "hold"


class DelayedSending(StrEnum):
    """Where a letter that is to be sent later waits."""

    HERE = "here"
    SERVER = "server"
    """On the server if it supports that (FUTURERELEASE, RFC 4865), else here."""


class DeliveryReports(StrEnum):
    """Which delivery reports to request (RFC 3461)."""

    TROUBLE = "trouble"
    """Failures and delays."""
    ALL = "all"
    """Successful deliveries as well."""
    NONE = "none"


MOST_UNDO_SECONDS = 3600
"""Largest ``undo_seconds``."""


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """The ``[outbox]`` table."""

    undo_seconds: float = 5.0
    when_uncertain: WhenUncertain = WhenUncertain.ASK
    when_some_refused: WhenRefused = WhenRefused.SEND
    when_late: WhenLate = WhenLate.SEND
    later: DelayedSending = DelayedSending.HERE
    delivery_reports: DeliveryReports = DeliveryReports.TROUBLE


class ListOrder(StrEnum):
    """What a message index is sorted by when it is opened."""

    ARRIVAL = "arrival"
    DATE = "date"
    THREAD = "thread"


class Deleting(StrEnum):
    """What the delete command does."""

    MARK = "mark"
    """It marks; a second command carries it out."""
    AT_ONCE = "at once"


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """The ``[reading]`` table."""

    delete: Deleting = Deleting.MARK
    mark_seen: float | None = 1.0
    """Seconds a message is open before it counts as read; None: never by itself."""
    order: ListOrder = ListOrder.ARRIVAL
    reverse: bool = False
    """The newest first."""
    openers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Content type ("application/pdf", "image/*") -> argv that opens a file; ``%s`` is its path, else it comes last."""
    print_command: tuple[str, ...] = ()
    """argv of a program that prints its standard input; empty: none."""

    @property
    def deletes_at_once(self) -> bool:
        """Without marking first."""
        return self.delete is Deleting.AT_ONCE


class Notifications(StrEnum):
    """Whether notices are shown on the desktop."""

    AUTO = "auto"
    """Where there is a desktop, and not over ssh."""
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The ``[ui]`` table."""

    keymap: str = "pine"
    theme: str = "pine"
    editor: str = "built-in"
    bell: bool = True
    """Ring the bell when a letter or an account needs the user, and for new mail."""
    notifications: Notifications = Notifications.AUTO


class SecretStore(StrEnum):
    """Where passwords are kept that no command prints."""

    AUTO = "auto"
    """In the keyring if it can be used and is a safe one, else in the file."""
    KEYRING = "keyring"
    FILE = "file"
    """Encrypted with a passphrase."""
    MEMORY = "memory"
    """Nowhere: each run asks for them."""


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """The ``[secrets]`` table."""

    store: SecretStore = SecretStore.AUTO
    plaintext: bool = False
    """A keyring is used even if it is not known to keep passwords safe."""
    passphrase_command: tuple[str, ...] = ()
    """argv, run without a shell; its first line of output is the passphrase of the file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a file that the user wrote."""

    file: Path
    line: int
    """From 1; 0 if unknown."""
    key: str
    """Dotted, "accounts.work.submission.port"; empty for the file as a whole."""
    expected: str
    """What was expected, as a sentence."""
    nearest: str = ""
    """The most similar valid key or value, if the key or the value is unknown."""
    warning: bool = False
    """Only a warning: nothing was ignored."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        key = f" {self.key}:" if self.key else ""
        meant = f" Did you mean {self.nearest}?" if self.nearest else ""
        return f"{where}:{key} {self.expected}{meant}"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything valid in the config file."""

    accounts: dict[str, Account] = field(default_factory=dict)
    default_account: str = ""
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    secrets: SecretSettings = field(default_factory=SecretSettings)
    problems: tuple[Problem, ...] = ()
    file: Path | None = None
    """The file that was read; None if there was none."""
    distrusted: bool = False
    """Other users can write to the file, so it is not used; its only problem says who and what to do."""

    @property
    def default(self) -> Account | None:
        """The default account, if any account is valid."""
        return self.accounts.get(self.default_account) or next(iter(self.accounts.values()), None)
