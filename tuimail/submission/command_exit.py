"""Turns the end of a local mail command (exit code, bytes read, error output) into a verdict. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.submission.classify import ReplyContext, classify
from tuimail.submission.command_output import (
    reply_in,
    says_broken_off,
    says_no_server,
    says_not_queued,
    says_queued,
    says_too_big,
)
from tuimail.submission.command_run import signal_name
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, Verdict

if TYPE_CHECKING:
    from tuimail.submission.command_run import CommandResult

LOOK_FIRST = "the letter may have been sent. Look in its queue or in Sent before you send it again."
TRIES = 5
"""After so many failures of the machine or the mail service in a row the account is paused."""


@dataclass(frozen=True, slots=True)
class _ExitRule:
    action: Action
    message: str
    host: bool = False
    """The problem is not about one letter or recipient."""


_OK = _ExitRule(Action.OK, "The command accepted it.")
_NOT_QUEUED = _ExitRule(Action.RETRY, "The mail command could not queue the letter; trying again.", host=True)
_TOO_BIG = _ExitRule(Action.MESSAGE, "The letter is too big for the mail command; send a smaller attachment or a link.")
_NO_SERVER = _ExitRule(
    Action.RETRY, "The mail command cannot find its server; check its configuration, or the network.", host=True
)

_OUTCOMES = {
    64: _ExitRule(Action.MESSAGE, "The command does not accept these arguments; check the account's command."),
    65: _ExitRule(Action.MESSAGE, "The command refused the letter; its message says why."),
    66: _ExitRule(Action.RETRY, "The mail command could not read its input; trying again.", host=True),
    67: _ExitRule(Action.RECIPIENT, "There is no such recipient; check the address."),
    68: _ExitRule(Action.RECIPIENT, "The part after the @ does not exist; check the address."),
    69: _ExitRule(Action.RETRY, "The mail service is not available; trying again.", host=True),
    70: _ExitRule(Action.RETRY, "The mail command had an internal error; trying again.", host=True),
    71: _ExitRule(Action.RETRY, "The system could not run the mail command; trying again.", host=True),
    72: _ExitRule(Action.RETRY, "The mail command is missing a system file; trying again.", host=True),
    73: _ExitRule(Action.RETRY, "The mail command could not create a file; trying again.", host=True),
    74: _ExitRule(Action.RETRY, "The mail command could not read or write; trying again.", host=True),
    75: _ExitRule(Action.RETRY, "The mail command cannot send just now; trying again later."),
    76: _ExitRule(Action.RETRY, "The mail command and its server misunderstood each other; trying again.", host=True),
    77: _ExitRule(Action.ACCOUNT, "You may not send mail with this command.", host=True),
    78: _ExitRule(Action.ACCOUNT, "The mail command is not set up; check its configuration.", host=True),
    126: _ExitRule(Action.ACCOUNT, "The command that sends letters cannot be run.", host=True),
    127: _ExitRule(Action.ACCOUNT, "The command that sends letters does not exist.", host=True),
}
"""The exit codes of sysexits.h; 126 and 127 come from a shell."""
_SIGN_IN = (530, 534, 535, 538)
"""Replies of RFC 4954."""


def classify_end(ended: CommandResult, program: str) -> Verdict:
    """The verdict for a run for one recipient.

    A command must not deliver before the end of its input. So an unknown failure is RETRY before the command has read
    the whole letter, and UNCERTAIN after that. Exit code 0 before the end of the letter is UNCERTAIN: the command
    reports a delivery, but of an incomplete letter.

    A server's refusal in the error output says more than the exit code: msmtp exits with 69 for a letter refused as
    spam, OpenSMTPD with 70 for an unknown recipient. If the SMTP connection broke after the whole letter was read, the
    recipient is UNCERTAIN, whatever the exit code (msmtp: 76).
    """
    code, said = ended.code, ended.said
    stage = Stage.COMMITTING if ended.whole else Stage.BODY
    told = "" if code is None else f"exit code {code}."
    reply = Reply(0, "", " ".join(part for part in (told, said) if part))
    if code is None:
        if not ended.whole:
            return Verdict(Action.RETRY, stage, "The command stopped reading the letter; trying again later.", reply)
        return Verdict(Action.UNCERTAIN, stage, f"The command did not end in time; {LOOK_FIRST}", reply)
    if code == 0:
        return _verdict(_OK, stage, reply) if ended.whole else _cut_short(ended, reply)
    meaning = _OUTCOMES.get(code)
    if meaning is not None and meaning.action is Action.ACCOUNT:
        return _verdict(meaning, stage, reply)
    refusal = reply_in(said)
    if refusal is not None and code > 0:
        return _refused(*refusal, stage=stage, known=meaning is not None, reply=reply, program=program)
    if code == 68 and says_no_server(said):
        meaning = _NO_SERVER
    if code > 0 and says_too_big(said):
        meaning = _TOO_BIG
    elif says_not_queued(said) and (meaning is None or meaning.action is Action.RETRY):
        meaning = _NOT_QUEUED
    elif ended.whole and meaning and meaning.action is Action.RETRY and (code == 76 or says_broken_off(said)):
        words = f"The mail command lost its server after it had the whole letter; {LOOK_FIRST}"
        return Verdict(Action.UNCERTAIN, stage, words, reply)
    if meaning is not None:
        return _verdict(meaning, stage, reply)
    what = f"was killed by {signal_name(-code)}" if code < 0 else f"ended with the unknown code {code}"
    if ended.whole:
        return Verdict(Action.UNCERTAIN, stage, f"The mail command {what}; {LOOK_FIRST}", reply)
    words = f"The mail command {what} before it had the whole letter; trying again later."
    return Verdict(Action.RETRY, stage, words, reply)


def _verdict(meaning: _ExitRule, stage: Stage, reply: Reply) -> Verdict:
    trouble = AccountProblem.SERVER if meaning.host else None
    if meaning.host and meaning.action is Action.RETRY:
        return Verdict(meaning.action, stage, meaning.message, reply, trouble, tries=TRIES, then=Action.ACCOUNT)
    return Verdict(meaning.action, stage, meaning.message, reply, trouble)


def _cut_short(ended: CommandResult, reply: Reply) -> Verdict:
    words = (
        f"The command says that it sent the letter, but read only {ended.read} of its {ended.size} bytes;"
        " a part of it may have been sent. Ask, or look in its queue, before you send it again."
    )
    return Verdict(Action.UNCERTAIN, Stage.COMMITTING, words, reply)


def _refused(at: Stage, refusal: Reply, *, stage: Stage, known: bool, reply: Reply, program: str) -> Verdict:
    """The verdict for a server's reply in the error output: the same as for a reply that tuimail gets itself.

    Replies about sign-in and parameters are the exception, because the command handles both: they become a refusal or
    another attempt.
    """
    if not known and refusal.code < 500 and stage is Stage.COMMITTING and says_queued(reply.text):
        words = f"The mail command failed and says that it queued the letter; {LOOK_FIRST}"
        return Verdict(Action.UNCERTAIN, stage, words, reply)
    if refusal.code in _SIGN_IN:
        words = "The server did not let the mail command sign in; check the command's configuration."
        return Verdict(Action.ACCOUNT, stage, words, reply, AccountProblem.SERVER)
    meant = classify(at, refusal, ReplyContext(host=program))
    fits = {4: (Action.RETRY,), 5: (Action.RECIPIENT, Action.MESSAGE, Action.RETRY, Action.ACCOUNT)}
    if meant.action in fits[refusal.code // 100]:
        return replace(meant, stage=stage, reply=reply, drop="", crowded=False)
    if refusal.code < 500:
        words = "The server did not accept it now; trying again later."
        return Verdict(Action.RETRY, stage, words, reply, delay=meant.delay)
    return Verdict(Action.RECIPIENT, stage, "The server refused it; its message says why.", reply)
