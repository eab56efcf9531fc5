"""Verbs on a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.actions.movement import LIST_VERBS
from tuimail.ui.navigation import quoted

if TYPE_CHECKING:
    from tuimail.ui.screens.drafts import DraftsScreen
    from tuimail.ui.screens.frame import Verb


async def open_(screen: DraftsScreen) -> None:
    """Go on writing."""
    draft = screen.selected
    if draft is None:
        screen.say("There is no draft to open.")
        return
    screen.program.open_composer(await screen.program.engine.drafts.open(draft.id))


async def discard(screen: DraftsScreen) -> None:
    """Delete it, after a question."""
    draft = screen.selected
    if draft is None:
        screen.say("There is no draft to delete.")
        return
    if await screen.ask_yes_no(f"Delete the draft {quoted(draft.subject)} for good?", default=False):
        await screen.program.engine.drafts.discard(draft.id)
        screen.say(f"The draft {quoted(draft.subject)} was deleted.")
        screen.reload()


VERBS: dict[str, Verb] = {**LIST_VERBS, "open": open_, "discard": discard}
