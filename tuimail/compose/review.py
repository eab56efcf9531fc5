"""Checks a letter before it is sent, for the send dialog. Pure except for checking the attached files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.compose import attachment as files
from tuimail.compose.build import build, sender_of
from tuimail.config.model import Identity
from tuimail.errors import AddressError, AttachmentError, MessageError
from tuimail.mail.address import parse_addresses
from tuimail.mail.confusables import plain_form
from tuimail.mail.flowed import SIGNATURE
from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuimail.compose.draft import Attachment, Draft
    from tuimail.config.model import Account
    from tuimail.mail.address import Address

MANY_RECIPIENTS = 20
LARGE = 20 * 1024 * 1024
"""Encoded size in bytes; many servers accept at most 25 MB."""
_BASE64_GROWTH = 78 / 57

_SPEAKS_OF_ATTACHMENT = re.compile(
    r"\b(?:attach|attached|attaching|attachments?|enclosed|enclosures?|enclose"
    r"|anbei|anhang|anhänge|anhängen|angehängt\w*|beigefügt\w*|beiliegend\w*|anlage|anlagen"
    r"|pi[èe]ces?[ -]jointes?|ci-jointe?s?|en annexe"
    r"|adjunto|adjunta|adjuntos|adjuntas|adjuntado|en anexo|em anexo|anexo|anexos|anexado"
    r"|allegato|allegati|allegata|allego|bijlage|bijlagen|bijgevoegd\w*"
    r"|bifogad\w*|bifogar|vedlagt|vedhæftet|vedlegg|liite|liitteenä|oheis\w*"
    r"|załącznik\w*|załączam|příloha|příloze|csatol\w*|mellékl\w*|ataşat|ekte"
    r"|вложени\w*|прикладыва\w*|прикрепл\w*|додаток|συνημμέν\w*)\b"
    r"|附件|附上|附檔|添付|첨부",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """One problem or warning."""

    field: str
    """"to", "cc", "bcc", "reply-to", "subject", "body", "attachment", "from"; of an extra header field its name."""
    text: str
    fatal: bool = False
    """The letter cannot be sent like this; otherwise it is a warning."""


@dataclass(frozen=True, slots=True)
class Review:
    """The letter as it would be sent."""

    sender: str
    account: str
    via: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    attachments: tuple[str, ...]
    """"budget.ods (48 KB)"."""
    size: int
    """Approximate size in bytes when encoded."""
    findings: tuple[ReviewFinding, ...] = ()

    @property
    def fatal(self) -> bool:
        """The letter cannot be sent like this."""
        return any(finding.fatal for finding in self.findings)


def review(draft: Draft, account: Account, *, check: Callable[[Attachment], None] = files.check) -> Review:
    """Review ``draft`` as sent by ``account``; ``check`` raises if a file can no longer be read.

    Finds all problems at once, not one per attempt; strings are safe to show.
    """
    identity = account.identity_for(draft.identity) if draft.identity else account.identity
    writer = identity or Identity(draft.identity)
    findings: list[ReviewFinding] = []
    lists: dict[str, tuple[Address, ...]] = {}
    for field, typed in (("to", draft.to), ("cc", draft.cc), ("bcc", draft.bcc), ("reply-to", draft.reply_to)):
        try:
            lists[field] = parse_addresses(typed, field=field)
        except AddressError as error:
            lists[field] = ()
            findings.append(ReviewFinding(field, str(error), fatal=True))
    recipients = [address for field in ("to", "cc", "bcc") for address in lists[field]]
    if not recipients and not any(finding.field in ("to", "cc", "bcc") for finding in findings):
        findings.append(ReviewFinding("to", "The letter has no recipient.", fatal=True))
    findings += _about_files(draft, check)
    size = len(draft.body.encode("utf-8", "replace")) + 1000
    size += sum(int(each.size * _BASE64_GROWTH) + 300 for each in draft.attachments)
    findings += _about_the_rest(draft, writer)
    findings += _warnings(draft, account, lists, identity=identity, size=size)
    return Review(
        sender=safe_line(_sender(writer)),
        account=account.name,
        via=account.via,
        to=_shown(lists["to"]),
        cc=_shown(lists["cc"]),
        bcc=_shown(lists["bcc"]),
        attachments=tuple(f"{safe_line(each.name)} ({format_size(each.size)})" for each in draft.attachments),
        size=size,
        findings=tuple(findings),
    )


def speaks_of_attachment(body: str) -> str:
    """The word by which the user's own text (not a quote, not the signature) mentions a file; else empty."""
    for line in body.split("\n"):
        if line == SIGNATURE:
            break
        if not line.startswith(">") and (match := _SPEAKS_OF_ATTACHMENT.search(line)):
            return match[0]
    return ""


def _sender(identity: Identity) -> str:
    try:
        return str(sender_of(identity))
    except MessageError:
        return str(identity)


def _shown(addresses: tuple[Address, ...]) -> tuple[str, ...]:
    return tuple(safe_line(f"{address}{_aside(plain_form(address.domain))}") for address in addresses)


def _aside(plain: str) -> str:
    return f"  ({plain})" if plain else ""


def _about_files(draft: Draft, check: Callable[[Attachment], None]) -> Iterator[ReviewFinding]:
    for each in draft.attachments:
        try:
            check(each)
        except AttachmentError as error:
            yield ReviewFinding("attachment", str(error), fatal=True)


def _about_the_rest(draft: Draft, writer: Identity) -> Iterator[ReviewFinding]:
    """Freeze the draft without its files and recipients, so that the dialog never promises what freezing refuses."""
    alone = replace(draft, to="a@example.org", cc="", bcc="", reply_to="", attachments=())
    # One at a time, because freezing stops at the first error.
    plain = replace(alone, subject="", body="", headers=(), in_reply_to="", references=())
    pieces = (
        plain,
        replace(plain, subject=draft.subject),
        replace(plain, body=draft.body),
        replace(plain, headers=draft.headers),
        replace(plain, in_reply_to=draft.in_reply_to, references=draft.references),
    )
    sound = Identity("a@example.org")
    for piece in pieces:
        try:
            build(piece, writer if piece is plain else sound, "", now=0.0)
        except MessageError as error:
            yield ReviewFinding(error.field, str(error), fatal=True)


def _warnings(
    draft: Draft, account: Account, lists: dict[str, tuple[Address, ...]], *, identity: Identity | None, size: int
) -> Iterator[ReviewFinding]:
    if identity is None:
        words = f"{safe_line(draft.identity)} is not an address of the account {account.name}."
        yield ReviewFinding("from", words)
    if not draft.subject.strip():
        yield ReviewFinding("subject", "The letter has no subject.")
    if not draft.body.strip():
        yield ReviewFinding("body", "The letter has no text.")
    word = "" if draft.attachments else speaks_of_attachment(draft.body)
    if word:
        yield ReviewFinding("attachment", f'The text says "{safe_line(word)}", but no file is attached.')
    seen: set[str] = set()
    for field in ("to", "cc", "bcc"):
        for address in lists[field]:
            if address.key in seen:
                yield ReviewFinding(field, f"{safe_line(address.addr_spec)} is listed twice; it gets the letter once.")
            seen.add(address.key)
    visible = len({address.key for field in ("to", "cc") for address in lists[field]})
    if visible > MANY_RECIPIENTS:
        yield ReviewFinding("to", f"All {visible} recipients see each other's addresses; Bcc would hide them.")
    if size > LARGE:
        yield ReviewFinding("attachment", f"The letter is about {format_size(size)}; many servers refuse that much.")
