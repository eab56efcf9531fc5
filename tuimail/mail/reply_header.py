"""Subject and References of a reply, and the subject of a forwarded message (RFC 5322 section 3.6.4 and 3.6.5).

Pure, bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tuimail.mail.text import safe_line

LAST_REFERENCES = 19
"""References that are kept besides the first one."""

_PREFIX = re.compile(
    r"\s*+(?:re|aw|antw|antwort|sv|vs|vá|odp|ynt|yan|rif|ris|res|rép|atb|bls|απ|отв|回复|回覆|答复|答覆|返信|回信|회신)"
    r"(?:\[\d{1,3}\]|\(\d{1,3}\)|[\^*]\d{1,3})?\s*+[:：]\s*+",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*+(?:fwd?|wg|tr|rv|enc|vb|vl|pd|doorst|ilt|i̇lt|προωθ|пересл|转发|轉寄|轉發|전달|転送)\s*+[:：]\s*+",
    re.IGNORECASE,
)
_FORWARDED_AT_END = re.compile(r"\s\(fwd\)", re.IGNORECASE)
_TAG = re.compile(r"(\[[^\[\]]{1,40}\])\s*+")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,990}>")
"""One that ``mail/header`` takes."""


@dataclass(frozen=True, slots=True)
class ReplyIds:
    """The Message-IDs that put a reply into its thread."""

    in_reply_to: str = ""
    """Empty if the answered message has no valid one."""
    references: tuple[str, ...] = ()


def reply_subject(subject: str) -> str:
    """``subject`` with one ``Re: `` in place of all reply prefixes, foreign ones included.

    Those behind a list's tag go too: ``AW: [dev] Re: x`` becomes ``Re: [dev] x``.
    """
    text = " ".join(subject.split())
    tags: list[str] = []
    known: set[str] = set()
    position, after_prefix = 0, False
    while True:
        prefix = _PREFIX.match(text, position)
        tag = None if prefix is not None else _TAG.match(text, position)
        if prefix is not None:
            position, after_prefix = prefix.end(), True
        elif tag is not None:
            if not (after_prefix and tag[1] in known):
                tags.append(tag[1])
                known.add(tag[1])
            position, after_prefix = tag.end(), False
        else:
            break
    return safe_line(" ".join(filter(None, ["Re:", *tags, text[position:]])))


def forward_subject(subject: str) -> str:
    """``subject`` with one ``Fwd: `` in place of all that say it was forwarded; reply prefixes stay."""
    text = " ".join(subject.split())
    position = 0
    while (prefix := _FORWARDED.match(text, position)) is not None:
        position = prefix.end()
    end = len(text)
    while _FORWARDED_AT_END.fullmatch(text, max(end - 6, position), end):
        end -= 6
    return safe_line(f"Fwd: {text[position:end]}".rstrip())


def reply_ids(message_id: str, references: str, in_reply_to: str) -> ReplyIds:
    """The ids of a reply to the message with these fields, each as it stands.

    References are its References, or its In-Reply-To if that names one message, and its Message-ID: the first of them
    and the last 19.
    """
    own = _MESSAGE_ID.findall(message_id)[:1]
    named = _MESSAGE_ID.findall(references)
    if not named:
        named = _MESSAGE_ID.findall(in_reply_to)
        named = named if len(named) == 1 else []
    found = [each for each in dict.fromkeys(named) if each not in own] + own
    if len(found) > LAST_REFERENCES + 1:
        found = [found[0], *found[-LAST_REFERENCES:]]
    return ReplyIds(own[0] if own else "", tuple(found))
