"""Verbs of every screen: going about, moving the cursor, help, quitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimail.ui.screens.frame import FrameScreen, Verb


def back(screen: FrameScreen) -> None:
    """Close this screen."""
    screen.program.go_back()


def main_menu(screen: FrameScreen) -> None:
    """Close every screen above the main menu."""
    screen.program.go_home()


def help_(screen: FrameScreen) -> None:
    """Explain this screen."""
    screen.program.open_help(screen)


def palette(screen: FrameScreen) -> None:
    """Find a command."""
    screen.program.open_palette(screen)


def suspend(screen: FrameScreen) -> None:
    """Back to the shell."""
    screen.app.action_suspend_process()


def redraw(screen: FrameScreen) -> None:
    """Draw everything again."""
    screen.app.refresh(layout=True)
    screen.refresh(layout=True)


def more(screen: FrameScreen) -> None:
    """The other keys."""
    screen.turn_keys()


def compose(screen: FrameScreen) -> None:
    """Write a letter."""
    screen.program.open_composer()


def undo(screen: FrameScreen) -> None:
    """Take back what was offered last."""
    screen.program.undo(screen)


QUITTING = (
    "The outbox is on disk; nothing in it is lost by quitting. To keep sending whenever you are logged in: "
    "tuimail outbox service install"
)


async def quit_(screen: FrameScreen) -> None:
    """Leave, saying what goes on without us."""
    badge = screen.program.badge
    if screen.program.server is not None:
        question = "Really quit the demo?"
    elif badge.waiting:
        letters = "1 letter stays" if badge.waiting == 1 else f"{badge.waiting} letters stay"
        if screen.program.engine.outbox.watchers():
            going = "the outbox service goes on sending"
        else:
            going = f"{'it goes' if badge.waiting == 1 else 'they go'} on with: tuimail outbox run --watch"
        question = f"{letters} queued; {going}.  Quit tuimail?"
    else:
        question = "Really quit tuimail?"
    if await screen.ask_yes_no(question, help_text=QUITTING):
        screen.app.exit()


VERBS: dict[str, Verb] = {
    "back": back,
    "main-menu": main_menu,
    "help": help_,
    "compose-help": help_,
    "dialog-help": help_,
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
