"""A new account as a form: whose it is, where mail is read, how it is sent, the password. Knows a Proposal only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal, Vertical
from textual.message import Message

from tuimail.accounts.discovery.values import SignInKind
from tuimail.accounts.setup.proposal import Proposal, ProposedServer, Reading, Sending
from tuimail.config.model import SecretStore, Security
from tuimail.ui.widgets.cut_buffer import CutBuffer
from tuimail.ui.widgets.form_fields import ChoiceField, Option, SecretField, SettingField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    Field = SettingField | SecretField | ChoiceField[Any]

READINGS = (
    Option(Reading.IMAP, "an IMAP server"),
    Option(Reading.MAILDIR, "a Maildir here"),
    Option(Reading.MBOX, "mbox files, read only"),
    Option(Reading.NONE, "nowhere: it only sends"),
)
SENDINGS = (Option(Sending.SERVER, "a submission server"), Option(Sending.COMMAND, "a command here"))
SECURITIES = (
    Option(Security.TLS, "TLS"),
    Option(Security.STARTTLS, "STARTTLS"),
    Option(Security.NONE, "none: this machine only"),
)
SIGN_INS = (
    Option(SignInKind.PASSWORD, "with a password"),
    Option(SignInKind.APP_PASSWORD, "with an app password, made for this program"),
    Option(SignInKind.OAUTH2, "with OAuth 2: the command prints an access token"),
    Option(SignInKind.NONE, "without"),
)
STORES = (
    Option(SecretStore.AUTO, "in the keyring; without one in an encrypted file"),
    Option(SecretStore.KEYRING, "in the keyring"),
    Option(SecretStore.FILE, "in a file encrypted with a passphrase"),
    Option(SecretStore.MEMORY, "nowhere: each start asks for it"),
)
USUAL_PORTS = {
    "imap": {Security.TLS: "993", Security.STARTTLS: "143", Security.NONE: "143"},
    "submission": {Security.TLS: "465", Security.STARTTLS: "587", Security.NONE: "25"},
}
NARROW = 70
"""Below so many columns sending stands under reading, not beside it."""


class ServerFields:
    """Those of one server; ``side`` is "imap" or "submission"."""

    def __init__(self, side: str, cuts: CutBuffer) -> None:
        self.side = side
        self.host = SettingField(f"{side}-host", "Server", cuts=cuts, joint="")
        self.port = SettingField(f"{side}-port", "Port", cuts=cuts, joint="")
        self.security = ChoiceField(f"{side}-security", "Security", SECURITIES)
        self.username = SettingField(f"{side}-username", "User", cuts=cuts)

    @property
    def all(self) -> tuple[Field, ...]:
        """From top to bottom."""
        return (self.host, self.port, self.security, self.username)

    def put(self, server: ProposedServer, address: str) -> None:
        """Show ``server``."""
        self.host.value = server.host
        self.port.value = server.port or USUAL_PORTS[self.side][server.security]
        self.security.value = server.security
        self.username.value = server.username or address

    def get(self, server: ProposedServer) -> ProposedServer:
        """``server`` with what stands in the fields."""
        return replace(
            server,
            host=self.host.value.strip(),
            port=self.port.value.strip(),
            security=self.security.value,
            username=self.username.value.strip(),
        )

    def secured(self, before: object) -> None:
        """Another kind of encryption was chosen: a usual port follows it."""
        usual = USUAL_PORTS[self.side]
        if self.port.value.strip() in ("", *(port for kind, port in usual.items() if kind == before)):
            self.port.value = usual[self.security.value]


class AccountForm(Vertical):
    """Edits one proposal. ``done`` is called for Return in the last field, ``left`` for each field that is left."""

    DEFAULT_CSS = """
    AccountForm { height: auto; padding: 0 1; }
    AccountForm Horizontal { height: auto; }
    AccountForm Vertical { height: auto; }
    AccountForm .gap { margin-top: 1; }
    AccountForm #sides > Vertical { width: 1fr; }
    AccountForm #sending { margin-left: 2; }
    AccountForm.-narrow #sides { layout: vertical; }
    AccountForm.-narrow #sending { margin-left: 0; margin-top: 1; }
    """

    class Left(Message):
        """The cursor left ``field``: its text may be checked."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class AddressChanged(Message):
        """The address is another."""

    def __init__(self, proposal: Proposal, *, done: Callable[[], None]) -> None:
        super().__init__()
        self._base = proposal
        self._done = done
        self._settings = False
        self.rich = False
        """Rare fields are shown as well."""
        self.cuts = cuts = CutBuffer()
        self.address = SettingField("address", "Address", proposal.address, cuts=cuts)
        self.own_name = SettingField("name", "Name", proposal.name, cuts=cuts)
        self.found: ChoiceField[int] = ChoiceField("found", "Found by", ())
        self.account = SettingField("account", "Account", cuts=cuts)
        self.reading = ChoiceField("reading", "Read at", READINGS)
        self.imap = ServerFields("imap", cuts)
        self.path = SettingField("path", "Path", cuts=cuts)
        self.sending = ChoiceField("sending", "Send by", SENDINGS)
        self.submission = ServerFields("submission", cuts)
        self.command = SettingField("command", "Command", cuts=cuts)
        self.sign_in = ChoiceField("sign_in", "Sign in", SIGN_INS)
        self.password_command = SettingField("password_command", "Command", cuts=cuts)
        self.ca_file = SettingField("ca_file", "CA file", cuts=cuts)
        self.password = SecretField("password", "Password")
        self.store = ChoiceField("store", "Kept", STORES)

    def compose(self) -> ComposeResult:
        """Whose; then reading beside sending; then the password."""
        yield self.address
        yield self.own_name
        with Vertical(id="settings"):
            yield self.found
            yield self.account
            with Horizontal(id="sides", classes="gap"):
                with Vertical(id="reading"):
                    yield from (self.reading, *self.imap.all, self.path)
                with Vertical(id="sending"):
                    yield from (self.sending, *self.submission.all, self.command)
            with Vertical(classes="gap"):
                yield from (self.sign_in, self.password_command, self.ca_file, self.password, self.store)

    def on_mount(self) -> None:
        """The address comes first."""
        self.show_fields()
        self.screen.set_focus(self.address.focus_target)

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        self.set_class(event.size.width < NARROW, "-narrow")

    # -- the proposal
    def put(self, proposal: Proposal) -> None:
        """Show ``proposal``, all of it."""
        self._base = proposal
        self._settings = True
        self.account.value = proposal.account
        self.reading.value, self.sending.value = proposal.reading, proposal.sending
        self.imap.put(proposal.imap, proposal.address)
        self.submission.put(proposal.submission, proposal.address)
        self.path.value, self.command.value = proposal.path, proposal.command
        self.sign_in.value = proposal.imap.sign_in
        self.show_fields()

    def snapshot(self) -> Proposal:
        """The proposal as it stands in the form."""
        address, name = self.address.value.strip(), self.own_name.value.strip()
        if not self._settings:
            return replace(self._base, address=address, name=name)
        imap, submission = self.imap.get(self._base.imap), self.submission.get(self._base.submission)
        if self.sign_in.value is not self._base.imap.sign_in:
            imap, submission = (replace(each, sign_in=self.sign_in.value) for each in (imap, submission))
        return replace(
            self._base,
            account=self.account.value.strip(),
            address=address,
            name=name,
            reading=self.reading.value,
            imap=imap,
            path=self.path.value.strip(),
            sending=self.sending.value,
            submission=submission,
            command=self.command.value.strip(),
            password_command=self.password_command.value.strip(),
            ca_file=self.ca_file.value.strip(),
        )

    # -- the fields
    @property
    def fields(self) -> tuple[Field, ...]:
        """From top to bottom, reading before sending."""
        return (
            *(self.address, self.own_name, self.found, self.account),
            *(self.reading, *self.imap.all, self.path),
            *(self.sending, *self.submission.all, self.command),
            *(self.sign_in, self.password_command, self.ca_file, self.password, self.store),
        )

    @property
    def shown(self) -> list[Field]:
        """Those where the cursor can stop."""
        return [
            each for each in self.fields if each.display and (self._settings or each in (self.address, self.own_name))
        ]

    @property
    def here(self) -> Field | None:
        """The field with the cursor."""
        return next((each for each in self.fields if each.focus_target is self.screen.focused), None)

    def show_fields(self) -> None:
        """Show the fields that mean something now; rare ones if they hold something or were asked for."""
        proposal = self.snapshot()
        self.query_one("#settings").display = self._settings
        self.found.display = bool(self.found.choice.options)
        for each in self.imap.all:
            each.display = proposal.reading is Reading.IMAP
        for each in self.submission.all:
            each.display = proposal.sending is Sending.SERVER
        self.path.display = proposal.reading in (Reading.MAILDIR, Reading.MBOX)
        self.command.display = proposal.sending is Sending.COMMAND
        token = SignInKind.OAUTH2 in (proposal.imap.sign_in, proposal.submission.sign_in) and bool(proposal.hosts)
        self.account.display = self.rich
        self.sign_in.display = self.rich or token
        self.password_command.display = self.rich or token or bool(proposal.password_command)
        self.ca_file.display = self.rich or bool(proposal.ca_file)
        self.password.display = self.store.display = proposal.wants_password and not token

    def show_faults(self, faults: Mapping[str, str], fields: Sequence[Field]) -> str:
        """Mark those of ``fields`` that are wrong, take the mark off the others; the first sentence, or nothing."""
        named = {_shown_in(key): words for key, words in faults.items()}
        for each in fields:
            each.mark(wrong=each.field in named)
        return next((named[each.field] for each in fields if each.field in named), "")

    def field_of(self, key: str) -> Field:
        """The field that the fault ``key`` is about; it is shown from now on."""
        field = next((each for each in self.fields if each.field == _shown_in(key)), self.address)
        field.display = True
        return field

    def focus_on(self, field: Field) -> None:
        """Put the cursor there, at once: keys typed ahead are for it."""
        self.screen.set_focus(field.focus_target)

    def move(self, step: int) -> None:
        """To the next field (1), or the one before (-1)."""
        shown, here = self.shown, self.here
        if here in shown:
            self.focus_on(shown[max(0, min(shown.index(here) + step, len(shown) - 1))])

    def returned(self, widget: Widget) -> None:
        """Return: on to the next field; in the last one, or in the password, on to the next step."""
        last = self.password if self.password.display and self._settings else self.shown[-1]
        if last.focus_target is widget or self.shown[-1].focus_target is widget:
            self._done()
        else:
            self.move(1)

    def on_descendant_focus(self) -> None:
        """The label of the field with the cursor is bright."""
        for field in self.fields:
            field.label.set_class(field.focus_target is self.screen.focused, "-here")

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A field was left."""
        field = next((each for each in self.fields if each.focus_target is event.widget), None)
        if field is not None:
            self.post_message(self.Left(field))

    def on_header_field_changed(self, event: SettingField.Changed) -> None:
        """The address decides what would be asked of whom."""
        event.stop()
        if event.field is self.address:
            self.post_message(self.AddressChanged())

    def on_choice_field_changed(self, event: ChoiceField.Changed) -> None:
        """Other fields mean something now."""
        for each in (self.imap, self.submission):
            if event.field is each.security:
                each.secured(event.before)
        self.show_fields()


def _shown_in(key: str) -> str:
    """The name of the field that shows the fault of ``key``."""
    if key.endswith(".sign_in"):
        return "password_command"
    return key.replace(".", "-")
