"""The Attchmnt line: the files that go along, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tuimail.mail.size import format_size
from tuimail.mail.text import safe_line
from tuimail.ui.text.typed_text import clean_text
from tuimail.ui.widgets.header_field import FieldLabel
from tuimail.ui.widgets.text_editor import leave

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from tuimail.compose.draft import Attachment

KINDS = {
    "application/pdf": "PDF",
    "application/zip": "archive",
    "application/gzip": "archive",
    "application/x-tar": "archive",
    "application/x-7z-compressed": "archive",
    "application/json": "text",
    "application/msword": "document",
    "application/rtf": "document",
    "application/vnd.ms-excel": "spreadsheet",
    "application/vnd.ms-powerpoint": "slides",
    "application/vnd.oasis.opendocument.text": "document",
    "application/vnd.oasis.opendocument.spreadsheet": "spreadsheet",
    "application/vnd.oasis.opendocument.presentation": "slides",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "spreadsheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "slides",
    "message/rfc822": "mail",
    "text/calendar": "calendar",
    "text/csv": "table",
    "text/html": "web page",
    "text/vcard": "card",
}
FAMILIES = {"image": "picture", "audio": "sound", "video": "film", "text": "text", "font": "font"}


def kind(content_type: str) -> str:
    """A word for a MIME type: "spreadsheet"; "file" when none is known."""
    content_type = content_type.lower()
    return KINDS.get(content_type) or FAMILIES.get(content_type.partition("/")[0], "file")


class AttachmentList(Widget, can_focus=True):
    """Rows of attachments; a bar on one of them while it has the keys."""

    DEFAULT_CSS = """
    AttachmentList { height: auto; min-height: 1; width: 1fr; max-height: 6; }
    AttachmentList > .attachment--here { text-style: reverse; }
    AttachmentList > .attachment--dim { text-style: dim; }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"attachment--here", "attachment--dim"}
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("enter,tab", "leave(1)", show=False, priority=True),
        Binding("shift+tab", "leave(-1)", show=False, priority=True),
        Binding("delete,backspace,ctrl+d", "remove", show=False),
    ]

    attachments: reactive[tuple[Attachment, ...]] = reactive((), layout=True)
    here = reactive(0)

    class Removed(Message):
        """``attachment`` was taken off the letter."""

        def __init__(self, attachment: Attachment) -> None:
            super().__init__()
            self.attachment = attachment

    class Typed(Message):
        """A file name is being typed (or was dropped) here."""

        def __init__(self, text: str, *, pasted: bool) -> None:
            super().__init__()
            self.text = text
            self.pasted = pasted

    def render(self) -> Text:
        """``1. budget.ods (48 KB, spreadsheet)``."""
        if not self.attachments:
            # The bar shows where the keys go, as a cursor does in the other fields.
            return Text(" ", style="reverse") if self.has_focus else Text("")
        rows = []
        for index, each in enumerate(self.attachments):
            row = Text(no_wrap=True, overflow="ellipsis", end="")
            row.append(f"{index + 1}. {_shown(each.name)}")
            detail = f" ({format_size(each.size)}, {kind(each.content_type)})"
            row.append(detail, self.get_component_rich_style("attachment--dim", partial=True))
            if self.has_focus and index == self.here:
                row.stylize(self.get_component_rich_style("attachment--here", partial=True))
            rows.append(row)
        return Text("\n", no_wrap=True, overflow="ellipsis").join(rows)

    def validate_here(self, here: int) -> int:
        """Within the list."""
        return max(0, min(here, len(self.attachments) - 1))

    def action_move(self, step: int) -> None:
        """To the row above or below; out of the field at its ends."""
        if 0 <= self.here + step < len(self.attachments):
            self.here += step
        else:
            self.action_leave(step)

    def action_leave(self, step: int) -> None:
        """To the next field or the one before."""
        leave(self, step)

    def action_remove(self) -> None:
        """Take the attachment under the bar off the letter."""
        if not self.attachments:
            return
        gone = self.attachments[self.here]
        self.attachments = self.attachments[: self.here] + self.attachments[self.here + 1 :]
        self.here = self.validate_here(self.here)
        self.post_message(self.Removed(gone))

    def on_focus(self) -> None:
        """Show the bar."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the bar."""
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Typing a name begins the question for a file."""
        if event.is_printable and event.character and not event.key.startswith(("alt+", "ctrl+")):
            event.stop()
            self.post_message(self.Typed(event.character, pasted=False))

    def on_paste(self, event: events.Paste) -> None:
        """Files dropped on the terminal arrive as a paste of their names."""
        event.stop()
        self.post_message(self.Typed(clean_text(event.text), pasted=True))

    def on_click(self, event: events.Click) -> None:
        """Put the bar on the row under the mouse."""
        self.here = event.y


class AttachmentField(Horizontal):
    """The label and the list."""

    DEFAULT_CSS = """
    AttachmentField { height: auto; width: 1fr; }
    """

    def __init__(self, attachments: tuple[Attachment, ...] = ()) -> None:
        super().__init__(id="field-attachment")
        self.label = FieldLabel("Attchmnt")
        self.list = AttachmentList()
        self.list.attachments = attachments

    def compose(self) -> ComposeResult:
        """Label and list."""
        yield self.label
        yield self.list

    @property
    def focus_target(self) -> Widget:
        """What takes the keys of this field."""
        return self.list

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The files that go along."""
        return self.list.attachments

    @attachments.setter
    def attachments(self, attachments: tuple[Attachment, ...]) -> None:
        self.list.attachments = attachments
        self.list.here = self.list.validate_here(self.list.here)


def _shown(name: str) -> str:
    return safe_line(name)
