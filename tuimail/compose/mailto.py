"""mailto: links (RFC 6068), which are untrusted.

A link may set recipients, subject and text, all of which the user sees. It may not attach files, set the sender or add
hidden recipients; such fields are ignored and reported.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from tuimail.errors import InjectionError, MessageError
from tuimail.mail.header import check_text, is_message_id
from tuimail.mail.text import safe_line

MAX_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class Mailto:
    """The fields of a link; address fields are lists as typed, not parsed yet."""

    to: str = ""
    cc: str = ""
    subject: str = ""
    body: str = ""
    in_reply_to: str = ""
    ignored: tuple[str, ...] = ()
    """Names of the ignored fields, safe to show."""


def parse_mailto(url: str) -> Mailto:
    """The fields of ``url``.

    Raises:
        MessageError: it is not a mailto link, or not UTF-8.
        InjectionError: it contains a line end, NUL or another control character.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or scheme.strip().casefold() != "mailto" or len(url) > MAX_LENGTH:
        raise MessageError(
            f'"{safe_line(url)[:80]}" is not a mailto link.', hint="It looks like mailto:ada@example.org"
        )
    addresses, _, query = rest.partition("#")[0].partition("?")
    if addresses.startswith("//"):
        # As if it were the address of a page: mailto://ada@example.org/
        addresses = addresses[2:].removesuffix("/")
    lists: dict[str, list[str]] = {"to": _addresses("To", addresses), "cc": []}
    texts: dict[str, str] = {}
    ignored: list[str] = []
    for item in query.replace("&amp;", "&").split("&"):
        if not item:
            continue
        raw_name, _, raw_value = item.partition("=")
        name = _decoded(raw_name).casefold()
        if name in lists:
            lists[name] += _addresses(name.title(), raw_value)
        elif name in ("subject", "in-reply-to") and name not in texts:
            texts[name] = _decoded(raw_value)
            check_text(name.title(), texts[name])
        elif name == "body":
            body = _body(_decoded(raw_value))
            texts[name] = f"{texts[name]}\n{body}" if name in texts else body
        else:
            ignored.append(safe_line(name)[:40])
    in_reply_to = texts.get("in-reply-to", "").strip()
    if in_reply_to and not is_message_id(in_reply_to):
        ignored.append("in-reply-to")
        in_reply_to = ""
    return Mailto(
        to=", ".join(lists["to"]),
        cc=", ".join(lists["cc"]),
        subject=texts.get("subject", ""),
        body=texts.get("body", ""),
        in_reply_to=in_reply_to,
        ignored=tuple(dict.fromkeys(ignored)),
    )


def _addresses(name: str, raw: str) -> list[str]:
    """Commas part addresses before they are decoded; an encoded one belongs to an address."""
    found = [_decoded(each).strip(" ") for each in raw.split(",")]
    for each in found:
        check_text(name, each)
    return [each for each in found if each]


def _body(text: str) -> str:
    lines = text.replace("\r\n", "\n")
    for char in lines:
        if char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cs"}:
            raise InjectionError(
                f"The link contains a control character (U+{ord(char):04X}) in its text.",
                hint="Do not trust it; write the letter yourself.",
                field="body",
            )
    return lines


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeError:
        raise MessageError("The mailto link is not UTF-8.", hint="Write the letter yourself.") from None
