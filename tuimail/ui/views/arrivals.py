"""What arrived at the demo's mail server as one line each, and the state of that server in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tuimail.mail.size import format_size
from tuimail.ui.text.cells import Line, Span, TextRole, fit

if TYPE_CHECKING:
    from tuimail.demo.server import Faults, Received


@dataclass(frozen=True, slots=True)
class Arrival:
    """One letter at the server, numbered from 1."""

    number: int
    letter: Received


def arrival_line(arrival: Arrival, width: int) -> Line:
    """Time, from whom, to whom, subject, size."""
    letter = arrival.letter
    then = datetime.fromtimestamp(letter.at).astimezone()
    when = then.strftime("%H:%M:%S" if then.date() == datetime.now(then.tzinfo).date() else "%d %b")
    first, *others = letter.recipients
    recipients = f"{first} +{len(others)}" if others else first
    size = format_size(letter.size)
    note = "" if letter.answered else "reply swallowed"
    room = width - 2 - 10 - 9 - 2
    to_width = room * 2 // 5
    subject_width = room - to_width - (len(note) + 2 if note else 0)
    return (
        Span("  "),
        Span(fit(when, 10), TextRole.DIM),
        Span(fit(recipients, to_width - 2) + "  "),
        Span(fit(letter.subject, subject_width), TextRole.STRONG),
        Span(f"  {note}" if note else "", TextRole.UNCERTAIN),
        Span(fit(size, 9, right=True), TextRole.DIM),
    )


def server_state(faults: Faults) -> str:
    """What the server is doing, in one sentence."""
    if faults.down:
        return "The server is down: nobody can connect."
    wrong = []
    if faults.busy:
        wrong.append("it is busy and puts every sender off (451)")
    if faults.swallow:
        wrong.append("it will keep the next letter and hang up without a reply")
    if faults.refused:
        wrong.append(f"it refuses {', '.join(sorted(faults.refused))}")
    return f"The server is up; {'; '.join(wrong)}." if wrong else "The server is up and takes everything."
