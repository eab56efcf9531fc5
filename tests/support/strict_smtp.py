"""A loopback SMTP server that keeps RFC 5321's order of commands strictly and answers each of them at random.

What it takes is recorded: a letter is taken when its transaction was in order and its dot was answered, or was to be
answered when the connection broke.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

OK = "ok"
LATER = "later"
NEVER = "never"
GOOD_BYE = "good-bye"
DROP = "drop"
GARBAGE = "garbage"
CONTRADICTION = "contradiction"
WRONG_CLASS = "wrong class"

_CODES = {LATER: ("450", "451", "452"), NEVER: ("550", "552", "553", "554", "501", "502", "555", "503")}


@dataclass(frozen=True)
class Taken:
    """A letter the server has."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes


@dataclass
class StrictServer:
    """Use as an async context manager. ``trouble`` is the share of commands that do not get their good answer."""

    random: Random
    trouble: float
    extensions: tuple[str, ...] = ()
    software: str = "Postfix"
    forgets: bool = False
    """What follows a command in the same packet is thrown away: PIPELINING is offered and not kept."""
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    nested: int = 0
    """MAIL inside a transaction."""
    commands: list[str] = field(default_factory=list)

    async def __aenter__(self) -> StrictServer:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await _Session(self, reader, writer).run()
        except (EOFError, OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self.random.random() < 0.3 else writer.close()

    def mood(self, *bad: str) -> str:
        """How the next command is answered."""
        return self.random.choice(bad) if self.random.random() < self.trouble else OK


class _Session:
    def __init__(self, server: StrictServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.sender: str | None = None
        self.recipients: list[str] = []

    async def run(self) -> None:
        await self.say(f"220 mx.example ESMTP {self.server.software}")
        while True:
            line = await self.line()
            self.server.commands.append(line)
            verb, _, rest = line.partition(" ")
            await getattr(self, f"on_{verb.lower()}", self.on_unknown)(rest)

    async def line(self) -> str:
        line = (await self.reader.readuntil(b"\r\n")).decode()
        if self.server.forgets and line.startswith(("MAIL", "RCPT")):
            self.forget()
        return line.removesuffix("\r\n")

    def forget(self) -> None:
        buffer = self.reader._buffer  # type: ignore[attr-defined]
        buffer.clear()

    async def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    async def answer(self, mood: str, good: str) -> None:
        code = self.server.random.choice(_CODES.get(mood, ("",)))
        match mood:
            case "ok":
                odd = [(f"{good[:3]}-more", good), ("", good)] if self.server.trouble else []
                await self.say(*self.server.random.choice([(good,), *odd]))
            case "later" | "never":
                await self.say(f"{code} by chance")
            case "contradiction":
                await self.say(f"{self.server.random.choice('24')}50-one thing", "550 and another")
            case "wrong class":
                await self.say(self.server.random.choice(["250 ok", "354 go on", "220 hello"]))
            case "garbage":
                await self.say("\x01what?")
            case "good-bye":
                await self.say("421 4.3.2 closing by chance")
                raise EOFError
            case _:
                raise EOFError

    async def on_ehlo(self, _: str) -> None:
        lines = ["mx.example", *self.server.extensions]
        await self.say(*(f"250{'-' if each is not lines[-1] else ' '}{each}" for each in lines))

    async def on_mail(self, rest: str) -> None:
        if self.sender is not None:
            self.server.nested += 1
            await self.say("503 5.5.1 nested MAIL")
            return
        mood = self.server.mood(LATER, NEVER, GOOD_BYE, DROP, GARBAGE)
        if mood is OK:
            self.sender, self.recipients = _path(rest), []
        await self.answer(mood, "250 ok")

    async def on_rcpt(self, rest: str) -> None:
        if self.sender is None:
            await self.say("503 5.5.1 out of order: RCPT")
            return
        mood = self.server.mood(LATER, NEVER, NEVER, GOOD_BYE, DROP, GARBAGE)
        if mood is OK:
            self.recipients.append(_path(rest))
        await self.answer(mood, "250 ok")

    async def on_data(self, _: str) -> None:
        if self.sender is None:
            await self.say("503 5.5.1 out of order: DATA")
            return
        if not self.recipients and self.server.random.random() < 0.5:
            await self.say("554 5.5.1 no valid recipients")
            return
        mood = self.server.mood(LATER, NEVER, GOOD_BYE, DROP, GARBAGE)
        await self.answer(mood, "354 go on")
        if mood is OK:
            await self.take()

    async def take(self) -> None:
        body = b""
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            body += line.removeprefix(b".")
            if self.server.random.random() < self.server.trouble / 8:
                await self.answer(self.server.mood(LATER, NEVER, GOOD_BYE), "550 too much")
                raise EOFError
        letter = Taken(self.sender or "", tuple(self.recipients), body)
        self.sender, self.recipients = None, []
        if self.server.forgets:
            self.forget()
        mood = self.server.mood(LATER, NEVER, GOOD_BYE, DROP, GARBAGE, CONTRADICTION, WRONG_CLASS)
        if mood is OK or (mood in (DROP, GARBAGE, CONTRADICTION) and self.server.random.random() < 0.5):
            self.server.taken.append(letter)
        if mood is WRONG_CLASS:
            await self.say("354 what next?")
        else:
            await self.answer(mood, "250 2.0.0 taken")

    async def on_rset(self, _: str) -> None:
        self.sender, self.recipients = None, []
        await self.answer(self.server.mood(LATER, NEVER, DROP, GOOD_BYE), "250 ok")

    async def on_quit(self, _: str) -> None:
        await self.say("221 bye")
        raise EOFError

    async def on_unknown(self, _: str) -> None:
        await self.say("500 5.5.2 unknown")


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
