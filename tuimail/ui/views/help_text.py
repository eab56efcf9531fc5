"""The help of a screen: what it is for, a picture, its keys from the command table. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.command import Context
from tuimail.ui.commands.table import EVERYWHERE, READERS
from tuimail.ui.text.cells import Line, Span, TextRole, fit, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.ui.commands.command import Command
    from tuimail.ui.commands.keymap import Keymap

_MARGIN = "   "
_KEYS = 16

WAY = """\
send -> queued -> sending -> sent, filed in Sent
          ^ ^        |
          | +--------+  server busy: tried again
          |          |
          +- you say +  refused, or no answer"""

FORM = """\
To, Cc, Attchmnt, Subject    whom it goes to
------ Message text ------
your words                   saved as you type
      | send
      v
a last look -> outbox        undo takes it back"""

FRAME = """\
+-----------------------------------------------+
| where you are     accounts, letters that wait |
|                                               |
| the list; the bar is on the selected line     |
|                                               |
| what just happened, and how to undo it        |
| two rows of keys: what works here and now     |
+-----------------------------------------------+"""

PICTURES = {
    Context.MENU: FRAME,
    Context.OUTBOX: WAY,
    Context.ITEM: WAY,
    Context.DRAFTS: FORM,
    Context.SENT: WAY,
    Context.SENT_ITEM: WAY,
    Context.SERVER: WAY,
    Context.COMPOSE_HEADER: FORM,
    Context.COMPOSE_BODY: FORM,
    Context.SEND_DIALOG: WAY,
}
"""A sketch for the screens that have one: the screen itself, or the way of a letter. At most 54 cells wide."""

MARKS = (
    "!  failed: the server refused it for good. Mend the address, edit it, retry it, or delete it.",
    "?  uncertain: the last answer was lost, so it may have arrived. Resolve it: it was sent, or resend it.",
    "#  the account is held: password, certificate, quota. Mend it, check it again; its letters follow.",
    ".  waiting: it goes next, or at the time shown.",
    "z  held: until the time shown, or until you release it.",
    "~  being sent.     +  sent; the copy is being filed.",
    "A letter is on disk before the composer closes. From then on the program does the work, whatever you do.",
)

_GENERAL = {command.id for command in (*EVERYWHERE, *READERS)}


def help_lines(where: Context, purpose: str, commands: Sequence[Command], keymap: Keymap, width: int) -> list[Line]:
    """Every line of the help: what the screen is for, its picture, its own keys, then those of all screens."""
    room = max(20, width - len(_MARGIN) * 2)
    lines: list[Line] = [(Span(_MARGIN), Span(where.heading, TextRole.ACCENT))]
    lines += [(Span(_MARGIN + part),) for part in wrap(purpose, room)] if purpose else []
    picture = PICTURES.get(where)
    if picture:
        lines += [(), *((Span(_MARGIN + line, TextRole.STRONG),) for line in picture.splitlines())]
    own = [command for command in commands if command.id not in _GENERAL]
    lines += _keys("Keys of this screen", own, keymap, room)
    if where in (Context.OUTBOX, Context.ITEM):
        lines += [(), (Span(_MARGIN), Span("The marks before the letters", TextRole.ACCENT))]
        for sentence in MARKS:
            lines += [(Span(_MARGIN + part),) for part in wrap(sentence, room)]
    general = [command for command in commands if command.id in _GENERAL]
    lines += _keys("Keys of every screen" if own else "Keys", general, keymap, room)
    return lines


def _keys(heading: str, commands: Sequence[Command], keymap: Keymap, room: int) -> list[Line]:
    lines: list[Line] = [(), (Span(_MARGIN), Span(heading, TextRole.ACCENT))]
    for command in commands:
        keys = keymap.all_keys(command.id)
        if not keys:
            continue
        text = f"{command.title}. {command.help}"
        for index, part in enumerate(wrap(text, room - _KEYS)):
            lines.append((Span(_MARGIN + fit(keys if index == 0 else "", _KEYS - 1) + " ", TextRole.KEY), Span(part)))
    return lines if len(lines) > 2 else []
