"""Decodes the text of a file or of another program. Pure.

The same rules apply to every way by which such a text gets into a letter.
"""

from __future__ import annotations

import codecs

_OTHERWISE = "tuimail.windows-1252"
_BY_MARK = (
    (codecs.BOM_UTF8, "utf-8-sig", _OTHERWISE),
    (codecs.BOM_UTF16_LE, "utf-16", "replace"),
    (codecs.BOM_UTF16_BE, "utf-16", "replace"),
)


def decoded(raw: bytes) -> str:
    """``raw`` as text: in the charset its byte order mark names, else UTF-8.

    Bytes that are no UTF-8 are read as Windows-1252, which is Latin-1 with quotes, dashes and the euro; the UTF-8
    around them stays, as in a log that two programs wrote. What is no character there either becomes U+FFFD.
    """
    for mark, charset, otherwise in _BY_MARK:
        if raw.startswith(mark):
            return raw.decode(charset, otherwise)
    return raw.decode("utf-8", _OTHERWISE)


def plain_lines(text: str) -> str:
    r"""``text`` for the composer: every CRLF, CR and LF ends a line and becomes ``\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def verbatim_lines(text: str) -> str:
    r"""``text`` with ``\n`` for its own line end, which is CRLF or CR if no LF stands alone in it.

    Where both kinds occur a CR is a character of its line: a patch of a file from Windows, a progress bar.
    """
    ends = text.count("\n")
    if not ends:
        return text.replace("\r", "\n")
    return text.replace("\r\n", "\n") if ends == text.count("\r\n") else text


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_OTHERWISE, _windows_1252)
