"""Actions on a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tuimail.ui.actions.answering import open_draft
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.text.quoted import quoted

if TYPE_CHECKING:
    from tuimail.compose.draft import Draft
    from tuimail.ui.protocols import Action, HasList, HasSelection

    class DraftList(HasList, HasSelection[Draft], Protocol):
        """The list of drafts."""


async def open_(screen: DraftList) -> None:
    """Go on writing."""
    draft = screen.selected
    if draft is None:
        screen.say("There is no draft to open.")
        return
    await open_draft(screen.program, await screen.program.engine.drafts.open(draft.id))


async def discard(screen: DraftList) -> None:
    """Delete it, after a question."""
    draft = screen.selected
    if draft is None:
        screen.say("There is no draft to delete.")
        return
    if await screen.prompts.ask_yes_no(f"Delete the draft {quoted(draft.subject)} for good?", default=False):
        await screen.program.engine.drafts.drop(draft)
        screen.say(f"The draft {quoted(draft.subject)} was deleted.")
        screen.reload()


ACTIONS: dict[str, Action[DraftList]] = {**LIST_ACTIONS, "open": open_, "discard": discard}
