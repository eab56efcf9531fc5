"""Parser for a server's replies (RFC 5321 section 4.2, RFC 2034). No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tuimail.mail.text import safe_line
from tuimail.submission.result import Reply

MAX_BYTES = 65536
"""Maximum length of a reply with all its lines."""
CLEAR_LINE = 8192
"""Maximum length of a line before TLS; after TLS a SASL challenge (RFC 4954 section 4) may be longer."""
MAX_LINES = 100
"""Maximum number of lines in a reply."""
MAX_TEXT = 1000
"""Characters of a reply's text that are kept."""

_LINE = re.compile(rb"([2-5][0-9]{2})(?:(-)(.*)|[ \t](.*)|([A-Za-z].*))?", re.DOTALL)
"""RFC 5321 section 4.2.1, and two unambiguous deviations: a TAB instead of the space, or no space before the text."""
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)\s*")


class GarbledReplyError(ValueError):
    """The server does not speak SMTP: a line without a code, or a reply that is too long."""


@dataclass(frozen=True, slots=True)
class RawReply:
    """One reply as received, line by line."""

    code: int
    lines: tuple[str, ...]
    """The text of each line, without code and line end; not sanitised."""
    mixed: bool = False
    """The codes of its lines begin with different digits; ``code`` is that of the last line."""

    @property
    def reply(self) -> Reply:
        """The reply sanitised and shortened, with its enhanced code if that agrees with the code."""
        enhanced = ""
        words = []
        for line in self.lines:
            match = _ENHANCED.match(line)
            found = f"{match[1]}.{int(match[2])}.{int(match[3])}" if match else ""
            if match and int(match[1]) == self.code // 100 and enhanced in ("", found):
                enhanced = found
                words.append(line[match.end() :].strip())
            else:
                words.append(line.strip())
        text = safe_line(" ".join(word for word in words if word))
        if len(text) > MAX_TEXT:
            text = text[: MAX_TEXT - 1] + "…"
        return Reply(self.code, enhanced, text, self.mixed)


class ReplyReader:
    """Splits a stream of bytes into replies."""

    def __init__(self, longest: int = MAX_BYTES) -> None:
        self.longest = longest
        """Maximum length of a line in bytes."""
        self._buffer = bytearray()
        self._searched = 0
        self._classes: set[int] = set()
        self._lines: list[str] = []
        self._bytes = 0

    @property
    def pending(self) -> bool:
        """An incomplete reply has been received."""
        return bool(self._buffer or self._lines)

    def feed(self, data: bytes) -> list[RawReply]:
        """Take ``data`` and return the replies it completes, in order.

        Raises:
            GarbledReplyError: the data is not a reply, or a line or a reply is too long. The reader is unusable
                afterwards.
        """
        self._buffer += data
        replies: list[RawReply] = []
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            self._searched = 0
            self._bytes += end + 1
            if end > self.longest:
                raise GarbledReplyError(f"a line of more than {self.longest} bytes")
            if reply := self._line(line):
                replies.append(reply)
        self._searched = len(self._buffer)
        if len(self._buffer) > self.longest:
            raise GarbledReplyError(f"a line of more than {self.longest} bytes")
        if self._bytes + len(self._buffer) > MAX_BYTES:
            raise GarbledReplyError(f"a reply of more than {MAX_BYTES} bytes")
        return replies

    def _line(self, line: bytes) -> RawReply | None:
        if not line.strip() and not self._lines:
            return None  # between two replies
        match = _LINE.fullmatch(line)
        if len(self._lines) >= MAX_LINES or self._bytes > MAX_BYTES:
            raise GarbledReplyError("a reply without an end")
        if match is None:
            if not self._lines:
                raise GarbledReplyError(f"not a reply: {line[:80].decode('utf-8', 'replace')!r}")
            self._lines.append(line.decode("utf-8", "replace"))  # text between two lines of one reply
            return None
        self._classes.add(int(match[1]) // 100)
        self._lines.append((match[3] or match[4] or match[5] or b"").decode("utf-8", "replace"))
        if match[2]:
            return None
        reply = RawReply(int(match[1]), tuple(self._lines), mixed=len(self._classes) > 1)
        self._lines, self._bytes = [], 0
        self._classes.clear()
        return reply
