"""The table of every reply of a submission server and what it means. The lookup is in submission/classify.

The first matching rule wins, so specific rules come before general ones. A rule matches if the stage is one of its
stages, the code begins with one of its ``codes``, one of its ``enhanced`` patterns or its ``text`` matches (if it has
any), and its condition holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tuimail.clock import DAY, HOUR
from tuimail.submission.result import AccountProblem, Action, Stage


class Condition(StrEnum):
    """Conditions on what happened before the reply."""

    ALWAYS = "always"
    SUBMISSION_PORT = "submission port"
    """465 or 587."""
    SOME_ACCEPTED = "some recipients accepted"
    ALL_REFUSED = "every recipient refused like this"
    OPTIONAL_SENT = "optional parameters sent"
    """The command carried ESMTP parameters that may be left out."""
    OAUTH = "signing in with a token"
    CLEAR = "before TLS"
    """STARTTLS is required and has not happened yet: the reply may come from an attacker."""
    MIXED = "reply of contradicting lines"
    """Its lines begin with different digits."""


@dataclass(frozen=True, slots=True)
class ReplyRule:
    """One rule of the table. ``action`` and the fields after it become those of the Verdict."""

    name: str
    stages: frozenset[Stage]
    codes: tuple[str, ...]
    """Codes or their first digits: "4" stands for every 4yz."""
    action: Action
    message: str = ""
    """May contain {host}, {user}, {sender} and {limit} (of classify.ReplyContext)."""
    enhanced: re.Pattern[str] | None = None
    """Must match the whole enhanced code ..."""
    text: re.Pattern[str] | None = None
    """... or, if both are given, this must be found in the text instead."""
    when: Condition = Condition.ALWAYS
    problem: AccountProblem | None = None
    delay: float = 0.0
    tries: int | None = None
    then: Action | None = None
    crowded: bool = False


def _rule(
    name: str,
    stages: frozenset[Stage] | Stage,
    codes: str,
    action: Action,
    words: str = "",
    *,
    enhanced: str = "",
    text: str = "",
    when: Condition = Condition.ALWAYS,
    trouble: AccountProblem | None = None,
    delay: float = 0.0,
    tries: int | None = None,
    then: Action | None = None,
    crowded: bool = False,
) -> ReplyRule:
    """Make a rule; ``enhanced`` is a list of codes in which x stands for any number."""
    patterns = "|".join(re.escape(each).replace("x", r"\d+") for each in enhanced.split())
    return ReplyRule(
        name=name,
        stages=frozenset({stages}) if isinstance(stages, Stage) else stages,
        codes=tuple(codes.split()),
        action=action,
        message=words,
        enhanced=re.compile(patterns) if patterns else None,
        text=re.compile(text, re.IGNORECASE) if text else None,
        when=when,
        problem=trouble,
        delay=delay,
        tries=tries,
        then=then,
        crowded=crowded,
    )


ANY = frozenset(Stage)
BEFORE_DOT = ANY - {Stage.COMMITTING}
ENVELOPE = frozenset({Stage.MAIL, Stage.RCPT, Stage.DATA})
CONTENT = frozenset({Stage.BODY, Stage.COMMITTING})
LETTER = ENVELOPE | CONTENT

RULES: tuple[ReplyRule, ...] = (
    # -- positive replies
    _rule("greeting", Stage.GREETING, "220", Action.OK),
    _rule("ehlo", Stage.EHLO, "250", Action.OK),
    _rule("starttls go ahead", Stage.STARTTLS, "220", Action.OK),
    _rule("signed in", Stage.AUTH, "235", Action.OK),
    _rule("sender taken", Stage.MAIL, "250", Action.OK),
    _rule("recipient taken", Stage.RCPT, "250 251 252", Action.OK),
    _rule("send the letter", Stage.DATA, "354", Action.OK),
    _rule(
        "answer to the dot contradicts itself",
        Stage.COMMITTING,
        "2 3 4 5",
        Action.UNCERTAIN,
        "The server both accepted and refused the letter; it may have been delivered. Look in Sent before you resend.",
        when=Condition.MIXED,
    ),
    _rule("accepted", Stage.COMMITTING, "2", Action.OK, "The server accepted it."),
    # -- the host as a whole, at any stage
    _rule(
        "too many connections",
        ANY,
        "421 432 450 451 454",
        Action.RETRY,
        "The server allows fewer connections at once; trying again in a minute.",
        text=r"concurrent (smtp )?(connections|sessions)|too many (\w+ )?(connections|sessions)",
        delay=60,
        crowded=True,
    ),
    _rule(
        "too many connections, by its code alone",
        ANY - {Stage.AUTH},
        "432",
        Action.RETRY,
        "The server allows fewer connections at once; trying again in a minute.",
        enhanced="4.3.2",
        delay=60,
        crowded=True,
    ),
    # -- greeting, EHLO, STARTTLS
    _rule(
        "turned away in clear for now",
        frozenset({Stage.GREETING, Stage.EHLO}),
        "4",
        Action.RETRY,
        "{host} refused the connection before it was secured; trying again later.",
        when=Condition.CLEAR,
    ),
    _rule(
        "greeting refused in clear",
        Stage.GREETING,
        "5",
        Action.SOON,
        "{host} refused the connection before it was secured; check the server's name and port in the account.",
        when=Condition.CLEAR,
        trouble=AccountProblem.SERVER,
        tries=3,
        then=Action.ACCOUNT,
    ),
    _rule("greeting busy", Stage.GREETING, "4", Action.RETRY, "{host} is busy; trying again later."),
    _rule(
        "greeting refused",
        Stage.GREETING,
        "5",
        Action.SOON,
        "{host} refuses the connection; check the server's name and port in the account.",
        trouble=AccountProblem.SERVER,
        tries=3,
        then=Action.ACCOUNT,
    ),
    _rule(
        "ehlo unknown",
        Stage.EHLO,
        "500 502 504",
        Action.ACCOUNT,
        "{host} does not support EHLO, so signing in is impossible; check the server's name and port in the account.",
        when=Condition.SUBMISSION_PORT,
        trouble=AccountProblem.SERVER,
    ),
    _rule(
        "ehlo refused in clear",
        Stage.EHLO,
        "5",
        Action.ACCOUNT,
        "{host} refused the connection before it was secured; check the server's name, port and ehlo_name in the "
        "account.",
        when=Condition.CLEAR,
        trouble=AccountProblem.SERVER,
    ),
    _rule("ehlo busy", Stage.EHLO, "4", Action.RETRY, "{host} is busy; trying again later."),
    _rule(
        "ehlo refused",
        Stage.EHLO,
        "5",
        Action.ACCOUNT,
        "{host} refuses this computer; check the server's name, port and ehlo_name in the account.",
        trouble=AccountProblem.SERVER,
    ),
    _rule(
        "starttls not now",
        Stage.STARTTLS,
        "4",
        Action.RETRY,
        "{host} cannot secure the connection just now; nothing was sent, trying again later.",
    ),
    _rule(
        "starttls refused",
        Stage.STARTTLS,
        "2 3 5",
        Action.ACCOUNT,
        "{host} refuses to secure the connection, so nothing was sent over it; try port 465 with security tls.",
        trouble=AccountProblem.SECURITY,
    ),
    # -- signing in
    _rule(
        "password must change over",
        Stage.AUTH,
        "432",
        Action.REAUTH,
        "The server wants the password of {user} to be entered again.",
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "too many sign-ins",
        Stage.AUTH,
        "4",
        Action.RETRY,
        "{host} has seen too many sign-ins for {user}; waiting a quarter of an hour.",
        text=r"too many (log|sign|auth)|login attempts|rate limit",
        delay=900,
    ),
    _rule("sign-in not now", Stage.AUTH, "4", Action.RETRY, "{host} cannot check sign-ins just now; trying later."),
    _rule(
        "smtp sign-in switched off",
        Stage.AUTH,
        "535",
        Action.ACCOUNT,
        "Signing in for sending is switched off for {user}; ask the administrator to enable authenticated SMTP, "
        'or use auth = "oauth2".',
        enhanced="5.7.139",
        text=r"SmtpClientAuthentication is disabled",
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "token refused",
        Stage.AUTH,
        "535",
        Action.REAUTH,
        "The server refused the access token for {user}; sign in again.",
        when=Condition.OAUTH,
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "password refused",
        Stage.AUTH,
        "535",
        Action.REAUTH,
        "The server refused user name or password for {user}; enter the password again.",
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "app password needed",
        Stage.AUTH,
        "534",
        Action.ACCOUNT,
        "The server wants an app password for {user}: make one in the provider's settings and enter it.",
        enhanced="5.7.9",
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "browser sign-in needed",
        Stage.AUTH,
        "534",
        Action.ACCOUNT,
        "The server wants {user} to sign in with a web browser first; its answer names the address.",
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "sign-in needs tls",
        Stage.AUTH,
        "538",
        Action.ACCOUNT,
        'The server wants an encrypted connection for signing in; set security = "tls" or "starttls".',
        trouble=AccountProblem.SECURITY,
    ),
    _rule(
        "mechanism unknown",
        Stage.AUTH,
        "501 504",
        Action.ACCOUNT,
        "{host} accepts none of the ways to sign in that tuimail supports.",
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "sign-in refused",
        Stage.AUTH,
        "5",
        Action.ACCOUNT,
        "{host} refuses to let {user} sign in; its answer says why.",
        trouble=AccountProblem.SIGN_IN,
    ),
    # -- limits of the account, at any step of a letter
    _rule(
        "sending limit",
        LETTER,
        "421 45 55",
        Action.ACCOUNT,
        "The provider's sending limit is reached; letters wait a day until it resets.",
        enhanced="5.4.5 5.7.708",
        text=r"daily (user |message |sending )*(sending )?(quota|limit)|sending (quota|limit)",
        trouble=AccountProblem.QUOTA,
        delay=DAY,
    ),
    _rule(
        "sending rate",
        frozenset({Stage.MAIL}),
        "421 45 55",
        Action.ACCOUNT,
        "The provider's sending rate is reached; letters wait an hour.",
        text=r"rate.?limit|limit exceeded|too many (messages|mails|emails)|(message|sending) quota",
        trouble=AccountProblem.QUOTA,
        delay=HOUR,
    ),
    _rule("host gone", LETTER, "421", Action.RETRY, "The server ended the connection; it was not sent, trying again."),
    _rule(
        "sign in first",
        ENVELOPE,
        "530",
        Action.REAUTH,
        'The server wants {user} to sign in before sending; check auth = "password" in the account and the password.',
        trouble=AccountProblem.SIGN_IN,
    ),
    _rule(
        "sign in first, by its words",
        ENVELOPE,
        "503",
        Action.REAUTH,
        'The server wants {user} to sign in before sending; check auth = "password" in the account and the password.',
        text=r"authenticat|auth first|log ?in first",
        trouble=AccountProblem.SIGN_IN,
    ),
    # -- MAIL
    _rule(
        "sender not international",
        Stage.MAIL,
        "550 553",
        Action.MESSAGE,
        "The server does not support international addresses; write from an address in plain ASCII.",
        enhanced="5.6.7",
    ),
    _rule(
        "letter too big",
        Stage.MAIL,
        "5",
        Action.MESSAGE,
        "The letter is too big for the server{limit}; send a smaller attachment or a link.",
        enhanced="5.3.4",
        text=r"too (big|large)|exceeds.*(size|limit)|size.*exceed",
    ),
    _rule(
        "letter too big, plainly",
        Stage.MAIL,
        "552",
        Action.MESSAGE,
        "The letter is too big for the server{limit}; send a smaller attachment or a link.",
    ),
    _rule(
        "sender not allowed",
        Stage.MAIL,
        "550 553 554",
        Action.MESSAGE,
        "The server does not let {user} write as {sender}; choose another identity.",
        enhanced="5.1.7 5.1.8 5.7.1 5.7.60 5.2.252",
        text=r"sender|not owned|send ?as|from address|mailfrom",
    ),
    _rule(
        "throttled",
        Stage.MAIL,
        "550",
        Action.ACCOUNT,
        "The provider slows this account down; letters wait an hour.",
        enhanced="5.2.251 5.2.253 5.2.254 5.2.255",
        trouble=AccountProblem.QUOTA,
        delay=HOUR,
    ),
    _rule(
        "parameter unknown",
        Stage.MAIL,
        "500 501 502 503 504 555",
        Action.SOON,
        "The server refused an optional parameter; trying without it.",
        when=Condition.OPTIONAL_SENT,
        tries=3,
        then=Action.MESSAGE,
    ),
    _rule(
        "dialogue out of step",
        ENVELOPE,
        "503",
        Action.RETRY,
        "{host} says that the commands are in the wrong order; nothing was sent, trying again on a new connection.",
        trouble=AccountProblem.SERVER,
        tries=3,
        then=Action.ACCOUNT,
    ),
    _rule(
        "sender later", Stage.MAIL, "4", Action.RETRY, "The server cannot take a letter just now; trying again later."
    ),
    _rule("sender refused", Stage.MAIL, "5", Action.MESSAGE, "The server refused the letter at its sender, {sender}."),
    # -- RCPT
    _rule(
        "too many recipients",
        Stage.RCPT,
        "452 552",
        Action.SPLIT,
        "The server accepts fewer recipients at once; the others get it in another transaction.",
        enhanced="4.5.3 5.5.3",
        text=r"too many recipients",
        when=Condition.SOME_ACCEPTED,
    ),
    _rule(
        "too many recipients, plainly",
        Stage.RCPT,
        "452",
        Action.SPLIT,
        "The server accepts fewer recipients at once; the others get it in another transaction.",
        enhanced="-",
        when=Condition.SOME_ACCEPTED,
    ),
    _rule(
        "too many recipients at the first",
        Stage.RCPT,
        "552",
        Action.RETRY,
        "The server accepts no recipients just now; trying again later.",
        enhanced="5.5.3",
        text=r"too many recipients",
    ),
    _rule(
        "greylisted",
        Stage.RCPT,
        "450 451",
        Action.RETRY,
        "The server makes first-time senders wait; trying again soon.",
        enhanced="4.7.1",
        text=r"gr[ea]y.?list",
    ),
    _rule("recipient later", Stage.RCPT, "4", Action.RETRY, "Not possible just now for this recipient; trying later."),
    _rule(
        "recipient moved",
        Stage.RCPT,
        "551",
        Action.RECIPIENT,
        "This recipient has moved; the server's answer may name the new address. Check it before you use it.",
    ),
    _rule(
        "no such domain",
        Stage.RCPT,
        "550 551 553 554 556",
        Action.RECIPIENT,
        "The part after the @ does not exist or does not accept mail; check the address.",
        enhanced="5.1.2 5.1.10 5.4.4",
    ),
    _rule(
        "address malformed",
        Stage.RCPT,
        "501 550 553",
        Action.RECIPIENT,
        "The server says this is not an address; correct it.",
        enhanced="5.1.3",
    ),
    _rule(
        "mailbox closed",
        Stage.RCPT,
        "55",
        Action.RECIPIENT,
        "This mailbox is closed or does not accept mail.",
        enhanced="5.2.1",
    ),
    _rule(
        "no such recipient",
        Stage.RCPT,
        "550 551 553 556",
        Action.RECIPIENT,
        "There is no such recipient; check the address.",
        enhanced="5.1.x",
    ),
    _rule(
        "mailbox full",
        Stage.RCPT,
        "550 552",
        Action.RECIPIENT,
        "The recipient's mailbox is full; try again later, or tell them another way.",
        enhanced="5.2.2",
    ),
    _rule(
        "relay denied",
        Stage.RCPT,
        "550 551 553 554",
        Action.ACCOUNT,
        "The server does not relay letters for this account; check that it signs in, and at the right server.",
        text=r"relay|authenticat|log ?in first",
        when=Condition.ALL_REFUSED,
        trouble=AccountProblem.SERVER,
    ),
    _rule(
        "policy against all",
        Stage.RCPT,
        "550 554",
        Action.MESSAGE,
        "The server refuses this letter for every recipient; its answer says why.",
        enhanced="5.7.1",
        when=Condition.ALL_REFUSED,
    ),
    _rule(
        "policy against one",
        Stage.RCPT,
        "550 554",
        Action.RECIPIENT,
        "The server refuses letters from you to this recipient; its answer says why.",
        enhanced="5.7.x",
    ),
    _rule(
        "recipient service unavailable",
        Stage.RCPT,
        "550",
        Action.RETRY,
        "The server could not accept this recipient; trying a few more times.",
        enhanced="5.5.0",
        tries=3,
        then=Action.RECIPIENT,
    ),
    _rule(
        "recipient not international",
        Stage.RCPT,
        "550 553",
        Action.RECIPIENT,
        "The server does not support international addresses; use one in plain ASCII.",
        enhanced="5.6.7",
    ),
    _rule(
        "recipient parameter unknown",
        Stage.RCPT,
        "500 501 502 504 555",
        Action.SOON,
        "The server refused an optional parameter; trying without it.",
        when=Condition.OPTIONAL_SENT,
        tries=3,
        then=Action.RECIPIENT,
    ),
    _rule(
        "recipient parameter not implemented",
        Stage.RCPT,
        "553",
        Action.SOON,
        "The server refused an optional parameter; trying without it.",
        enhanced="5.5.4",
        when=Condition.OPTIONAL_SENT,
        tries=3,
        then=Action.RECIPIENT,
    ),
    _rule("recipient refused", Stage.RCPT, "5", Action.RECIPIENT, "The server refused this recipient; it says why."),
    # -- DATA, the body, the dot
    _rule("letter later", Stage.DATA, "4", Action.RETRY, "The server cannot accept the letter now; trying later."),
    _rule("letter refused", Stage.DATA, "5", Action.MESSAGE, "The server refused the letter; its answer says why."),
    _rule("content later", CONTENT, "4", Action.RETRY, "The server cannot accept the letter now; trying later."),
    _rule(
        "content too big",
        CONTENT,
        "5",
        Action.MESSAGE,
        "The letter is too big for the server{limit}; send a smaller attachment or a link.",
        enhanced="5.3.4",
        text=r"too (big|large)|exceeds.*(size|limit)|size.*exceed",
    ),
    _rule(
        "content too big, plainly",
        CONTENT,
        "552",
        Action.MESSAGE,
        "The letter is too big for the server{limit}; send a smaller attachment or a link.",
        enhanced="-",
    ),
    _rule(
        "content malformed",
        CONTENT,
        "55",
        Action.MESSAGE,
        "The server cannot accept the letter in this form (8-bit text or long lines); edit it and send it again.",
        enhanced="5.6.x",
    ),
    _rule(
        "content against policy",
        CONTENT,
        "55",
        Action.MESSAGE,
        "The server refused the letter's content (spam, virus or policy); edit it before sending it again.",
        enhanced="5.7.x",
    ),
    _rule(
        "content service unavailable",
        CONTENT,
        "5",
        Action.RETRY,
        "The server could not accept the letter; trying a few more times.",
        enhanced="5.5.0",
        tries=3,
        then=Action.MESSAGE,
    ),
    _rule("content refused", CONTENT, "5", Action.MESSAGE, "The server refused the letter; its answer says why."),
    # -- replies that are invalid at their stage
    _rule(
        "answer to the dot is no answer",
        Stage.COMMITTING,
        "3",
        Action.UNCERTAIN,
        "The server's answer is invalid; the letter may have been delivered. Look in Sent before you resend.",
    ),
    _rule(
        "out of order",
        BEFORE_DOT,
        "2 3 4 5",
        Action.RETRY,
        "{host} sends unexpected answers; nothing was sent, trying again.",
        trouble=AccountProblem.SERVER,
        tries=3,
        then=Action.ACCOUNT,
    ),
)
"""In order; the last rules match everything, so every reply has exactly one meaning."""
