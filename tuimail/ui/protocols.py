"""What an action needs of a screen, and a screen of the program: protocols, so that neither has to import the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from textual.widget import Widget

    from tuimail.compose.draft import Draft
    from tuimail.compose.review import Review
    from tuimail.config.model import Problem
    from tuimail.demo.server import DemoServer
    from tuimail.engine import Engine
    from tuimail.engine.index_request import IndexRequest
    from tuimail.engine.mail_index import IndexEntry, MessageIndex
    from tuimail.errors import TuimailError
    from tuimail.events import Severity
    from tuimail.mail.message_ref import MessageRef
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.ui.commands.command import Command, Context
    from tuimail.ui.commands.keymap import Keymap
    from tuimail.ui.key_queue import KeyQueue
    from tuimail.ui.keymaps import Keymaps
    from tuimail.ui.look import Look
    from tuimail.ui.mail_places import MailPlaces
    from tuimail.ui.outbox_status import OutboxStatus
    from tuimail.ui.themes import Themes
    from tuimail.ui.undo import Undo
    from tuimail.ui.widgets.letter_form import LetterForm
    from tuimail.ui.widgets.line_list import LineList
    from tuimail.ui.widgets.pager import Pager
    from tuimail.ui.widgets.prompt import Choice, Meaning

S = TypeVar("S")
T_co = TypeVar("T_co", covariant=True)

Action = Callable[[S], Awaitable[None] | None]
"""What a command does on a screen. One that waits is a coroutine and runs beside the screen."""


class Request(Generic[S]):
    """A screen to be opened (``ui/requests``); ``S`` is what the caller may do with it."""


class Completer(Protocol):
    """Gives, for what was typed, whole lines that fit."""

    def __call__(self, typed: str, /) -> Awaitable[Sequence[str]]:
        """Lines, best first."""
        ...


class Asks(Protocol):
    """Questions in place of the status line; None when the user cancels, or when a question is open already."""

    async def ask(
        self,
        label: str,
        *,
        initial: str = "",
        help_text: str = "",
        complete: Completer | None = None,
        shown_as: Callable[[str], str] = str,
        password: bool = False,
        meaning: Meaning | None = None,
    ) -> str | None:
        """Ask for one line of text.

        ``complete`` completes it; ``shown_as`` is what is shown of a completion where several fit; ``meaning`` gives a
        sentence (safe to draw) on what is understood, shown beneath while it is typed.
        """
        ...

    async def ask_yes_no(self, question: str, *, default: bool | None = True, help_text: str = "") -> bool | None:
        """Ask Y or N; Return takes ``default`` (None: Return does nothing)."""
        ...

    async def ask_choice(
        self, question: str, choices: Sequence[Choice], *, default: str | None = None, help_text: str = ""
    ) -> str | None:
        """Ask for one of ``choices``; the value of the one taken."""
        ...


class Frame(Protocol):
    """Any screen of the program."""

    @property
    def program(self) -> Program:
        """The app."""
        ...

    @property
    def prompts(self) -> Asks:
        """Asks on this screen."""
        ...

    @property
    def context(self) -> Context:
        """Where the user is on this screen."""
        ...

    @property
    def help_text(self) -> str:
        """What this screen is for."""
        ...

    def knows(self, command: Command) -> bool:
        """Whether ``command`` can be given here and now."""
        ...

    def action_command(self, command_id: str) -> None:
        """Carry out a command."""
        ...

    def carry_out(self, action: Action[Any]) -> None:
        """Run ``action`` on this screen; its errors are shown."""
        ...

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any) -> bool:
        """Call back once this screen is drawn."""
        ...

    def say(self, text: str, severity: Severity = ...) -> None:
        """Put a sentence (safe to draw) into the status line."""
        ...

    def complain(self, error: TuimailError) -> None:
        """Show an error and its hint."""
        ...

    def reload(self) -> None:
        """Read again what the screen shows."""
        ...

    def come_back_to(self, row: str | MessageRef) -> None:
        """Select this row (its id), or this received message, once it is there again."""
        ...

    def refresh(self, *, layout: bool = False) -> Widget:
        """Draw again."""
        ...

    def refresh_keys(self) -> None:
        """Draw the key rows again."""
        ...

    def turn_keys(self) -> None:
        """Show the next page of the key rows."""
        ...


class HasSelection(Frame, Protocol[T_co]):
    """A screen with a selected value."""

    @property
    def selected(self) -> T_co | None:
        """The selected value."""
        ...


class HasList(Frame, Protocol):
    """A screen with a list."""

    @property
    def list(self) -> LineList[Any]:
        """The list."""
        ...


@runtime_checkable
class ShowsFolder(Protocol):
    """A screen that can show another folder in place of the one that it shows."""

    async def show_folder(self, request: IndexRequest) -> None:
        """Show another folder as a new screen would. Raises TuimailError: it cannot be read; what was shown stays."""
        ...


class HasPager(Frame, Protocol):
    """A screen with a text to scroll."""

    @property
    def pager(self) -> Pager:
        """The text."""
        ...


class HasLetter(Frame, Protocol):
    """A screen with a letter of the outbox selected."""

    @property
    def letter(self) -> OutboxItem | None:
        """The letter, if it was read already."""
        ...

    def targets(self) -> tuple[str, ...]:
        """Ids of the letters the command just given acts on; asked once for each command, before anything waits."""
        ...


class MessageCursor(Protocol):
    """The message of an index that is being read, and the way to its neighbours."""

    @property
    def entry(self) -> IndexEntry | None:
        """The message; None: there is none any more."""
        ...

    @property
    def position(self) -> str:
        """Where it is in its index, for the title bar: "2 of 1,204"."""
        ...

    async def renew(self, *, gone: Sequence[IndexEntry] = (), seek: MessageRef | None = None) -> None:
        """Read the index again, without those that are ``gone``; go to the message ``seek`` if it is there."""
        ...

    async def step(self, by: int, *, unread: bool = False, marked: bool = False) -> bool:
        """Go on by so many messages that are not marked to be deleted (negative: back); False: there is none.

        ``unread``: only unread ones count. ``marked``: those marked to be deleted count too.
        """
        ...


@runtime_checkable
class KnowsThreads(Protocol):
    """A MessageCursor that can go by threads."""

    @property
    def folder(self) -> str:
        """The folder whose messages a thread is made of; empty: that of the message."""
        ...

    async def other_thread(self, step: int) -> bool:
        """Go to the first message of the next thread, or of the one before; False: there is none."""
        ...

    async def parent(self) -> bool:
        """Go to the message that this one answers; False: it is not in the index."""
        ...


@runtime_checkable
class KnowsNeighbours(Protocol):
    """A MessageCursor that can say what comes next without going there, so that it can be read ahead."""

    def peek(self, by: int) -> IndexEntry | None:
        """The message that ``step`` would go to, if it is in memory."""
        ...


class HasMessages(Frame, Protocol):
    """A screen on which received messages are acted on."""

    @property
    def selection(self) -> str:
        """The text that is selected; empty if none is."""
        ...

    def unselect(self) -> None:
        """Select no text any more."""
        ...

    @property
    def cursor(self) -> MessageCursor:
        """The message under the cursor."""
        ...

    def targets(self) -> tuple[IndexEntry, ...]:
        """The messages the command just given acts on, as they were drawn when its key came."""
        ...

    async def go_on(self, *, marked: bool = False) -> None:
        """To the next message, if there is one; ``marked``: one marked to be deleted counts too."""
        ...

    async def moved_away(self, entries: Sequence[IndexEntry]) -> None:
        """These are not here any more: show the next one."""
        ...


class SearchResults(Protocol):
    """What a search through several folders finds, as far as it was found."""

    broken_off: bool
    """The user did not want to wait for the rest."""

    @property
    def searching(self) -> bool:
        """There may be more."""
        ...

    def break_off(self) -> None:
        """Be content with what was found."""
        ...

    def forget(self) -> None:
        """Begin anew when the index is read next."""
        ...


class MessageList(HasMessages, HasList, Protocol):
    """The message index."""

    request: IndexRequest
    index: MessageIndex | None
    limit_text: str
    """The limit as it was typed."""
    zoomed: bool
    """Only tagged messages are shown."""

    @property
    def results(self) -> SearchResults:
        """Of the search that is shown, if it is one."""
        ...

    tagged: dict[str, IndexEntry]
    applying: bool
    """The next command acts on the tagged messages."""
    seek: MessageRef | None
    """A message to be selected when the index is read next."""
    searched: str
    typed_digit: str
    """It begins the number of the message to jump to."""

    @property
    def entry(self) -> IndexEntry | None:
        """The message under the cursor, if it was read already."""
        ...

    @property
    def limited(self) -> bool:
        """Not all messages are shown."""
        ...

    async def load(self) -> None:
        """Read the index again."""
        ...

    async def loaded(self) -> None:
        """Wait until what is under the cursor was read."""
        ...

    async def show_request(self, request: IndexRequest, *, limit_text: str | None = None) -> None:
        """Show other messages, or the same ones in another way."""
        ...

    async def show_everything(self) -> None:
        """Take back what the index is limited to."""
        ...

    def show_position(self) -> None:
        """Say in the title bar where in the list we are, and how many are tagged."""
        ...


class Attaches(Protocol):
    """The files of a letter that is being written."""

    async def ask(self) -> None:
        """Ask for a file and attach it."""
        ...

    def remove(self) -> None:
        """Take the selected file off the letter."""
        ...

    def put_back(self) -> bool:
        """Attach again what was taken off last; False if there is nothing."""
        ...


class Composer(Frame, Protocol):
    """The screen on which a letter is written."""

    draft: Draft
    form: LetterForm
    sending: bool
    """The letter is being reviewed or stored."""
    closed: bool
    """The draft was sent, postponed or given up: there is nothing to save any more."""
    editing_outside: bool
    searched: str

    @property
    def attachments(self) -> Attaches:
        """The files that go along."""
        ...

    @property
    def focused(self) -> Widget | None:
        """What takes the keys."""
        ...

    @property
    def on_attachments(self) -> bool:
        """The cursor is on the Attchmnt line."""
        ...

    def set_focus(self, widget: Widget | None) -> None:
        """Give ``widget`` the keys."""
        ...

    def check_addresses(self) -> None:
        """Raise AddressError for the first address that cannot be sent to."""
        ...

    def point_at(self, part: str, sentence: str) -> None:
        """Put the cursor where something is wrong and say what."""
        ...

    @property
    def stored(self) -> Draft:
        """The draft as it is on disk."""
        ...

    async def save(self, *, postponed: bool = False) -> None:
        """Store the draft; raises StorageError."""
        ...

    async def close(self, sentence: str) -> None:
        """Leave; ``sentence`` is shown on the screen beneath."""
        ...


class Answer(StrEnum):
    """What the user wants done with a reviewed letter."""

    SEND = "send"
    HOLD = "hold"
    LATER = "later"
    BACK = "back"
    OTHER_SENDER = "other-sender"


class ReviewDialog(Frame, Protocol):
    """The screen that shows a letter as it would go."""

    draft: Draft

    def show(self, draft: Draft, review: Review) -> None:
        """Show ``review`` of ``draft``, and ask."""
        ...

    async def answer(self) -> Answer:
        """What the user wants; waits for it."""
        ...

    def give(self, answer: Answer) -> None:
        """Answer."""
        ...

    def ask_again(self) -> None:
        """Show the question in the status line."""
        ...

    def storing(self) -> AbstractContextManager[None]:
        """The letter is being stored: answers mean nothing meanwhile."""
        ...

    def close(self) -> None:
        """Close the dialog if it is on top."""
        ...


class AccountSetup(Frame, Protocol):
    """The form of a new account."""

    async def go_on(self) -> None:
        """Find the servers; once they are there, sign in."""
        ...

    def by_hand(self) -> None:
        """Let the user name the servers."""
        ...

    def other(self) -> None:
        """Show what else was found."""
        ...

    def look_up(self) -> None:
        """Find the servers."""
        ...

    def show_rare(self) -> None:
        """Show or hide the fields that few need."""
        ...

    async def leave(self) -> None:
        """End what is going on; else leave."""
        ...


class Navigates(Protocol):
    """Opens and closes screens."""

    def open(self, request: Request[S]) -> S:
        """Open a screen on top."""
        ...

    def return_to(self, kind: type[S]) -> S | None:
        """Close every screen above the lowest one of this kind, and return that; None: there is none."""
        ...

    def back(self) -> None:
        """Close the screen on top, never the last one."""
        ...

    def home(self) -> None:
        """Close everything above the main menu."""
        ...


class Starts(Protocol):
    """The start of the engine."""

    mail_ready: asyncio.Event
    """Received mail can be read."""
    ready: asyncio.Event
    """The engine was started."""
    error: TuimailError | None
    """Why the engine did not start."""

    async def whole(self) -> TuimailError | None:
        """Wait for the engine, which is started now; why it could not be."""
        ...


class Program(Protocol):
    """The app, as screens and actions see it."""

    engine: Engine
    server: DemoServer | None
    """The demo's embedded server."""
    keys: KeyQueue
    keymaps: Keymaps
    look: Look
    themes: Themes
    undo: Undo
    outbox: OutboxStatus
    places: MailPlaces
    """Where the user is among the folders."""

    @property
    def problems(self) -> list[Problem]:
        """What is wrong in the user's files."""
        ...

    @property
    def navigation(self) -> Navigates:
        """Opens and closes screens."""
        ...

    @property
    def keymap(self) -> Keymap:
        """The keymap in force."""
        ...

    @property
    def startup(self) -> Starts:
        """How far the start is."""
        ...

    def say(self, text: str, severity: Severity = ...) -> None:
        """Put a sentence (safe to draw) into the status line of the screen on top."""
        ...

    def complain(self, error: TuimailError) -> None:
        """Show an error on the screen on top."""
        ...

    def exit(self) -> None:
        """End the program."""
        ...

    def bell(self) -> None:
        """Ring the bell."""
        ...

    def refresh(self, *, layout: bool = False) -> object:
        """Draw everything again."""
        ...

    def copy_to_clipboard(self, text: str) -> None:
        """Ask the terminal to copy ``text`` (OSC 52); many do, none says so."""
        ...

    def suspend(self) -> AbstractContextManager[None]:
        """Leave the terminal to another program meanwhile."""
        ...

    def action_suspend_process(self) -> None:
        """Go back to the shell."""
        ...
