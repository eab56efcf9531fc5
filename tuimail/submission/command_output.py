"""Reads the error output of a local mail command, which is one short, sanitised line. Pure."""

from __future__ import annotations

import re

from tuimail.submission.result import Reply, Stage

_REPLY = re.compile(
    r"(?<![\w.:#/-])(4(?:21|3[0-9]|5[0-9])|5(?:0[0-9]|2[0-9]|3[0-9]|5[0-9]))[ -]\s*"
    r"(?:([45]\.\d{1,3}\.\d{1,3})\s+)?(?=\S)"
)
"""A reply code of RFC 5321, perhaps with an enhanced code of RFC 3463; not a part of a port, a path or an address."""
_NOT_QUEUED = re.compile(
    r"(?:fail(?:ed|ure)|can ?not|can't|could ?n[o']t|unable|error)\b.{0,40}"
    r"\b(?:creat\w*|open\w*|writ\w*|queu\w*|lock\w*)\b.{0,80}\b(?:spool|queue|temp|temporary|maildrop)\b"
    r"|\b(?:could|can) ?not (?:be )?queued?\b|nullmailer-queue failed"
    r"|insufficient (?:disk |system )?(?:space|storage)|no space left|disk quota exceeded|\bnot queued\b",
    re.IGNORECASE,
)
_TOO_BIG = re.compile(r"(?:message|mail|letter)\b.{0,20}\btoo (?:big|large)|\bfile too large", re.IGNORECASE)
_QUEUED = re.compile(r"(?<!not )(?<!not be )\bqueued\b", re.IGNORECASE)
_BROKEN = re.compile(
    r"empty reply|invalid reply|network (?:read|write)? ?error|read error|cannot read from|timed? ?out|broken pipe"
    r"|(?:connection|session)\b.{0,40}\b(?:lost|reset|closed|broken?|dropped|died)|lost connection"
    r"|(?:closed|dropped|lost) the connection|unexpected eof|hung up",
    re.IGNORECASE,
)
_NEVER_CONNECTED = re.compile(
    r"(?:can ?not|could ?n[o']t|unable to|failed to) (?:connect|locate|resolve|reach|find)"
    r"|connection refused|connect to",
    re.IGNORECASE,
)
_NO_SUCH_SERVER = re.compile(r"cannot locate host|(?:can ?not|could not|unable to|failed to) resolve", re.IGNORECASE)
_NAMES_SENDER = re.compile(r"envelope[- ]from|\bmail from\b|\bsender\b|from address", re.IGNORECASE)
_NAMES_RECIPIENT = re.compile(r"\brecipient|\brcpt\b|\bmailbox\b|\buser\b|no such", re.IGNORECASE)


def reply_in(said: str) -> tuple[Stage, Reply] | None:
    """The last server refusal that the command repeats, with the stage of the command it answers; None: no refusal."""
    found = None
    for match in _REPLY.finditer(said):
        found = match
    if found is None:
        return None
    code, enhanced = found[1], found[2] or ""
    if not enhanced.startswith(code[0]):
        enhanced = ""
    if _NAMES_SENDER.search(said[: found.start()]):
        stage = Stage.MAIL
    elif enhanced[2:4] in ("1.", "2.") or _NAMES_RECIPIENT.search(said):
        stage = Stage.RCPT
    else:
        stage = Stage.COMMITTING
    return stage, Reply(int(code), enhanced, said)


def says_not_queued(said: str) -> bool:
    """Whether it could not store the letter, so it has not accepted it."""
    return _NOT_QUEUED.search(said) is not None


def says_too_big(said: str) -> bool:
    """Whether the letter is larger than it accepts."""
    return _TOO_BIG.search(said) is not None


def says_queued(said: str) -> bool:
    """Whether it may have queued the letter."""
    return _QUEUED.search(said) is not None and not says_not_queued(said)


def says_broken_off(said: str) -> bool:
    """Whether an established connection to a server broke."""
    return _BROKEN.search(said) is not None and _NEVER_CONNECTED.search(said) is None


def says_no_server(said: str) -> bool:
    """Whether the name of the command's server cannot be resolved."""
    return _NO_SUCH_SERVER.search(said) is not None
