"""The message index with the message under the cursor beside it, where there is room."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical

from tuimail.mail.own_addresses import OwnAddresses
from tuimail.ui.screens.index import IndexScreen
from tuimail.ui.screens.listing import SIDE_BY_SIDE

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.message_reader import MessageReader
    from tuimail.mail.message_ref import MessageRef
    from tuimail.ui.widgets.preview_pane import PreviewPane


class PreviewedIndexScreen(IndexScreen):
    """The index, and from SIDE_BY_SIDE columns on a preview. Looking at that never marks a message read."""

    DEFAULT_CSS = """
    PreviewedIndexScreen #beside { height: 1fr; }
    PreviewedIndexScreen #listed { width: 1fr; }
    PreviewedIndexScreen PreviewPane { padding: 1 0 0 2; }
    """

    def __init__(self, request: IndexRequest, seek: MessageRef | None = None) -> None:
        super().__init__(request, seek)
        self.preview: PreviewPane | None = None
        """Made when there is room for it the first time."""

    def _now(self) -> float:
        return self.program.engine.clock.now()

    def compose_body(self) -> ComposeResult:
        """What the index is limited to; titles and list; the message."""
        yield self.banner
        with Horizontal(id="beside"), Vertical(id="listed"):
            yield self.titles
            yield self.list

    def on_resize(self, event: events.Resize) -> None:
        """One alone, or side by side."""
        beside = event.size.width >= SIDE_BY_SIDE
        if self.preview is None and beside:
            from tuimail.ui.widgets.preview_pane import PreviewPane

            self.preview = PreviewPane(lambda: self._reader, clock=self._now)
            self.query_one("#beside").mount(self.preview)
        if self.preview is not None:
            self.preview.display = beside
            self.preview.styles.width = event.size.width // 2
            self.preview.look(self.entry)

    def selection_changed(self) -> None:
        """Another message, or the same one as it is now."""
        super().selection_changed()
        if self.preview is not None and self.preview.is_mounted:
            self.preview.look(self.entry)

    @cached_property
    def _reader(self) -> MessageReader:
        from tuimail.engine.message_reader import MessageReader

        engine = self.program.engine
        addresses = [each.address for account in engine.config.accounts.values() for each in account.identities]
        return MessageReader(engine.mail, OwnAddresses(addresses))
