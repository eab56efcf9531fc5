"""A header field of addresses: completion while typing, a mark on what cannot be sent to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from tuimail.ui.widgets.completion import CompletionList, address_at, already_there, with_candidate
from tuimail.ui.widgets.header_field import HeaderField, LineEditor
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual import events
    from textual.app import ComposeResult

    from tuimail.ui.widgets.cut_buffer import CutBuffer

    Complete = Callable[[str], Awaitable[Sequence[str]]]
    """Gives addresses that fit what was typed, best first."""


class AddressEditor(LineEditor):
    """The editor of an address field: while candidates are shown, some keys are theirs."""

    popup: CompletionList
    complete: Complete

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While candidates are shown, the keys that leave are theirs, in the order in which they were typed."""
        if self.popup.shown and action in ("leave", "cursor_up", "cursor_down"):
            return False
        return super().check_action(action, parameters)

    async def on_key(self, event: events.Key) -> None:
        """While candidates are shown, some keys are theirs."""
        if not self.popup.shown:
            return
        if self.popup.fits != self.text and event.key in ("tab", "enter"):
            # More was typed since: these candidates are for something else.
            self.popup.offer(())
            self.action_leave(1)
        elif event.key in ("tab", "enter"):
            self.take(self.popup.choice)
        elif event.key in ("down", "ctrl+n"):
            self.popup.move(1)
        elif event.key in ("up", "ctrl+p"):
            self.popup.move(-1)
        elif event.key == "escape":
            self.popup.offer(())
        else:
            return
        event.stop()
        event.prevent_default()

    async def offer(self, *, unasked: bool = False) -> bool:
        """Show what fits the address at the cursor; False if nothing does.

        ``unasked``, nothing is shown for an empty or whole address, or away from its end.
        """
        text, (_, column) = self.text, self.cursor_location
        typed = address_at(text, column)
        if unasked and (not typed.text or column != typed.end):
            self.popup.offer(())
            return False
        found = await self.complete(typed.text)
        if self.text != text or self.cursor_location != (0, column) or not self.has_focus:
            return True
        self.popup.offer(() if unasked and already_there(typed.text, found) else found, fits=text)
        return bool(found)

    def take(self, candidate: str) -> None:
        """Put ``candidate`` in place of the address being typed."""
        _, column = self.cursor_location
        text, after = with_candidate(self.text, address_at(self.text, column), self.tidy(candidate))
        self.replace(text, (0, 0), self.document.end)
        self.move_cursor((0, after))
        self.popup.offer(())


class AddressField(HeaderField):
    """Checked by its owner when ``Left`` says that the cursor went away."""

    class Left(Message):
        """The cursor left the field."""

        def __init__(self, field: AddressField) -> None:
            super().__init__()
            self.field = field

    def __init__(
        self, field: str, label: str, text: str = "", *, complete: Complete, cuts: CutBuffer | None = None
    ) -> None:
        self._complete = complete
        self.popup = CompletionList()
        super().__init__(field, label, text, cuts=cuts, joint=", ")

    def _make_editor(self, text: str, cuts: CutBuffer | None, joint: str) -> LineEditor:
        editor = AddressEditor(text, cuts=cuts, joint=joint)
        editor.popup = self.popup
        editor.complete = self._complete
        return editor

    def extras(self) -> ComposeResult:
        """The list of candidates."""
        yield self.popup

    def on_text_area_changed(self, event: LineEditor.Changed) -> None:
        """Look for candidates, the question before being void."""
        super().on_text_area_changed(event)
        event.prevent_default()
        if self.editor.has_focus and isinstance(self.editor, AddressEditor):
            offer = partial(self.editor.offer, unasked=True)
            start_worker(self, offer, group="completion", exclusive=True, exit_on_error=False)

    def on_completion_list_chosen(self, event: CompletionList.Chosen) -> None:
        """A candidate was clicked."""
        event.stop()
        assert isinstance(self.editor, AddressEditor)  # noqa: S101 - it was made above
        self.editor.take(event.candidate)
        self.editor.focus()

    def on_descendant_blur(self) -> None:
        """The cursor went away: no candidates, no dangling comma, and let it be checked."""
        self.popup.offer(())
        bare = self.value.rstrip()
        while bare and not address_at(bare, len(bare)).text:
            bare = bare[:-1].rstrip()
        if bare != self.value:
            self.editor.replace(bare, (0, 0), self.editor.document.end)
        self.post_message(self.Left(self))
