"""The people of the demo answer what is sent to them, and only that."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

import pytest

from tuimail.clock import SystemClock
from tuimail.compose.build import build
from tuimail.compose.draft import Draft
from tuimail.config.model import Identity
from tuimail.demo.answer_delivery import AnswerDelivery
from tuimail.demo.answers import QUOTED, PlannedAnswer, plan_answers
from tuimail.demo.letters.people import PEOPLE
from tuimail.demo.manners import MANNERS, SILENT
from tuimail.demo.server import HOST, DemoServer, Received
from tuimail.mail.content import whole
from tuimail.mail.encoded_word import decode_header
from tuimail.mail.message_text import message_text
from tuimail.mail.mime_tree import read_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.mail.mime_tree import ReceivedPart

NOW = 1_795_000_000.0
ADA = "ada@analytical.example"
ID = "<one@analytical.example>"


def written(to: str, subject: str = "The mill", body: str = "It turns.", **fields: object) -> bytes:
    draft = Draft(account="work", to=to, subject=subject, body=body, **fields)  # type: ignore[arg-type]
    message = build(draft, Identity(ADA, "Ada Lovelace"), "work", now=NOW, message_id=ID)
    return whole(message.content)


def planned(to: str, **rest: str) -> list[PlannedAnswer]:
    return plan_answers(written(to, **rest), [to], ADA)


def read(answer: PlannedAnswer) -> ReceivedPart:
    return read_tree(answer.content(NOW + answer.delay))


def text(answer: PlannedAnswer) -> str:
    return "\n".join(line.text for line in message_text(read(answer)).lines)


def test_an_answer_goes_into_the_thread() -> None:
    content = written(
        "mary@somerville.example",
        "Re: Dinner",
        in_reply_to="<b@c.example>",
        references=("<a@c.example>", "<b@c.example>"),
    )
    (answer,) = plan_answers(content, ["mary@somerville.example"], ADA)
    header = read(answer).header
    assert header.value("in-reply-to").strip() == ID.encode()
    assert header.value("references").split() == [b"<a@c.example>", b"<b@c.example>", ID.encode()]
    assert decode_header(header.value("subject")).strip() == "Re: Dinner"
    assert header.value("from").strip() == b"Mary Somerville <mary@somerville.example>"
    assert header.value("to").strip() == b"Ada Lovelace <ada@analytical.example>"


def test_an_answer_quotes_the_letter_without_its_signature() -> None:
    (answer,) = planned("mary@somerville.example", body="It turns.\n\n> You asked.\n\n-- \nAda")
    lines = [line.text for line in message_text(read(answer)).lines if line.depth]
    assert lines == ["> It turns.", ">", ">> You asked."]
    assert "Ada Lovelace wrote:" in text(answer)


def test_a_long_letter_is_quoted_in_part() -> None:
    (answer,) = planned("mary@somerville.example", body="\n".join(f"Line {n}" for n in range(500)))
    assert sum(line.depth > 0 for line in message_text(read(answer)).lines) == QUOTED + 1
    assert "> [...]" in text(answer)


def test_a_question_is_answered_otherwise_than_news() -> None:
    manner = MANNERS["clement@lathes.example"]
    (asked,) = planned("clement@lathes.example", body="Can it be made?")
    (told,) = planned("clement@lathes.example", body="It is made.")
    assert asked.words in manner.asked
    assert told.words in manner.told


def test_somebody_may_write_twice() -> None:
    first, second = planned("charles@engines.example")
    assert 0 < first.delay < second.delay
    assert read(first).header.value("message-id") != read(second).header.value("message-id")
    assert second.words == MANNERS["charles@engines.example"].afterthought


def test_a_file_is_named(tmp_path: Path) -> None:
    from tuimail.compose.draft import Attachment

    (tmp_path / "mill.png").write_bytes(b"x" * 300_000)
    attachment = Attachment(str(tmp_path / "mill.png"), "mill.png", "image/png", 300_000)
    content = written("clement@lathes.example", attachments=(attachment,))
    (answer,) = plan_answers(content, ["clement@lathes.example"], ADA)
    assert "mill.png" in text(answer)


def test_several_recipients_answer_in_the_order_of_their_delays() -> None:
    to = ["luigi@torino.example", "Clement@Lathes.example", "stranger@example.net"]
    answers = plan_answers(written(", ".join(to)), to, ADA)
    assert [each.person.address for each in answers] == ["clement@lathes.example", *["luigi@torino.example"] * 2]
    assert [each.delay for each in answers] == sorted(each.delay for each in answers)


@pytest.mark.parametrize("to", [*sorted(SILENT), "stranger@example.net"])
def test_programs_lists_and_strangers_stay_silent(to: str) -> None:
    assert planned(to) == []


def test_an_automatic_letter_is_not_answered() -> None:
    content = b"Auto-Submitted: auto-replied\r\n" + written("mary@somerville.example")
    assert plan_answers(content, ["mary@somerville.example"], ADA) == []


@pytest.mark.parametrize("address", sorted(person.address for person in PEOPLE.values()))
def test_everybody_writes_a_letter_that_can_be_read(address: str) -> None:
    for body in ("News.", "A question?"):
        for answer in planned(address, subject="\u202eüber die Mühle", body=body):
            shown = text(answer)
            assert answer.words.split("\n")[0][:40] in shown
            assert "{" not in shown
            assert "\u202e" not in answer.content(NOW).decode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"Message-ID: nonsense\r\n\r\nx",
        b"Subject: \x1b[2J\r\nDate: never\r\nFrom: \xff\r\n\r\n\x1b]0;x\x07",
    ],
)
def test_a_letter_of_any_form_is_answered(content: bytes) -> None:
    (answer,) = plan_answers(content, ["mary@somerville.example"], ADA)
    raw = answer.content(NOW)
    assert b"\x1b" not in raw
    assert read_tree(raw).header.value("to").strip().endswith(b"ada@analytical.example")


class Later:
    """Keeps what is to be done later."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, action: Callable[[], None]) -> None:
        self.calls.append((seconds, action))

    def run(self) -> None:
        for _, action in self.calls:
            action()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "m" / part).mkdir(parents=True)
    return tmp_path / "m"


def received(to: str = "charles@engines.example", sender: str = ADA) -> Received:
    content = written(to)
    return Received(NOW, sender, (to,), "The mill", len(content), content)


def test_answers_are_delivered_when_their_time_has_come(maildir: Path) -> None:
    later = Later()
    AnswerDelivery({ADA: maildir}, later, now=lambda: NOW).letter_arrived(received())
    assert [seconds for seconds, _ in later.calls] == [5, 14]
    assert not list((maildir / "new").iterdir())
    later.run()
    files = list((maildir / "new").iterdir())
    assert len(files) == 2
    assert all(b"\r" not in file.read_bytes() and ":" not in file.name for file in files)
    assert not list((maildir / "tmp").iterdir())
    assert {file.stat().st_mtime for file in files} == {NOW}


def test_what_is_waiting_can_be_delivered_at_once_and_comes_once(maildir: Path) -> None:
    later = Later()
    delivery = AnswerDelivery({ADA: maildir}, later)
    delivery.letter_arrived(received())
    delivery.deliver_waiting()
    later.run()
    assert len(list((maildir / "new").iterdir())) == 2


def test_a_letter_of_another_sender_gets_no_answer(maildir: Path) -> None:
    later = Later()
    AnswerDelivery({ADA: maildir}, later).letter_arrived(received(sender="<>"))
    assert later.calls == []


def test_a_mailbox_that_is_gone_stops_nothing(maildir: Path) -> None:
    later = Later()
    AnswerDelivery({ADA: maildir / "gone"}, later).letter_arrived(received())
    later.run()
    assert not (maildir / "gone").exists()


def test_the_server_tells_of_letters_that_were_sent_but_not_of_samples(maildir: Path) -> None:
    server = DemoServer(speed=100_000_000)
    arrived: list[Received] = []
    server.on_letter = arrived.append
    server.keep(received())
    server.set(refused=frozenset({"kim@grants.example"}))
    server.start()
    try:
        with smtplib.SMTP(HOST, server.port, local_hostname="[127.0.0.1]", timeout=10) as client:
            client.sendmail(ADA, ["mary@somerville.example", "kim@grants.example"], written("mary@somerville.example"))
            client.noop()
    finally:
        server.stop()
    assert [each.recipients for each in arrived] == [("mary@somerville.example",)]
    assert arrived[0].at <= SystemClock().now()
