"""The letter as a form: header fields, attachments, text. Knows a Draft and nothing of the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from tuimail.mail.flowed import SIGNATURE_HEAD
from tuimail.ui.widgets.address_field import AddressField
from tuimail.ui.widgets.attachment_field import AttachmentField
from tuimail.ui.widgets.body_editor import BodyEditor
from tuimail.ui.widgets.cut_buffer import CutBuffer
from tuimail.ui.widgets.header_field import HeaderField
from tuimail.ui.widgets.identity_field import IdentityField, SenderChoice

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuimail.compose.draft import Draft
    from tuimail.ui.widgets.address_field import Complete
    from tuimail.ui.widgets.identity_field import Sender
    from tuimail.ui.widgets.text_editor import TextEditor

RICH_FIELDS = ("bcc", "reply_to")
"""Shown when they hold something or when asked for."""


class Separator(Widget):
    """``----- Message text -----`` across the window."""

    DEFAULT_CSS = "Separator { height: 1; text-style: dim; }"
    ALLOW_SELECT = False

    def render(self) -> Text:
        """One line of dashes."""
        words = "----- Message text "
        return Text(words + "-" * max(0, self.size.width - len(words)), no_wrap=True)


class LetterForm(Vertical):
    """Edits one draft."""

    DEFAULT_CSS = """
    LetterForm { padding: 0 1; }
    LetterForm #header { height: auto; }
    """

    class Changed(Message):
        """Something of the letter changed."""

    class Checked(Message):
        """The cursor left the address field ``field``: its text may be checked."""

        def __init__(self, field: AddressField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, draft: Draft, senders: tuple[Sender, ...], complete: Complete) -> None:
        super().__init__()
        self.draft = draft
        self.cuts = CutBuffer()
        self.rich = False
        self.sender = IdentityField(senders, draft.account, draft.identity)
        self.to = AddressField("to", "To", draft.to, complete=complete, cuts=self.cuts)
        self.cc = AddressField("cc", "Cc", draft.cc, complete=complete, cuts=self.cuts)
        self.bcc = AddressField("bcc", "Bcc", draft.bcc, complete=complete, cuts=self.cuts)
        self.reply_to = AddressField("reply_to", "Reply-To", draft.reply_to, complete=complete, cuts=self.cuts)
        self.attachment = AttachmentField(draft.attachments)
        self.subject = HeaderField("subject", "Subject", draft.subject, cuts=self.cuts)
        self.body = BodyEditor(draft.body or self._fresh_body(), cuts=self.cuts, id="text")
        self._start = self.snapshot()

    def compose(self) -> ComposeResult:
        """Header, line, text."""
        with Vertical(id="header"):
            yield from self.fields
        yield Separator()
        yield self.body

    def on_mount(self) -> None:
        """Rare fields are hidden; the cursor goes to the first thing that is missing."""
        self.show_rich(False)
        first = next((field for field in (self.to, self.subject) if not field.value.strip()), None)
        (first.focus_target if first else self.body).focus()

    # -- the draft
    def snapshot(self) -> Draft:
        """The draft as it stands in the form."""
        sender = self.sender.sender
        return replace(
            self.draft,
            account=sender.account if sender else self.draft.account,
            identity=sender.identity.address if sender else self.draft.identity,
            to=self.to.value,
            cc=self.cc.value,
            bcc=self.bcc.value,
            reply_to=self.reply_to.value,
            subject=self.subject.value,
            body=self.body.body,
            attachments=self.attachment.attachments,
        )

    @property
    def untouched(self) -> bool:
        """Nothing was changed since it was opened."""
        return self.snapshot() == self._start

    @property
    def empty(self) -> bool:
        """Nothing worth keeping was typed; a signature alone is nothing."""
        draft = self.snapshot()
        return draft.empty or (self.untouched and replace(draft, body="").empty and not self.draft.body)

    def _fresh_body(self) -> str:
        sender = self.sender.sender
        fresh = not self.draft.created_at and sender is not None
        return SIGNATURE_HEAD + sender.identity.signature if fresh and sender and sender.identity.signature else ""

    # -- the fields
    @property
    def fields(self) -> tuple[HeaderField | AttachmentField | IdentityField, ...]:
        """From top to bottom."""
        return (self.sender, self.to, self.cc, self.bcc, self.reply_to, self.attachment, self.subject)

    @property
    def stops(self) -> list[Widget]:
        """Where the cursor can stop, from top to bottom, the text last."""
        return [*(field.focus_target for field in self.fields if field.display), self.body]

    def field_of(self, name: str) -> Widget:
        """What takes the keys for the part ``name`` of a draft ("to", "attachment", "from"); else the text."""
        field = next((field for field in self.fields if field.id == f"field-{name}"), None)
        if field is None:
            return self.body
        field.display = True
        return field.focus_target

    def show_rich(self, rich: bool) -> None:
        """Show every field, or only those that hold something (and From, if there is a choice)."""
        self.rich = rich
        # Shown where there is something to choose, and where there is no identity.
        self.sender.display = rich or len(self.sender.choice.choices) != 1
        for field in (self.bcc, self.reply_to):
            field.display = rich or bool(field.value) or field.editor.has_focus

    def move(self, step: int) -> None:
        """To the next stop, or the one before."""
        stops = self.stops
        focused = self.screen.focused
        if focused in stops:
            index = max(0, min(stops.index(focused) + step, len(stops) - 1))
            # At once: Widget.focus() would wait until the keys typed ahead were handed out.
            self.screen.set_focus(stops[index])

    def on_descendant_focus(self) -> None:
        """The label of the field with the cursor is bright."""
        focused = self.screen.focused
        for field in self.fields:
            field.label.set_class(field.focus_target is focused, "-here")

    def on_sender_choice_changed(self, event: SenderChoice.Changed) -> None:
        """The signature goes with the sender, if it stands there as it was put."""
        event.stop()
        before, now = event.before.identity.signature, event.now.identity.signature
        body = self.body.body
        if before != now and before and body.endswith(SIGNATURE_HEAD + before):
            self._sign(body[: -len(SIGNATURE_HEAD + before)], now)
        elif not before and now and not body.strip():
            self._sign("", now)
        self.post_message(self.Changed())

    def _sign(self, text: str, signature: str) -> None:
        cursor = self.body.cursor_location
        self.body.replace(text + (SIGNATURE_HEAD + signature if signature else ""), (0, 0), self.body.document.end)
        self.body.move_cursor(cursor)

    def on_header_field_changed(self, event: HeaderField.Changed) -> None:
        """A field was typed in."""
        event.stop()
        self.post_message(self.Changed())

    def on_text_area_changed(self, event: TextEditor.Changed) -> None:
        """The text was typed in."""
        event.stop()
        self.post_message(self.Changed())

    def on_address_field_left(self, event: AddressField.Left) -> None:
        """Pass it on; a rare field that was left empty goes away."""
        event.stop()
        if not self.rich and event.field.field in RICH_FIELDS and not event.field.value:
            event.field.display = False
        self.post_message(self.Checked(event.field))
