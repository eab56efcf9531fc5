"""What the end of a local mail command means: exit code, how far it had read, and its words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.submission.command_run import signal_name
from tuimail.submission.result import Action, Reply, Stage, Trouble, Verdict

if TYPE_CHECKING:
    from tuimail.submission.command_run import Ended

LOOK_FIRST = "the letter may have been sent. Look in its queue or in Sent before you send it again."

_OUTCOMES: dict[int, tuple[Action, str, Trouble | None, int | None, Action | None]] = {
    0: (Action.OK, "The command took it.", None, None, None),
    64: (Action.MESSAGE, "The command does not take these arguments; look at the account's command.", None, None, None),
    65: (Action.MESSAGE, "The command refused the letter; its words say why.", None, None, None),
    67: (Action.RECIPIENT, "There is no such recipient; check the address.", None, None, None),
    68: (Action.RECIPIENT, "The part after the @ does not exist; check the address.", None, None, None),
    69: (Action.RETRY, "The mail service is not available; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    70: (Action.RETRY, "The mail command failed inside; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    71: (Action.RETRY, "The system could not run the mail command; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    74: (Action.RETRY, "The mail command could not write; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    75: (Action.RETRY, "The mail command cannot send just now; trying again later.", None, None, None),
    77: (Action.ACCOUNT, "You may not send mail with this command.", Trouble.SERVER, None, None),
    78: (Action.ACCOUNT, "The mail command is not set up; look at its configuration.", Trouble.SERVER, None, None),
    126: (Action.ACCOUNT, "The command that sends letters cannot be run.", Trouble.SERVER, None, None),
    127: (Action.ACCOUNT, "The command that sends letters does not exist.", Trouble.SERVER, None, None),
}


def classify_end(ended: Ended) -> Verdict:
    """What the end of a run means; exit codes as in sysexits, 126 and 127 as of a shell.

    A command must not deliver before the end of its input. So an end that says nothing else is another try before the
    letter was read to its end, and UNCERTAIN after it; and 0 before the letter's end is UNCERTAIN: the command says
    that it delivered, but not all of it.
    """
    code = ended.code
    stage = Stage.COMMITTING if ended.whole else Stage.BODY
    said = "" if code is None else f"exit code {code}."
    reply = Reply(0, "", " ".join(part for part in (said, ended.said) if part))
    if code is None:
        if not ended.whole:
            return Verdict(Action.RETRY, stage, "The command stopped reading the letter; trying again later.", reply)
        return Verdict(Action.UNCERTAIN, stage, f"The command did not end in time; {LOOK_FIRST}", reply)
    if code == 0 and not ended.whole:
        words = (
            f"The command says that it sent the letter, but read only {ended.read} of its {ended.size} bytes;"
            " a part of it may have been sent. Ask, or look in its queue, before you send it again."
        )
        return Verdict(Action.UNCERTAIN, Stage.COMMITTING, words, reply)
    if code in _OUTCOMES:
        action, words, trouble, tries, then = _OUTCOMES[code]
        return Verdict(action, stage, words, reply, trouble=trouble, tries=tries, then=then)
    what = f"was killed by {signal_name(-code)}" if code < 0 else f"ended with the unknown code {code}"
    if ended.whole:
        return Verdict(Action.UNCERTAIN, stage, f"The mail command {what}; {LOOK_FIRST}", reply)
    words = f"The mail command {what} before it had the whole letter; trying again later."
    return Verdict(Action.RETRY, stage, words, reply)
