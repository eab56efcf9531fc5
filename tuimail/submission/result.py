"""The result of one attempt: a closed set of values, one verdict per recipient."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.submission.quirks import Quirk


class Stage(StrEnum):
    """The steps of a dialogue (RFC 5321 section 3)."""

    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    COMMITTING = "committing"
    """The final dot may have been sent; only a reply tells whether the server accepted the letter."""

    @property
    def description(self) -> str:
        """Text for the screen, as in "while signing in"."""
        return _STAGE_WORDS[self]


_STAGE_WORDS = {
    Stage.CONNECT: "connecting",
    Stage.TLS: "securing the connection",
    Stage.GREETING: "waiting for the greeting",
    Stage.EHLO: "greeting the server",
    Stage.STARTTLS: "securing the connection",
    Stage.AUTH: "signing in",
    Stage.MAIL: "naming the sender",
    Stage.RCPT: "naming the recipients",
    Stage.DATA: "announcing the letter",
    Stage.BODY: "sending the letter",
    Stage.COMMITTING: "waiting for the server's answer",
}


class Action(StrEnum):
    """What to do next."""

    OK = "ok"
    """Nothing: the server accepted the letter."""
    RETRY = "retry"
    """Retry later, by the schedule."""
    SOON = "soon"
    """Retry at another address, or within a minute."""
    REAUTH = "reauth"
    """Sign-in was refused: refresh the token or ask for the password. Does not count as an attempt."""
    ACCOUNT = "account"
    """Pause the account and say why."""
    MESSAGE = "message"
    """Hold this letter and ask the user; other letters go on."""
    RECIPIENT = "recipient"
    """Refuse this recipient permanently."""
    SPLIT = "split"
    """Too many recipients for one transaction: send to the rest in another one at once."""
    KEEP = "keep"
    """The server does not hold letters until their time: keep the letter here and submit it then."""
    UNCERTAIN = "uncertain"
    """The letter may have been accepted: never send it again silently."""


class AccountProblem(StrEnum):
    """Why an account is paused."""

    SIGN_IN = "sign-in"
    CERTIFICATE = "certificate"
    SECURITY = "security"
    """STARTTLS missing or tampered with."""
    QUOTA = "quota"
    SERVER = "server"
    """Wrong host, not a submission server, or a server that refuses this client."""
    SECRET = "secret"
    """No password available: the keyring is locked or absent, or the password command failed."""
    MISSING = "missing"
    """The account is no longer in the config."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply (RFC 5321 section 4.2, RFC 3463)."""

    code: int
    """Three digits; 0 for a local command, whose exit code is in ``text``."""
    enhanced: str = ""
    """"5.1.1", only if its class agrees with ``code``; else empty."""
    text: str = ""
    """The server's text, sanitised, its lines joined by spaces."""
    mixed: bool = False
    """Its lines begin with different digits; ``code`` is that of the last line."""

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code) if self.code else "", self.enhanced, self.text) if part)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply or a failure means (see submission/classify)."""

    action: Action
    stage: Stage
    message: str
    """One sentence for the user: what happened, and what the user can do about it."""
    reply: Reply | None = None
    problem: AccountProblem | None = None
    """Set for ACCOUNT and REAUTH, and when ``then`` is ACCOUNT."""
    delay: float = 0.0
    """Seconds to wait at least before the next attempt."""
    tries: int | None = None
    """After this many such verdicts in a row, ``then`` replaces ``action``."""
    then: Action | None = None
    crowded: bool = False
    """The server allows fewer connections at the same time."""
    drop: str = ""
    """ESMTP parameters to leave out of the next attempt ("SIZE", "BODY", "SMTPUTF8", "DSN")."""


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The result of one attempt to submit one letter."""

    recipients: Mapping[str, Verdict]
    """A verdict for every recipient of the attempt; a problem of the whole host is repeated for each."""
    account: Verdict | None = None
    """Set when the account or the host has a problem, not the letter."""
    touched: bool = False
    """MAIL was sent, so this counts as an attempt."""
    dialogue: tuple[str, ...] = ()
    """The lines of the dialogue, "C: ..." and "S: ...", secrets replaced by ``****``, body left out."""
    recipient_limit: int | None = None
    """The number of recipients the server accepts in one transaction, if the attempt found it out."""
    via: str = ""
    """The server, "smtp.example.org:465 (TLS 1.3)", or the command that was used."""
    server: str = ""
    """The server of ``learnt``: "smtp.example.org:465"."""
    learnt: Mapping[Quirk, bool] = field(default_factory=dict)
    """Quirks that the attempt found (True), or found to be gone (False)."""
    withdrawn: bool = False
    """It waited behind a letter that failed because of the account or the host, and was not tried: no verdicts."""
