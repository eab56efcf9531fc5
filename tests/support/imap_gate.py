"""A way to a real IMAP server that is cut at chosen points of the talk, and hides capabilities of the server.

Clients come in without TLS, so that their commands can be told apart; the gate speaks TLS to the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.support.link_thread import served

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.dovecot import Dovecot

MOST = 1 << 24
"""Bytes of a line, literals apart."""
NOT_COUNTED = frozenset({b"CAPABILITY", b"AUTHENTICATE", b"LOGIN", b"ID", b"NOOP", b"IDLE", b"LOGOUT"})
"""Commands that are no points: they change nothing and read no mail."""

_COMMAND = re.compile(rb"(\S+) ((?:UID )?[A-Za-z]+)")
_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n\Z")
_NEW_UIDS = re.compile(rb"\[(?:COPYUID|APPENDUID) [^\]]*\] ?")


class Cut(StrEnum):
    """Where, at one command, the link is cut."""

    BEFORE = "before the command"
    INSIDE = "inside the command"
    UNANSWERED = "after the server has acted"
    HALF_ANSWERED = "inside the answer"
    AFTER = "after the answer"


class ImapGate:
    """Forwards connections. ``cuts`` and ``before`` may be set while it runs."""

    def __init__(self, target: Dovecot, *hidden: str) -> None:
        """Capabilities are ``hidden``, and what only a server with them says."""
        self.target = target
        self.hidden = frozenset(each.encode() for each in hidden)
        self.cuts: Mapping[int, Cut] = {}
        """By the number of the command, from 0, on all connections together."""
        self.passed: list[bytes] = []
        """The names of the commands that were counted."""
        self.before: Callable[[bytes], None] = lambda _name: None
        """Called with the name of each command before it is forwarded."""
        self.on_cut: Callable[[], None] = lambda: None
        self.context = ssl.create_default_context(cafile=str(target.ca_file))
        self.port = 0
        self._talks: set[_Talk] = set()

    async def serve(self, listening: socket.socket) -> None:
        """Forward what is connected to ``listening``, until it is cancelled."""
        server = await asyncio.start_server(self._forward, sock=listening, limit=MOST)
        try:
            await server.serve_forever()
        finally:
            for each in self._talks:
                each.drop()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(
            "127.0.0.1", self.target.imaps, ssl=self.context, server_hostname=self.target.host, limit=MOST
        )
        talk = _Talk(self, (reader, writer), there)
        self._talks.add(talk)
        await asyncio.gather(talk.commands(), talk.answers())
        self._talks.discard(talk)

    def shown(self, line: bytes) -> bytes:
        """A line of the server without what is hidden."""
        if b"CAPABILITY" in line:
            line = re.sub(rb" ([A-Z0-9=+-]+)", lambda it: b"" if it[1] in self.hidden else it[0], line)
        return _NEW_UIDS.sub(b"", line) if b"UIDPLUS" in self.hidden else line


class _Talk:
    """One connection."""

    def __init__(
        self,
        gate: ImapGate,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._gate = gate
        self._from_client, self._to_client = here
        self._from_server, self._to_server = there
        self._cut: tuple[bytes, Cut] | None = None
        """Tag of the command at whose answer it is cut."""

    def drop(self) -> None:
        """End both sides; what was written arrives."""
        self._to_client.close()
        self._to_server.close()

    async def commands(self) -> None:
        """Forward what the client says."""
        with contextlib.suppress(OSError):
            while line := await self._from_client.readline():
                if self._is_cut_at(line):
                    return
                self._to_server.write(line)
                if found := _LITERAL.search(line):
                    await self._to_server.drain()
                    self._to_server.write(await self._from_client.readexactly(int(found[1])))
                await self._to_server.drain()
        self.drop()

    def _is_cut_at(self, line: bytes) -> bool:
        """Count the command that begins with this line; whether the link is cut before its end."""
        gate = self._gate
        command = _COMMAND.match(line)
        if command is None or command[2] in NOT_COUNTED:
            return False
        gate.before(command[2])
        cut = gate.cuts.get(len(gate.passed))
        gate.passed.append(command[2])
        if cut not in (Cut.BEFORE, Cut.INSIDE):
            self._cut = None if cut is None else (command[1], cut)
            return False
        if cut is Cut.INSIDE:
            self._to_server.write(line[: len(line) // 2])
        gate.on_cut()
        self.drop()
        return True

    async def answers(self) -> None:
        """Forward what the server says."""
        held = b""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while line := await self._whole_line():
                if self._cut is None or line.startswith(b"+"):
                    self._to_client.write(line)
                    await self._to_client.drain()
                    continue
                tag, cut = self._cut
                held += line
                if line.startswith(tag + b" "):
                    told = {Cut.HALF_ANSWERED: held[: len(held) // 2], Cut.AFTER: held}.get(cut, b"")
                    self._to_client.write(told)
                    await self._to_client.drain()
                    self._gate.on_cut()
                    break
        self.drop()

    async def _whole_line(self) -> bytes:
        """The server's next line with its literals."""
        line = part = self._gate.shown(await self._from_server.readline())
        while found := _LITERAL.search(part):
            part = await self._from_server.readexactly(int(found[1])) + await self._from_server.readline()
            line += part
        return line


@contextlib.contextmanager
def imap_gate(target: Dovecot, *hidden: str) -> Iterator[ImapGate]:
    """A gate on a thread of its own."""
    gate = ImapGate(target, *hidden)
    with served(gate.serve, "imap gate") as gate.port:
        yield gate
