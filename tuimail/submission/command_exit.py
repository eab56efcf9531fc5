"""What the end of a local mail command means: exit code, how far it had read, and its words. Pure."""

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
"""After so many ends in a row that tell of trouble with the machine or the mail service, the account is held."""


@dataclass(frozen=True, slots=True)
class _ExitRule:
    action: Action
    message: str
    host: bool = False
    """The trouble is not that of one letter or recipient."""


_OK = _ExitRule(Action.OK, "The command took it.")
_NOT_QUEUED = _ExitRule(Action.RETRY, "The mail command could not queue the letter; trying again.", host=True)
_TOO_BIG = _ExitRule(Action.MESSAGE, "The letter is too big for the mail command; send a smaller attachment or a link.")
_NO_SERVER = _ExitRule(
    Action.RETRY, "The mail command does not find its server; check its configuration, or the network.", host=True
)

_OUTCOMES = {
    64: _ExitRule(Action.MESSAGE, "The command does not take these arguments; look at the account's command."),
    65: _ExitRule(Action.MESSAGE, "The command refused the letter; its words say why."),
    66: _ExitRule(Action.RETRY, "The mail command could not read its input; trying again.", host=True),
    67: _ExitRule(Action.RECIPIENT, "There is no such recipient; check the address."),
    68: _ExitRule(Action.RECIPIENT, "The part after the @ does not exist; check the address."),
    69: _ExitRule(Action.RETRY, "The mail service is not available; trying again.", host=True),
    70: _ExitRule(Action.RETRY, "The mail command failed inside; trying again.", host=True),
    71: _ExitRule(Action.RETRY, "The system could not run the mail command; trying again.", host=True),
    72: _ExitRule(Action.RETRY, "The mail command misses a file of the system; trying again.", host=True),
    73: _ExitRule(Action.RETRY, "The mail command could not create a file; trying again.", host=True),
    74: _ExitRule(Action.RETRY, "The mail command could not read or write; trying again.", host=True),
    75: _ExitRule(Action.RETRY, "The mail command cannot send just now; trying again later."),
    76: _ExitRule(Action.RETRY, "The mail command and its server misunderstood each other; trying again.", host=True),
    77: _ExitRule(Action.ACCOUNT, "You may not send mail with this command.", host=True),
    78: _ExitRule(Action.ACCOUNT, "The mail command is not set up; look at its configuration.", host=True),
    126: _ExitRule(Action.ACCOUNT, "The command that sends letters cannot be run.", host=True),
    127: _ExitRule(Action.ACCOUNT, "The command that sends letters does not exist.", host=True),
}
"""The exit codes of sysexits.h; 126 and 127 are a shell's."""
_SIGN_IN = (530, 534, 535, 538)
"""Replies of RFC 4954."""


def classify_end(ended: CommandResult, program: str) -> Verdict:
    """What the end of a run for one recipient means.

    A command must not deliver before the end of its input. So an end that says nothing else is another try before the
    letter was read to its end, and UNCERTAIN after it; and 0 before the letter's end is UNCERTAIN: the command says
    that it delivered, but not all of it.

    A server's refusal in the words of a command that failed says more than the code: msmtp ends with 69 for a letter
    refused as spam, OpenSMTPD with 70 for an unknown recipient. A dialogue that broke after the whole letter was read
    leaves the recipient UNCERTAIN, whatever the code (msmtp: 76).
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
    """The server's words, repeated by the command, mean what they mean when tuimail hears them itself.

    But sign-in and parameters are the command's business: what is left of them is a refusal, or another try.
    """
    if not known and refusal.code < 500 and stage is Stage.COMMITTING and says_queued(reply.text):
        words = f"The mail command failed and speaks of queueing the letter; {LOOK_FIRST}"
        return Verdict(Action.UNCERTAIN, stage, words, reply)
    if refusal.code in _SIGN_IN:
        words = "The server did not let the mail command sign in; look at its configuration."
        return Verdict(Action.ACCOUNT, stage, words, reply, AccountProblem.SERVER)
    meant = classify(at, refusal, ReplyContext(host=program))
    fits = {4: (Action.RETRY,), 5: (Action.RECIPIENT, Action.MESSAGE, Action.RETRY, Action.ACCOUNT)}
    if meant.action in fits[refusal.code // 100]:
        return replace(meant, stage=stage, reply=reply, drop="", crowded=False)
    if refusal.code < 500:
        words = "The server did not take it now; trying again later."
        return Verdict(Action.RETRY, stage, words, reply, delay=meant.delay)
    return Verdict(Action.RECIPIENT, stage, "The server refused it; its words say why.", reply)
