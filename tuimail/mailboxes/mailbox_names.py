"""Names of mailboxes in modified UTF-7 (RFC 3501 section 5.1.3), as IMAP and Maildir folders have them. Pure."""

from __future__ import annotations

import binascii
import re

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_PLAIN = re.compile(r"[\x20-\x7e]+")


def decode_name(name: str) -> str:
    """``name`` as people read it; what is no modified UTF-7 stays as it is."""
    return _SHIFTED.sub(_decoded, name) if "&" in name else name


def encode_name(name: str) -> str:
    """``name`` in modified UTF-7."""
    out, position = [], 0
    while position < len(name):
        plain = _PLAIN.match(name, position)
        end = plain.end() if plain else position
        out.append(name[position:end].replace("&", "&-"))
        position = end
        while end < len(name) and not " " <= name[end] <= "~":
            end += 1
        if end > position:
            shifted = binascii.b2a_base64(name[position:end].encode("utf-16-be", "surrogatepass"), newline=False)
            out.append(f"&{shifted.decode('ascii').rstrip('=').replace('/', ',')}-")
        position = end
    return "".join(out)


def own_wire(name: str, prefix: str, delimiter: str) -> str:
    """What a server calls a folder of the user's: below ``prefix`` (RFC 2342), such as ``INBOX.``, on Courier."""
    wire = encode_name(name.replace("/", delimiter))
    return wire if wire.startswith(prefix) else prefix + wire


def _decoded(match: re.Match[str]) -> str:
    if not match[1]:
        return "&"
    shifted = match[1].replace(",", "/")
    try:
        return binascii.a2b_base64(shifted + "=" * (-len(shifted) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return match[0]
