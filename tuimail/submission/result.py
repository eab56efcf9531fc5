"""What one attempt came to: a closed set of values, one verdict per recipient."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuimail.submission.quirks import Quirk


class Stage(StrEnum):
    """How far a dialogue had come (RFC 5321 section 3). ``description`` is what the screen says."""

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
    """The final dot may have been written; only a reply tells what became of it."""

    @property
    def description(self) -> str:
        """For the screen, as in "while signing in"."""
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
    """The server has it."""
    RETRY = "retry"
    """Later, by the schedule."""
    SOON = "soon"
    """Another address, or within a minute."""
    REAUTH = "reauth"
    """Sign-in was refused: refresh the token or ask for the password; counts no attempt."""
    ACCOUNT = "account"
    """Hold everything of this account and say why."""
    MESSAGE = "message"
    """Hold this letter and ask; the others go on."""
    RECIPIENT = "recipient"
    """This recipient is refused for good."""
    SPLIT = "split"
    """Too many recipients for one transaction: the rest goes in another at once."""
    KEEP = "keep"
    """The server does not keep letters until their time: to be kept here, and handed over then."""
    UNCERTAIN = "uncertain"
    """It may have been accepted; never sent again silently."""


class AccountProblem(StrEnum):
    """Why an account is held."""

    SIGN_IN = "sign-in"
    CERTIFICATE = "certificate"
    SECURITY = "security"
    """STARTTLS missing or tampered with."""
    QUOTA = "quota"
    SERVER = "server"
    """Wrong host, not a submission server, refuses us as a whole."""
    SECRET = "secret"
    """No password to be had: keyring locked or absent, command failed."""
    MISSING = "missing"
    """The account is not in the config any more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply (RFC 5321 section 4.2, RFC 3463)."""

    code: int
    """Three digits; for a local command 0 with the exit code told in ``text``."""
    enhanced: str = ""
    """"5.1.1", only if its class agrees with ``code``; else empty."""
    text: str = ""
    """The server's words, sanitised, lines joined by a space."""
    mixed: bool = False
    """Its lines begin with different digits; the code is the last line's."""

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code) if self.code else "", self.enhanced, self.text) if part)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one event of the dialogue means (the table in submission/classify)."""

    action: Action
    stage: Stage
    message: str
    """One sentence for the user: what happened, and what to do when it is theirs to do."""
    reply: Reply | None = None
    problem: AccountProblem | None = None
    """Set for ACCOUNT and REAUTH, and where ``then`` is ACCOUNT."""
    delay: float = 0.0
    """Seconds the server's trouble is known to last; the next attempt is not earlier."""
    tries: int | None = None
    """After this many such verdicts in a row ``then`` takes the place of ``action``."""
    then: Action | None = None
    crowded: bool = False
    """The server allows fewer connections at once."""
    drop: str = ""
    """An ESMTP parameter to leave out at the next try ("SIZE", "BODY", "SMTPUTF8", "DSN")."""


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """One attempt at one letter."""

    recipients: Mapping[str, Verdict]
    """A verdict for every recipient the attempt was asked to serve; trouble of the whole host stands at each."""
    account: Verdict | None = None
    """Set when the trouble is the account's or the host's, not the letter's."""
    touched: bool = False
    """MAIL was sent, so the attempt counts."""
    dialogue: tuple[str, ...] = ()
    """The lines of the dialogue, "C: ..." and "S: ...", secrets replaced by ``****``, body left out."""
    recipient_limit: int | None = None
    """Learnt: so many recipients fit one transaction."""
    via: str = ""
    """Where it went: "smtp.example.org:465 (TLS 1.3)" or the command."""
    server: str = ""
    """The server of ``learnt``: "smtp.example.org:465"."""
    learnt: Mapping[Quirk, bool] = field(default_factory=dict)
    """What the attempt showed of that server: it has the quirk (True), or has it no more (False)."""
    withdrawn: bool = False
    """It waited behind a letter that met trouble of the account's or the host's, and was not tried: no verdicts."""
