"""What a web server answers (RFC 9110, RFC 9112): bounded, read in linear time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

MOST_BYTES = 256 * 1024
"""Of a body."""
MOST_FIELDS = 100
"""Lines of a header."""


class HttpResponse(NamedTuple):
    """One response."""

    status: int
    fields: dict[str, str]
    """Header fields; their names are in lower case."""
    body: bytes
    """Empty if it was not wanted."""


class UnwantedBodyError(Exception):
    """The body is too large, or compressed; the text is a sentence."""


async def read_response(reader: asyncio.StreamReader, *, wanted: Callable[[int], bool]) -> HttpResponse:
    """A response; its body is read if it is ``wanted`` for its status.

    Raises:
        ValueError, asyncio.LimitOverrunError: it is not HTTP.
        UnwantedBodyError: its body is too large or compressed.
        asyncio.IncompleteReadError, OSError: the connection ended.
    """
    status = _status(await reader.readuntil(b"\r\n"))
    fields = await _fields(reader)
    if fields.get("content-encoding", "identity").casefold() != "identity":
        raise UnwantedBodyError("The file is compressed, which was not asked for.")
    body = await _body(reader, fields) if wanted(status) else b""
    return HttpResponse(status, fields, body)


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise ValueError(line)
    return int(rest[:3])


async def _fields(reader: asyncio.StreamReader) -> dict[str, str]:
    fields: dict[str, str] = {}
    for _ in range(MOST_FIELDS):
        line = (await reader.readuntil(b"\r\n")).decode("latin-1").strip()
        if not line:
            return fields
        name, _, value = line.partition(":")
        fields[name.casefold()] = value.strip()
    raise ValueError("too many fields")


async def _body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if "transfer-encoding" in fields:
        if fields["transfer-encoding"].casefold() != "chunked":
            raise ValueError(fields["transfer-encoding"])
        return await _chunks(reader)
    length = fields.get("content-length")
    if length is not None:
        return await reader.readexactly(_within(_number(length, 10), 0))
    pieces: list[bytes] = []
    size = 0
    while piece := await reader.read(16_384):
        size += _within(len(piece), size)
        pieces.append(piece)
    return b"".join(pieces)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body (RFC 9112 section 7.1); what follows it is not read."""
    pieces: list[bytes] = []
    size = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        length = _number(line.partition(b";")[0].decode("ascii").strip(), 16)
        if not length:
            return b"".join(pieces)
        size += _within(length, size)
        # Tiny chunks would cost far more memory and time than the bytes they hold.
        if len(pieces) > MOST_BYTES // 64:
            raise ValueError("too many chunks")
        pieces.append(await reader.readexactly(length))
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("no line end after a chunk")


def _number(text: str, base: int) -> int:
    if not 0 < len(text) <= 8 or not text.isalnum():
        raise ValueError(text)
    return int(text, base)


def _within(more: int, so_far: int) -> int:
    if so_far + more > MOST_BYTES:
        raise UnwantedBodyError(f"The file is larger than {MOST_BYTES // 1024} KiB.")
    return more
