"""What deserves a notice, and where it goes."""

from __future__ import annotations

import pytest

from tuimail.ui.notices import GATHER, Announcement, Stretch, Troubles, on_desktop


def test_troubles_that_come_together_are_one_notice() -> None:
    troubles = Troubles()
    for at in range(5):
        troubles.letter(f"l{at}", "Refused.", 100.0 + at / 10)
    assert troubles.due(100.5) is None
    found = troubles.due(100.0 + GATHER)
    assert found is not None
    assert found.title == "5 letters need you"
    assert found.alarming
    assert troubles.due(200.0) is None


def test_fifty_letters_behind_one_password_are_one_account() -> None:
    troubles = Troubles()
    troubles.account("work", "the password was refused", 0.0)
    for at in range(50):
        troubles.letter(f"l{at}", "blocked", 0.1)
    assert troubles.due(3.0) == Announcement("An account cannot send", "work: the password was refused", alarming=True)


def test_a_clock_set_back_holds_no_notice_back() -> None:
    troubles = Troubles()
    troubles.letter("l", "x", 1000.0)
    assert troubles.due(10.0) is not None


@pytest.mark.parametrize(
    ("seconds", "sent", "yours", "body"),
    [(5, 10, 0, None), (5, 11, 0, "11 letters sent."), (61, 2, 0, "2 letters sent."), (61, 0, 3, None),
     (300, 1214, 2, "1,214 letters sent, 2 need you."), (300, 20, 1, "20 letters sent, 1 needs you.")],
)  # fmt: skip
def test_a_long_queue_ends_with_a_summary(seconds: float, sent: int, yours: int, body: str | None) -> None:
    stretch = Stretch()
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
    assert on_desktop(wanted, environment) is shown


async def test_a_desktop_that_takes_no_notices_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuimail.ui import desktop

    def broken() -> object:
        raise ImportError("no bus here")

    monkeypatch.setattr(desktop, "_load", broken)
    there = desktop.Desktop()
    assert await there.show(Announcement("A letter needs you")) is False
    assert await there.show(Announcement("Another")) is False


async def test_words_of_others_are_no_markup_on_the_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuimail.ui import desktop

    sent: list[dict[str, str]] = []

    class Notifier:
        async def send(self, **words: str) -> None:
            sent.append(words)

    monkeypatch.setattr(desktop, "_load", Notifier)
    monkeypatch.setattr("sys.platform", "linux")
    assert await desktop.Desktop().show(Announcement("A <b> title", '<a href="http://e">Ann & Bob</a>'))
    assert sent == [{"title": "A <b> title", "message": '&lt;a href="http://e"&gt;Ann &amp; Bob&lt;/a&gt;'}]
