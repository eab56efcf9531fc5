"""Turns replies and failures into verdicts. Pure: looks up submission/reply_table and the failures below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuimail.mail.size import format_size
from tuimail.submission.failure import Failure
from tuimail.submission.reply_table import RULES, Condition, ReplyRule
from tuimail.submission.result import AccountProblem, Action, Stage, Verdict

if TYPE_CHECKING:
    from tuimail.submission.result import Reply

SUBMISSION_PORTS = frozenset({465, 587})


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """What the reply table needs to know besides the reply."""

    host: str = "the server"
    port: int = 587
    user: str = "this account"
    sender: str = "this address"
    oauth: bool = False
    """Signing in with a token."""
    clear: bool = False
    """STARTTLS is required and has not happened yet."""
    accepted: int = 0
    """Recipients accepted so far in this transaction."""
    all_refused: bool = False
    """Every recipient of the transaction was refused, and the replies are classified again together."""
    optional: tuple[str, ...] = field(default=())
    """ESMTP parameters of the command that may be left out: "SIZE", "BODY", "DSN"."""
    size_limit: int = 0
    """The largest message in bytes that the server announced (RFC 1870); 0: unknown."""


def rule_for(stage: Stage, reply: Reply, context: ReplyContext) -> ReplyRule:
    """The first rule of the table that matches ``reply``."""
    return next(row for row in RULES if _fits(row, stage, reply, context))


def classify(stage: Stage, reply: Reply, context: ReplyContext | None = None) -> Verdict:
    """The verdict for ``reply`` at ``stage``."""
    context = context or ReplyContext()
    row = rule_for(stage, reply, context)
    return Verdict(
        action=row.action,
        stage=stage,
        message=_filled(row.message, context),
        reply=reply,
        problem=row.problem,
        delay=row.delay,
        tries=row.tries,
        then=row.then,
        crowded=row.crowded,
        drop=_parameters_to_drop(reply, context) if row.when is Condition.OPTIONAL_SENT else "",
    )


def classify_failure(
    stage: Stage, failure: Failure, context: ReplyContext | None = None, *, detail: str = ""
) -> Verdict:
    """The verdict for ``failure`` at ``stage``; ``detail``, a sanitised sentence, is appended to the message.

    Once the final dot may have been sent, only a reply shows whether the letter was accepted: every failure is
    UNCERTAIN.
    """
    context = context or ReplyContext()
    if stage is Stage.COMMITTING:
        why = _UNCERTAIN_WORDS.get(failure, "The connection broke before the server answered")
        words = f"{why}; the letter may have been delivered. Look in Sent, or ask, before you send it again. {detail}"
        return Verdict(Action.UNCERTAIN, stage, words.rstrip())
    meaning = _FAILURES[failure]
    words = _filled(meaning.message, context).replace("{stage}", stage.description)
    return Verdict(
        action=meaning.action,
        stage=stage,
        message=f"{words} {detail}".rstrip(),
        problem=meaning.problem,
        tries=meaning.tries,
        then=Action.ACCOUNT if meaning.tries else None,
    )


def _fits(row: ReplyRule, stage: Stage, reply: Reply, context: ReplyContext) -> bool:
    return (
        stage in row.stages
        and str(reply.code).startswith(row.codes)
        and _says(row, reply)
        and _holds(row.when, reply, context)
    )


def _says(row: ReplyRule, reply: Reply) -> bool:
    if row.enhanced is None and row.text is None:
        return True
    if row.enhanced is not None and row.enhanced.fullmatch(reply.enhanced or "-"):
        return True
    return row.text is not None and row.text.search(reply.text) is not None


def _holds(when: Condition, reply: Reply, context: ReplyContext) -> bool:
    match when:
        case Condition.ALWAYS:
            return True
        case Condition.SUBMISSION_PORT:
            return context.port in SUBMISSION_PORTS
        case Condition.SOME_ACCEPTED:
            return context.accepted > 0
        case Condition.ALL_REFUSED:
            return context.all_refused
        case Condition.OPTIONAL_SENT:
            return bool(context.optional)
        case Condition.OAUTH:
            return context.oauth
        case Condition.CLEAR:
            return context.clear
        case Condition.MIXED:
            return reply.mixed


def _parameters_to_drop(reply: Reply, context: ReplyContext) -> str:
    """The optional parameters that the server names, else all of them."""
    text = reply.text.upper()
    spoken_of = {
        "DSN": ("RET", "ENVID", "NOTIFY", "ORCPT"),
        "BODY": ("BODY", "8BITMIME"),
        "SIZE": ("SIZE",),
        "HOLDUNTIL": ("HOLD", "FUTURE"),
    }
    named = [each for each in context.optional if any(word in text for word in spoken_of.get(each, (each,)))]
    return " ".join(named or context.optional)


def _filled(words: str, context: ReplyContext) -> str:
    limit = f" (it takes {format_size(context.size_limit)})" if context.size_limit else ""
    for name, value in (
        ("{host}", context.host),
        ("{user}", context.user or "this account"),
        ("{sender}", context.sender or "this address"),
        ("{limit}", limit),
    ):
        words = words.replace(name, value)
    return words if words.startswith(context.host or " ") else words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class _FailureRule:
    action: Action
    message: str
    problem: AccountProblem | None = None
    tries: int | None = None
    """After so many in a row the account is paused."""


_UNCERTAIN_WORDS = {
    Failure.TIMEOUT: "The server took the whole letter and then did not answer in time",
    Failure.GARBAGE: "The server took the whole letter and then sent an invalid reply",
}

_FAILURES: dict[Failure, _FailureRule] = {
    Failure.UNKNOWN_HOST: _FailureRule(
        Action.RETRY,
        "There is no server named {host}; check its name in the account, or the network.",
        AccountProblem.SERVER,
        tries=3,
    ),
    Failure.NO_DNS: _FailureRule(Action.RETRY, "The name {host} cannot be looked up just now; is there a network?"),
    Failure.REFUSED: _FailureRule(Action.RETRY, "{host} does not answer at this port; trying again later."),
    Failure.UNREACHABLE: _FailureRule(Action.RETRY, "{host} cannot be reached; is there a network?"),
    Failure.TIMEOUT: _FailureRule(Action.RETRY, "{host} did not answer in time while {stage}; trying again later."),
    Failure.RESET: _FailureRule(Action.RETRY, "The connection to {host} broke while {stage}; trying again later."),
    Failure.EOF: _FailureRule(Action.RETRY, "{host} closed the connection while {stage}; trying again later."),
    Failure.GARBAGE: _FailureRule(
        Action.RETRY,
        "{host} does not answer like a mail server; check its name and port in the account.",
        AccountProblem.SERVER,
        tries=3,
    ),
    Failure.CERTIFICATE: _FailureRule(
        Action.ACCOUNT,
        "The certificate of {host} cannot be trusted, so nothing was sent.",
        AccountProblem.CERTIFICATE,
    ),
    Failure.HANDSHAKE: _FailureRule(
        Action.RETRY,
        "A secure connection to {host} could not be set up; check port and security in the account.",
        AccountProblem.SECURITY,
        tries=3,
    ),
    Failure.NO_STARTTLS: _FailureRule(
        Action.ACCOUNT,
        '{host} does not offer STARTTLS, so nothing was sent unencrypted; try port 465 with security = "tls".',
        AccountProblem.SECURITY,
    ),
    Failure.TAMPERED: _FailureRule(
        Action.ACCOUNT,
        "The connection to {host} may have been tampered with; nothing was sent. Try another network.",
        AccountProblem.SECURITY,
    ),
    Failure.NO_MECHANISM: _FailureRule(
        Action.ACCOUNT,
        "{host} offers no way to sign in that fits this account; check auth, port and security in the account.",
        AccountProblem.SIGN_IN,
    ),
    Failure.CLEARTEXT: _FailureRule(
        Action.ACCOUNT,
        'The password would be sent unencrypted, so it was not sent; set security = "tls" or "starttls".',
        AccountProblem.SECURITY,
    ),
    Failure.NO_SECRET: _FailureRule(Action.ACCOUNT, "The password for {user} is not available.", AccountProblem.SECRET),
    Failure.TOKEN_DELAYED: _FailureRule(Action.RETRY, "The sign-in of {user} cannot be renewed now."),
    Failure.TOO_BIG: _FailureRule(
        Action.MESSAGE, "The letter is too big for {host}{limit}; send a smaller attachment or a link."
    ),
    Failure.NO_SMTPUTF8: _FailureRule(
        Action.MESSAGE, "{host} does not support international addresses; use addresses in plain ASCII."
    ),
    Failure.NO_FUTURE_RELEASE: _FailureRule(
        Action.KEEP, "{host} does not hold letters until later, or not for so long; this one is held here until then."
    ),
    Failure.BAD_SENDER: _FailureRule(
        Action.MESSAGE, "{sender} cannot be used as a sender's address; choose another identity."
    ),
    Failure.BAD_RECIPIENT: _FailureRule(
        Action.RECIPIENT, "This is not an address a letter can be sent to; correct it."
    ),
    Failure.UNREADABLE: _FailureRule(
        Action.MESSAGE, "The letter's file cannot be read, so it was not sent; edit the letter and send it again."
    ),
    Failure.SOME_REFUSED: _FailureRule(
        Action.MESSAGE, "Nothing was sent, because another recipient was refused; correct that address and send again."
    ),
    Failure.NO_COMMAND: _FailureRule(
        Action.ACCOUNT, "The command that sends letters cannot be run.", AccountProblem.SERVER
    ),
}
