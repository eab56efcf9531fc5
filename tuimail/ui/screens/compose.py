"""COMPOSE: the letter as a form, saved while it is written."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from tuimail.compose.draft import Draft
from tuimail.errors import AddressError, StorageError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.commands.bindings import bindings_for
from tuimail.ui.commands.command import Context
from tuimail.ui.screens.attachments import Attachments
from tuimail.ui.screens.autosave import AutosaveSchedule, DraftSaver
from tuimail.ui.screens.frame import FrameScreen
from tuimail.ui.text.typed_text import about_addresses
from tuimail.ui.widgets.identity_field import senders
from tuimail.ui.widgets.letter_form import LetterForm
from tuimail.ui.workers import start_worker

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.timer import Timer

    from tuimail.engine import Engine
    from tuimail.ui.commands.command import Command
    from tuimail.ui.messages import SettingsChanged
    from tuimail.ui.widgets.address_field import AddressField
    from tuimail.ui.widgets.attachment_field import AttachmentList

ONLY_IN_MEMORY = "The draft is only in memory until it can be saved; it is tried again every few seconds."


class ComposeScreen(FrameScreen):
    """Edits ``draft``, opened by ``engine.drafts.open`` or new; None makes an empty one."""

    SCREEN_NAME: ClassVar[str] = "COMPOSE"
    CONTEXT: ClassVar[Context] = Context.COMPOSE_HEADER
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for(Context.COMPOSE_HEADER, Context.COMPOSE_BODY)]
    HELP: ClassVar[str] = (
        "Write the letter: fill in the header, go down into the text, send it. Nothing has to be saved: the draft is "
        "on disk a few seconds after you stop typing, and is offered again if the program or the machine stops. "
        "Sending puts the letter into the outbox; you need not wait for it."
    )

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ComposeScreen #body { padding: 0; }
    ComposeScreen FieldLabel, ComposeScreen Separator { color: $mail-dim; text-style: none; }
    ComposeScreen FieldLabel.-here { color: $mail-title; text-style: bold; }
    ComposeScreen CompletionList { border-subtitle-color: $mail-label; }
    ComposeScreen BodyEditor {
        scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background; scrollbar-color: $panel; scrollbar-color-hover: $mail-dim;
        scrollbar-color-active: $accent; scrollbar-corner-color: $background;
    }
    ComposeScreen BodyEditor > .body--quote1 { color: $mail-quote1; }
    ComposeScreen BodyEditor > .body--quote2 { color: $mail-quote2; }
    ComposeScreen BodyEditor > .body--quote3 { color: $mail-quote3; }
    """

    form: LetterForm

    def __init__(self, draft: Draft | None = None) -> None:
        super().__init__()
        self.draft = draft if draft is not None else Draft()
        self.sending = False
        """The letter is being reviewed or stored; another ^X means nothing."""
        self.editing_outside = False
        self.searched = ""
        self.attachments = Attachments(self)
        self.closed = False
        """The draft was sent, postponed or given up: there is nothing to save any more."""
        self._pace = AutosaveSchedule()
        self._timer: Timer | None = None
        self._warned = False

    # -- the frame
    def compose_body(self) -> ComposeResult:
        """The form."""
        self.form = LetterForm(self.draft, senders(self.engine.config), self.engine.drafts.complete)
        self.keeper = DraftSaver(self.form.snapshot(), self.engine.drafts.save)
        yield self.form

    def on_mount(self) -> None:
        """Say at once if there is no account to send by."""
        settings = self.engine.config
        if not settings.accounts:
            file = safe_line(str(settings.file or self.engine.paths.config_file))
            wrong = "No account can be used until the mistakes in {} are mended; Accounts lists them."
            none = "There is no account yet in {}. Add one with: tuimail account add."
            # A fault of the file as a whole has no key.
            faulty = any(not each.warning and each.key.split(".")[0] in ("", "accounts") for each in settings.problems)
            message = (wrong if faulty else none).format(file)
            self.say(f"{message} Until then a letter can be written and kept, not sent.", Severity.WARNING)

    def on_settings_changed(self, _message: SettingsChanged) -> None:
        """Others to write as; the one chosen stays."""
        self.form.sender.offer(senders(self.engine.config))

    @property
    def engine(self) -> Engine:
        """The engine of the app."""
        return self.program.engine

    @property
    def stored(self) -> Draft:
        """The draft as it is on disk."""
        return self.keeper.stored

    @property
    def context(self) -> Context:
        """Header or text, by the cursor."""
        in_text = self.focused is not None and self.focused is self.form.body
        return Context.COMPOSE_BODY if in_text else Context.COMPOSE_HEADER

    @property
    def on_attachments(self) -> bool:
        """The cursor is on the Attchmnt line."""
        return self.focused is self.form.attachment.list

    def fits(self, command: Command) -> bool:
        """Whether there is something to do it to."""
        match command.id:
            case "detach":
                return bool(self.form.attachment.attachments)
            case "uncut":
                return bool(self.form.cuts.text) or self.form.body.justified
        return super().fits(command)

    def label(self, command: Command) -> str:
        """Some keys mean a little more on some lines."""
        match command.id:
            case "uncut" if self.context is Context.COMPOSE_BODY and self.form.body.justified:
                return "Unjustify"
            case "cut-line" if self.context is Context.COMPOSE_BODY and not self.form.body.selection.is_empty:
                return "Cut text"
            case "cut-line" if self.on_attachments:
                return "Remove"
            case "address-book" if self.on_attachments:
                return "Files"
            case "address-book" if self.focused is self.form.sender.choice:
                return "Next one"
        return super().label(command)

    def on_descendant_focus(self) -> None:
        """The keys are others in the header and in the text."""
        if self.prompts.current is None:
            self.refresh_keys()

    def on_text_area_selection_changed(self) -> None:
        """A region is cut, a line is cut: the label says which."""
        self.refresh_keys()

    # -- saving
    def on_letter_form_changed(self, event: LetterForm.Changed) -> None:
        """Save soon."""
        event.stop()
        self._pace.changed(time.monotonic())
        self._arm()
        if self.prompts.current is None:
            self.refresh_keys()

    def _arm(self) -> None:
        wait = self._pace.due_in(time.monotonic())
        if wait is not None and self._timer is None and not self.closed:
            # Textual divides by the delay.
            self._timer = self.set_timer(max(wait, 0.01), self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._pace.due_in(time.monotonic()) == 0:
            self._pace.settled()
            start_worker(self, self.autosave, group="autosave", exit_on_error=False)
        else:
            self._arm()

    async def autosave(self) -> None:
        """Save if something changed; a disk that refuses is told once, and nothing typed is lost."""
        if self.closed:
            return
        try:
            await self.save()
        except StorageError as error:
            self.title_bar.note = "draft not saved"
            if not self._warned:
                self._warned = True
                self.say(f"{error}  {ONLY_IN_MEMORY}", Severity.WARNING)
            # Once more, a longest wait from now.
            self._pace.changed(time.monotonic())
            self._arm()

    async def save(self, *, postponed: bool = False) -> None:
        """Store the draft durably, unless just that is stored already.

        Raises:
            StorageError: the disk refused.
        """
        moment = self.engine.clock.now()
        if await self.keeper.save(lambda: replace(self.form.snapshot(), postponed=postponed), moment=moment):
            self._warned = False
            self.title_bar.note = time.strftime("draft saved %H:%M", time.localtime(moment))

    async def on_unmount(self) -> None:
        """Quitting, or the terminal going away: what was typed is saved."""
        if not self.closed and not self.form.untouched and not self.form.empty:
            await self.autosave()

    # -- checking
    def on_letter_form_checked(self, event: LetterForm.Checked) -> None:
        """The cursor left an address field: look at what was typed."""
        event.stop()
        try:
            _check(event.field)
        except AddressError as error:
            self.complain(error)

    def check_addresses(self) -> None:
        """Look at every address field.

        Raises:
            AddressError: the first address that cannot be sent to, which is marked.
        """
        form = self.form
        for field in (form.to, form.cc, form.bcc, form.reply_to):
            if field.value.strip():
                _check(field)

    def point_at(self, part: str, sentence: str) -> None:
        """Put the cursor where something is wrong and say what."""
        target = self.form.field_of(part)
        self.call_after_refresh(partial(self.set_focus, target))
        self.say(sentence, Severity.ERROR)

    # -- files
    def on_attachment_list_typed(self, event: AttachmentList.Typed) -> None:
        """A name is typed or files are dropped on the Attchmnt line."""
        event.stop()
        self.carry_out(lambda _screen: self.attachments.typed(event.text, pasted=event.pasted))

    def on_attachment_list_removed(self, event: AttachmentList.Removed) -> None:
        """An attachment was taken off."""
        event.stop()
        self.attachments.removed(event.attachment)
        self.form.post_message(LetterForm.Changed())

    # -- leaving
    async def close(self, sentence: str) -> None:
        """Leave the composer; ``sentence`` goes into the status line of the screen beneath."""
        self.closed = True
        self.program.navigation.back()
        self.program.say(sentence)


def _check(field: AddressField) -> None:
    """Say what is to be known of the addresses of ``field``.

    Raises:
        AddressError: the first that cannot be sent to, which is marked.
    """
    from tuimail.mail.address import parse_addresses

    try:
        parse_addresses(field.value, field=field.field)
    except AddressError as error:
        field.note("not an address", _wrong_span(field.value, error.position))
        raise
    field.note(about_addresses(field.value))


def _wrong_span(text: str, position: int) -> tuple[int, int]:
    """The address around ``position``."""
    from tuimail.ui.widgets.completion import address_at

    typed = address_at(text, min(position, len(text)))
    return (typed.start, typed.end) if typed.text else (0, len(text))
