"""Charsets of received mail: which codec a name means, and text from bytes without ever raising.

Names are read as browsers read them (WHATWG Encoding): what is called ISO-8859-1 is Windows-1252, GB2312 is GB18030.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

UNDECLARED = ""
"""The codec of what has no usable name: UTF-8 if it is valid, else Windows-1252."""

_LONGEST_NAME = 40
_ALIASES = {
    "": UNDECLARED,
    "8bit": UNDECLARED,
    "ansix341968": UNDECLARED,
    "ascii": UNDECLARED,
    "binary": UNDECLARED,
    "usascii": UNDECLARED,
    "unknown": UNDECLARED,
    "unknown8bit": UNDECLARED,
    "xunknown": UNDECLARED,
    "xuserdefined": UNDECLARED,
    "iso88591": "cp1252",
    "isolatin1": "cp1252",
    "l1": "cp1252",
    "latin1": "cp1252",
    "iso88599": "cp1254",
    "latin5": "cp1254",
    "iso885911": "cp874",
    "tis620": "cp874",
    "iso88598e": "iso8859-8",
    "iso88598i": "iso8859-8",
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "xgbk": "gb18030",
    "euccn": "gb18030",
    "big5": "cp950",
    "xbig5": "cp950",
    "euckr": "cp949",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "windows949": "cp949",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "xeucjp": "euc-jp",
    "macintosh": "mac-roman",
    "xmacroman": "mac-roman",
    "unicode11utf8": "utf-8",
    "utf8mb4": "utf-8",
}
_REFUSED = frozenset(
    {"utf7", "unicode11utf7", "unicodeescape", "rawunicodeescape", "idna", "punycode", "undefined", "mbcs", "oem"}
    | {"charmap", "xutf7", "csunicode11utf7"}
)
"""Python codecs that are not mail charsets, and UTF-7, which hides characters from filters."""


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str | None:
    """Python's name of the codec for ``charset``; UNDECLARED for an empty name and for ASCII, None if there is none."""
    if len(charset) > _LONGEST_NAME:
        return None
    plain = re.sub(r"[^a-z0-9]", "", charset.lower())
    if plain in _REFUSED:
        return None
    codec = _ALIASES.get(plain, charset.strip())
    try:
        b"a".decode(codec or "utf-8", "replace")  # refuses codecs that are not of text
    except (LookupError, ValueError):
        return None
    return codec


def decode(raw: bytes, charset: str, *, cut: bool = False) -> tuple[str, bool]:
    """``raw`` as text, and whether ``charset`` is one that can be read.

    Undecodable bytes become U+FFFD. If ``cut``, an incomplete character at the end is left out. Not sanitised: the text
    may contain ESC, even if ``raw`` does not.
    """
    codec = codec_of(charset)
    if codec:
        return _decoded(raw, codec, "replace", cut=cut), True
    try:
        return _decoded(raw, "utf-8", "strict", cut=cut), codec is not None
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), codec is not None


def _decoded(raw: bytes, codec: str, errors: str, *, cut: bool) -> str:
    if cut and errors == "strict":
        return codecs.getincrementaldecoder(codec)(errors).decode(raw)
    if cut:
        # Only what the last bytes would become is left out. UTF-16 without its mark has no incremental decoder.
        return raw.decode(codec, errors).removesuffix("\ufffd")
    return raw.decode(codec, errors)
