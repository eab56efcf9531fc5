"""Asking for a time to come, in human words; what they mean is shown while they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import UsageError
from tuimail.events import Severity

if TYPE_CHECKING:
    from tuimail.dates.parse_date import ParsedDate
    from tuimail.ui.protocols import Frame

EXAMPLES = "18:30, tomorrow 9am, monday 8:00, in 2 hours"


async def ask_time(screen: Frame) -> ParsedDate | None:
    """Ask when; a time that is not understood is asked for again, as it was typed. None when cancelled."""
    from tuimail.dates.parse_date import understand

    clock = screen.program.engine.clock

    async def meaning(typed: str) -> str:
        if not typed.strip():
            return f"For example: {EXAMPLES}"
        try:
            found = await understand(typed, clock.now())
        except UsageError as error:
            return str(error)
        return f"= {found.text}" + (f"  {found.note}" if found.note else "")

    typed = ""
    while True:
        answer = await screen.prompts.ask(
            "Send when?", initial=typed, help_text=f"For example: {EXAMPLES}.", meaning=meaning
        )
        if answer is None or not answer.strip():
            return None
        try:
            return await understand(answer, clock.now())
        except UsageError as error:
            typed = answer
            screen.say(f"{error}  {error.hint}".strip(), Severity.WARNING)
