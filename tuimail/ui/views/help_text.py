"""The help of a screen: what it is for, its keys from the command table, and the way of a letter. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.widgets.cells import Line, Role, Span, fit, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.ui.commands.command import Command
    from tuimail.ui.commands.keymap import Keymap

_MARGIN = "   "
_KEYS = 16

WAY = """\
 you press send
      |
   queued ---> sending ---> sent, and filed in Sent
    ^   ^         |
    |   |         +--> in 4 min    the server is busy: tried again
    |   +---------+
    |             +--> needs you   refused, sign-in, or no answer
    +---- your word -------+"""

OUTBOX_WORDS = (
    "A letter is on disk before the composer closes. From then on the program does the work, whatever you do.",
    "!  failed: the server refused it for good. Mend the address, edit it, retry it, or delete it.",
    "?  uncertain: the last answer was lost, so it may have arrived. Resolve it: it was sent, or resend it.",
    "#  the account is held: password, certificate, quota. Mend it, check it again; its letters follow.",
    ".  waiting: it goes next, or at the time shown.",
    "z  held: until the time shown, or until you release it.",
    "~  being sent.     +  sent; the copy is being filed.",
)


def help_lines(heading: str, words: str, commands: Sequence[Command], keymap: Keymap, width: int) -> list[Line]:
    """Every line of the help screen."""
    room = max(20, width - len(_MARGIN) * 2)
    lines: list[Line] = [(Span(_MARGIN), Span(heading, Role.ACCENT))]
    lines += [(Span(_MARGIN + part),) for part in wrap(words, room)] if words else []
    lines += [(), (Span(_MARGIN), Span("Keys", Role.ACCENT))]
    for command in commands:
        keys = keymap.all_keys(command.id)
        if not keys:
            continue
        text = f"{command.title}. {command.help}"
        for index, part in enumerate(wrap(text, room - _KEYS)):
            lines.append((Span(_MARGIN + fit(keys if index == 0 else "", _KEYS - 1) + " ", Role.KEY), Span(part)))
    lines += [(), (Span(_MARGIN), Span("The way of a letter", Role.ACCENT)), ()]
    lines += [(Span(_MARGIN + line),) for line in WAY.splitlines()]
    lines.append(())
    for sentence in OUTBOX_WORDS:
        lines += [(Span(_MARGIN + part),) for part in wrap(sentence, room)]
    return lines
