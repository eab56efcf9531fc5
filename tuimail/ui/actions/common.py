"""Actions of every screen: going back, help, more keys, undo, quitting."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from tuimail.errors import StorageError
from tuimail.ui.requests import ShowComposer, ShowHelp, ShowPalette

if TYPE_CHECKING:
    from tuimail.ui.protocols import Action, Frame


def back(screen: Frame) -> None:
    """Close this screen."""
    screen.program.navigation.back()


def main_menu(screen: Frame) -> None:
    """Close every screen above the main menu."""
    screen.program.navigation.home()


def help_(screen: Frame) -> None:
    """Explain this screen."""
    screen.program.navigation.open(ShowHelp(screen))


def palette(screen: Frame) -> None:
    """Find a command."""
    screen.program.navigation.open(ShowPalette(screen))


def suspend(screen: Frame) -> None:
    """Back to the shell. Meanwhile other processes may keep mail in step, and no server waits for an answer."""
    sync = screen.program.engine.mail.sync
    sync.pause()
    try:
        screen.program.action_suspend_process()  # returns when the process goes on
    finally:
        sync.resume()


def redraw(screen: Frame) -> None:
    """Draw everything again."""
    screen.program.refresh(layout=True)
    screen.refresh(layout=True)


def more(screen: Frame) -> None:
    """The other keys."""
    screen.turn_keys()


def compose(screen: Frame) -> None:
    """Write a letter."""
    screen.program.navigation.open(ShowComposer())


def undo(screen: Frame) -> None:
    """Take back the last step that is left; again, the one before it."""
    screen.carry_out(_undo)


async def _undo(screen: Frame) -> None:
    steps = screen.program.undo
    while (step := steps.take()) is not None:
        try:
            begun = step(screen)
            done = await begun if inspect.isawaitable(begun) else begun
        except StorageError:
            steps.give_back(step)
            raise
        if done is not False:
            return
    screen.program.say("There is nothing to undo.")


QUITTING = (
    "The outbox is on disk; nothing in it is lost by quitting. To keep sending whenever you are logged in: "
    "tuimail outbox service install"
)


async def quit_(screen: Frame) -> None:
    """Leave, after a question that says what goes on without the program."""
    badge = screen.program.outbox.badge
    if screen.program.server is not None:
        question = "Really quit the demo?"
    elif badge.waiting:
        letters = "1 letter stays" if badge.waiting == 1 else f"{badge.waiting} letters stay"
        if screen.program.engine.outbox.watchers():
            going = "the outbox service goes on sending"
        else:
            going = f"{'it goes' if badge.waiting == 1 else 'they go'} on with: tuimail run"
        question = f"{letters} queued; {going}.  Quit tuimail?"
    else:
        question = "Really quit tuimail?"
    if await screen.prompts.ask_yes_no(question, help_text=QUITTING):
        screen.program.exit()


ACTIONS: dict[str, Action[Frame]] = {
    "back": back,
    "main-menu": main_menu,
    "help": help_,
    "compose-help": help_,
    "dialog-help": help_,
    "account-help": help_,
    "palette": palette,
    "suspend": suspend,
    "redraw": redraw,
    "more": more,
    "compose-more": more,
    "compose": compose,
    "undo": undo,
    "quit": quit_,
    "quit-now": quit_,
}
