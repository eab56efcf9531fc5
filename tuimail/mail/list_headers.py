"""What a mailing list says in the header (RFC 2919, RFC 2369, RFC 8058): its name, and how to write to it and leave it.

Pure and bounded. Nothing is done with a target here: an https address is called, a mail written only on request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.charset import decode
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.received_addresses import ReceivedAddress, received_addresses
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.mail.received_header import ReceivedHeader

_LONGEST = 2000
"""Characters of a target; a longer one is left out."""
_MOST = 10
"""Targets of a field."""
_LONGEST_ID = 255
_FIELD = 16 * 1024
"""Bytes of a field that are looked at."""
_TARGET = re.compile(r"<([^<>]*+)>")
_LIST_ID = re.compile(rb"<\s*+([^<>\s]{1,255})\s*+>")
_HOST = re.compile(r"https://([a-z0-9](?:[a-z0-9.-]{0,252}))(?::\d{1,5})?(?:[/?#]|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListHeaders:
    """The fields of a letter that came over a mailing list. Not sanitised."""

    list_id: str
    """As ``list_id`` gives it; empty if there is none."""
    post: str
    """Where to write to, a mailto link; empty if there is nowhere or nobody may."""
    unsubscribe_mail: str
    """A mailto link."""
    unsubscribe_web: str
    """An http or https link."""
    one_click: bool
    """``unsubscribe_web`` may be called by POST without a page (RFC 8058). Only ever true for https."""
    followup_to: tuple[ReceivedAddress, ...]
    """Where the sender wants answers to all to go (Mail-Followup-To)."""

    @property
    def unsubscribe_host(self) -> str:
        """The host that learns of it when ``unsubscribe_web`` is called; empty if it is not https."""
        match = _HOST.match(self.unsubscribe_web)
        return match[1].lower() if match else ""

    def line(self) -> str:
        """All of it as one line, safe to show; empty if there is nothing."""
        leave = "web" if self.unsubscribe_web else ""
        if self.unsubscribe_mail:
            leave = f"{leave} or mail" if leave else "mail"
        words = [
            f"List: {self.list_id}" if self.list_id else "",
            f"post: {self.post.removeprefix('mailto:').partition('?')[0]}" if self.post else "",
            f"unsubscribe: by {leave}" if leave else "",
        ]
        return safe_line(", ".join(filter(None, words)))


def list_headers(header: ReceivedHeader) -> ListHeaders:
    """The list fields of ``header``."""
    unsubscribe = _targets(header.value("list-unsubscribe"))
    web = next((target for target in unsubscribe if target.lower().startswith("https://")), "")
    click = b"".join(header.value("list-unsubscribe-post")[:_FIELD].lower().split()) == b"list-unsubscribe=one-click"
    plain_web = web or next((target for target in unsubscribe if target.lower().startswith("http://")), "")
    return ListHeaders(
        list_id=list_id(header.value("list-id")),
        post=_mail(_targets(header.value("list-post"))),
        unsubscribe_mail=_mail(unsubscribe),
        unsubscribe_web=plain_web,
        one_click=click and _HOST.match(plain_web) is not None,
        followup_to=received_addresses(header.value("mail-followup-to")),
    )


def list_id(value: bytes) -> str:
    """The identifier in a List-Id field, in lower case: ``list.example.org`` of ``The list <list.example.org>``."""
    if not value:
        return ""
    found = _LIST_ID.findall(value[-_FIELD:])
    raw = found[-1] if found else b"" if len(value) > _LONGEST_ID or b" " in value else value
    return raw.decode("utf-8", "replace").lower()


def _targets(value: bytes) -> list[str]:
    """The links of a field, in the order of preference of the sender; white space in them has no meaning."""
    text, _ = decode(value[:_FIELD], "")
    text = decode_header(text) if "=?" in text else text
    found = ("".join(match[1].split()) for match in _TARGET.finditer(text))
    kept = [target for target in found if 0 < len(target) <= _LONGEST and target.isprintable()]
    if not kept and "<" not in text and text.strip().lower().startswith(("https://", "http://", "mailto:")):
        kept = [each for each in text.split()[:1] if len(each) <= _LONGEST and each.isprintable()]
    return kept[:_MOST]


def _mail(targets: list[str]) -> str:
    return next((target for target in targets if target.lower().startswith("mailto:") and "@" in target), "")
