"""A server's reply in two or three words, for a column; the reply itself stands in the detail. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.submission.result import Reply

LONGEST = 14
"""Cells of the longest of these words."""

_BY_STATUS = {
    "1.1": "no such user",
    "1.2": "no such domain",
    "1.3": "bad address",
    "1.6": "has moved",
    "1.7": "bad sender",
    "1.8": "bad sender",
    "1.10": "takes no mail",
    "2.1": "mailbox closed",
    "2.2": "mailbox full",
    "2.3": "too big",
    "3.1": "disk full",
    "3.2": "server busy",
    "3.4": "too big",
    "4.1": "not reached",
    "4.2": "line broke",
    "4.4": "no route",
    "4.5": "server busy",
    "4.6": "mail loop",
    "4.7": "took too long",
    "5.3": "too many to",
    "5.4": "not understood",
    "7.0": "not allowed",
    "7.1": "not allowed",
}
"""Subject and detail of an enhanced status (RFC 3463) -> words."""

_BY_CODE = {
    421: "server busy",
    450: "mailbox busy",
    451: "server trouble",
    452: "no room there",
    550: "not taken",
    551: "not there",
    552: "too big",
    553: "bad address",
    554: "not taken",
    556: "takes no mail",
}


def reply_summary(reply: Reply) -> str:
    """As in "mailbox full"; of an unknown reply only whether it is permanent."""
    if not reply.code:
        return "not taken"
    passing = 400 <= reply.code < 500
    subject = reply.enhanced.partition(".")[2]
    if passing and subject.startswith("7."):
        return "asked to wait"
    known = _BY_STATUS.get(subject) or _BY_CODE.get(reply.code)
    return (known or ("server busy" if passing else "not taken"))[:LONGEST]
