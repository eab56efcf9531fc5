"""What deserves a notice, and where it goes."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from jeepney import HeaderFields, Message, new_error, new_method_return
from jeepney.low_level import Parser

from tuimail.ui.desktop import Desktop
from tuimail.ui.notices import GATHER, Announcement, ProblemBatch, SendingRun, wants_desktop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def test_troubles_that_come_together_are_one_notice() -> None:
    troubles = ProblemBatch()
    for at in range(5):
        troubles.letter(f"l{at}", "Refused.", 100.0 + at / 10)
    assert troubles.due(100.5) is None
    found = troubles.due(100.0 + GATHER)
    assert found is not None
    assert found.title == "5 letters need you"
    assert found.alarming
    assert troubles.due(200.0) is None


def test_fifty_letters_behind_one_password_are_one_account() -> None:
    troubles = ProblemBatch()
    troubles.account("work", "the password was refused", 0.0)
    for at in range(50):
        troubles.letter(f"l{at}", "blocked", 0.1)
    assert troubles.due(3.0) == Announcement("An account cannot send", "work: the password was refused", alarming=True)


def test_a_clock_set_back_holds_no_notice_back() -> None:
    troubles = ProblemBatch()
    troubles.letter("l", "x", 1000.0)
    assert troubles.due(10.0) is not None


@pytest.mark.parametrize(
    ("seconds", "sent", "yours", "body"),
    [(5, 10, 0, None), (5, 11, 0, "11 letters sent."), (61, 2, 0, "2 letters sent."), (61, 0, 3, None),
     (300, 1214, 2, "1,214 letters sent, 2 need you."), (300, 20, 1, "20 letters sent, 1 needs you.")],
)  # fmt: skip
def test_a_long_queue_ends_with_a_summary(seconds: float, sent: int, yours: int, body: str | None) -> None:
    stretch = SendingRun()
    stretch.begin(50.0, 7)
    found = stretch.end(50.0 + seconds, 7 + sent, yours)
    assert (found.body if found else None) == body
    assert not stretch.running


HOME = {"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus"}


@pytest.mark.parametrize(
    ("wanted", "environment", "shown"),
    [("auto", HOME, True), ("auto", {**HOME, "SSH_TTY": "/dev/pts/1"}, False), ("auto", {"DISPLAY": ":0"}, False),
     ("auto", {}, False), ("always", {"SSH_TTY": "/dev/pts/1"}, True), ("never", HOME, False)],
)  # fmt: skip
def test_the_desktop_is_left_alone_over_ssh_and_where_there_is_none(
    wanted: str, environment: dict[str, str], shown: bool
) -> None:
    assert wants_desktop(wanted, environment) is shown


class Bus:
    """A session bus with a notification service that notes what it is asked, or refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.connections = 0
        self.calls: list[Message] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            assert (await reader.readline()).startswith(b"\0AUTH EXTERNAL ")
            writer.write(b"OK 0123456789abcdef0123456789abcdef\r\n")
            assert await reader.readline() == b"BEGIN\r\n"
            parser = Parser()
            serials = itertools.count(1)
            while data := await reader.read(4096):
                parser.add_data(data)
                while (call := parser.get_next_message()) is not None:
                    if call.header.fields[HeaderFields.member] == "Hello":
                        answer = new_method_return(call, "s", (":1.7",))
                    else:
                        self.calls.append(call)
                        answer = (
                            new_error(call, "org.freedesktop.DBus.Error.ServiceUnknown")
                            if self.refuses
                            else new_method_return(call, "u", (1,))
                        )
                    writer.write(answer.serialise(next(serials)))
        finally:
            writer.close()


@asynccontextmanager
async def session_bus(bus: Bus, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={folder / 'bus'}")
    async with await asyncio.start_unix_server(bus.serve, folder / "bus"):
        yield


async def test_a_notice_goes_over_the_session_bus_and_words_of_others_are_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus()
    desktop = Desktop()
    async with session_bus(bus, tmp_path, monkeypatch):
        assert await desktop.show(Announcement("A <b> title", '<a href="http://e">Ann & Bob</a>'))
        assert await desktop.show(Announcement("Another"))
    first, second = bus.calls
    assert first.header.fields[HeaderFields.destination] == "org.freedesktop.Notifications"
    assert first.header.fields[HeaderFields.member] == "Notify"
    assert first.body[:5] == (
        "tuimail", 0, "", "A <b> title", '&lt;a href="http://e"&gt;Ann &amp; Bob&lt;/a&gt;'
    )  # fmt: skip
    assert second.body[3:5] == ("Another", "")


async def test_a_desktop_that_takes_no_notices_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus(refuses=True)
    desktop = Desktop()
    async with session_bus(bus, tmp_path, monkeypatch):
        assert await desktop.show(Announcement("A letter needs you")) is False
        assert await desktop.show(Announcement("Another")) is False
    assert len(bus.calls) == bus.connections == 1


async def test_a_machine_without_a_session_bus_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    assert await Desktop().show(Announcement("A letter needs you")) is False
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert await Desktop().show(Announcement("A letter needs you")) is False


async def test_macos_shows_words_that_are_no_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "osascript"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$3" "$4" >> "{tmp_path}/shown"\nexit "${{STATUS:-0}}"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(sys, "platform", "darwin")
    desktop = Desktop()
    assert await desktop.show(Announcement('1 letter" & quit', "Ann & Bob"))
    assert (tmp_path / "shown").read_text() == '1 letter" & quit\nAnn & Bob\n'
    monkeypatch.setenv("STATUS", "1")
    assert await desktop.show(Announcement("Another")) is False
