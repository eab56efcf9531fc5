"""The command table: every command of the interface, declared once.

Keys follow alpine 2.26 and mutt 2.4 where they have the command; the others take a letter that is free in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.ui.commands.account_table import ACCOUNTS
from tuimail.ui.commands.command import COMPOSE, LISTS, PAGERS, READING, Command, Context
from tuimail.ui.commands.mail_table import MAIL
from tuimail.ui.commands.message_table import MESSAGE
from tuimail.ui.commands.setup_table import SETUP

if TYPE_CHECKING:
    from collections.abc import Iterable

MORE = 1000
"""The slot of the command that shows the other keys."""

_EVERYWHERE = frozenset({Context.EVERYWHERE})
_MENU = frozenset({Context.MENU})
_MESSAGE = frozenset({Context.MESSAGE})
"""Its single keys go from message to message; those that move a line are others there (``message_table``)."""
_SELECTING = frozenset({Context.SELECTING})
_OUTBOX = frozenset({Context.OUTBOX})
_LETTERS = frozenset({Context.OUTBOX, Context.ITEM})
_ANY_LETTER = _LETTERS | {Context.SENT, Context.SENT_ITEM}
_HEADER = frozenset({Context.COMPOSE_HEADER})
_BODY = frozenset({Context.COMPOSE_BODY})
_DIALOG = frozenset({Context.SEND_DIALOG})
_PROMPT = frozenset({Context.PROMPT})
_PALETTE = frozenset({Context.PALETTE})
_DRAFTS = frozenset({Context.DRAFTS})
_ACCOUNTS = frozenset({Context.ACCOUNTS})
_SERVER = frozenset({Context.SERVER})
_INDEX = frozenset({Context.INDEX})
"""It has commands of its own to move: mutt's keys differ there."""
_OPENING = frozenset({Context.INDEX, Context.FOLDERS, Context.ATTACHMENTS, Context.SETUP})
"""Where a command of their own opens the selected line."""
_SETUP = frozenset({Context.SETUP, Context.SETTING_VALUES})
"""Its c changes a setting, as in pine."""
_READ = frozenset({Context.INDEX, Context.MESSAGE})
"""Where undoing is a part of undeleting."""

EVERYWHERE = (
    Command("palette", "Commands", "Find a command", "Lists commands, places, themes and keymaps; type to find one.",
            _EVERYWHERE, pine="f2", mutt="f2", slot=120),
    Command("suspend", "Suspend", "Suspend the program", "Back to the shell; `fg` returns. Letters wait meanwhile.",
            _EVERYWHERE, pine="ctrl+z", mutt="ctrl+z"),
    Command("redraw", "Redraw", "Draw the screen again", "Draws everything again, if something spoilt the screen.",
            _EVERYWHERE, pine="ctrl+l", mutt="ctrl+l"),
)  # fmt: skip

READERS = (
    Command("help", "Help", "Help for this screen", "Explains this screen and its keys, and the way of a letter.",
            (READING - {Context.HELP}) | _SELECTING, pine="? f1 ctrl+g", mutt="? f1", slot=10),
    Command("back", "Back", "Go back", "Returns to the screen before.",
            READING - _MENU, pine="< left escape ,", mutt="q escape left", slot=11),
    Command("main-menu", "Main menu", "Go to the main menu", "Returns to the main menu from anywhere.",
            READING - _MENU, pine="m", mutt="M", slot=90),
    Command("previous", "Prev", "Previous line", "Moves one line up.",
            (LISTS | PAGERS) - _INDEX - _MESSAGE, pine="p up ctrl+p", mutt="k up"),
    Command("next", "Next", "Next line", "Moves one line down.",
            (LISTS | PAGERS) - _INDEX - _MESSAGE, pine="n down ctrl+n", mutt="j down"),
    Command("page-up", "Prev page", "Previous page", "Moves one page up.",
            READING - _MENU - _INDEX, pine="- pageup ctrl+y", mutt="Z pageup -"),
    Command("page-down", "Next page", "Next page", "Moves one page down.",
            READING - _MENU - _INDEX - {Context.FOLDERS}, pine="space pagedown ctrl+v", mutt="z pagedown space"),
    Command("first", "First", "Go to the first line", "Moves to the top.",
            READING - _MESSAGE, pine="home", mutt="= home"),
    Command("last", "Last", "Go to the last line", "Moves to the bottom.",
            READING, pine="end", mutt="* end"),
    Command("half-up", "Half up", "Scroll up by half a page", "The selected line changes only to stay in sight.",
            LISTS - _MENU, pine="", mutt="["),
    Command("half-down", "Half down", "Scroll down by half a page", "The selected line changes only to stay in sight.",
            LISTS - _MENU, pine="", mutt="]"),
    Command("scroll-up", "Scroll up", "Scroll up by one line", "The selected line changes only to stay in sight.",
            LISTS - _MENU, pine="", mutt="<"),
    Command("scroll-down", "Scroll", "Scroll down by one line", "The selected line changes only to stay in sight.",
            LISTS - _MENU, pine="", mutt=">"),
    Command("more", "More", "More keys", "Shows the other keys of this screen in the two rows.",
            (READING - _MENU) | _SELECTING, pine="o f3", mutt="f3", slot=MORE),
    Command("quit-now", "Quit", "Quit tuimail", "Leaves the program; letters in the outbox stay queued.",
            READING - _MENU, pine="q", mutt="Q", slot=110),
    Command("undo", "Undo", "Undo the last step", "Takes it back; once more, the step before it, and so on.",
            READING - _READ - {Context.HELP, Context.RAW, Context.SETTING_VALUES}, pine="u", mutt="u", slot=60),
    Command("compose", "Compose", "Write a letter", "Opens the composer on an empty letter.",
            READING - {Context.HELP, Context.RAW} - _SETUP, pine="c", mutt="m", slot=80),
)  # fmt: skip

MENU = (
    Command("quit", "Quit", "Quit tuimail", "Leaves the program; letters in the outbox stay queued.",
            _MENU, pine="q", mutt="q", slot=11),
    Command("open", "Open", "Open the selected line", "Opens what is selected.",
            LISTS - _OPENING, pine="enter > right", mutt="enter right", slot=12),
    Command("go-outbox", "Outbox", "Go to the outbox", "Letters on their way, and those that need you.",
            _MENU, pine="o", mutt="o", slot=81),
    Command("go-drafts", "Drafts", "Go to the drafts", "Letters put aside, and those recovered after a crash.",
            _MENU, pine="d", mutt="R", slot=82),
    Command("go-sent", "Sent", "Go to the sent letters", "What went out, when, and what the server said.",
            _MENU, pine="t", mutt="s", slot=83),
    Command("go-accounts", "Accounts", "Go to the accounts", "Your accounts, whether they may send, and why not.",
            _MENU, pine="a", mutt="a", slot=84),
    Command("go-server", "Server", "Go to the server's side", "The demo's mail server: what arrived, and its faults.",
            _MENU, pine="v", mutt="v", slot=85),
)  # fmt: skip

OUTBOX = (
    Command("send-now", "Send now", "Send or retry the letter now", "Tries at once, with a fresh budget of attempts.",
            _LETTERS, pine="s", mutt="s", slot=20),
    Command("send-again", "Resend", "Resolve an uncertain letter: resend it",
            "The answer was lost: sends it once more, at the risk that it arrives twice.",
            _LETTERS, pine="g", mutt="a", slot=20),
    Command("mend", "Mend", "Mend a refused address", "Asks for the right address and sends to that one only.",
            _LETTERS, pine="f", mutt="f", slot=21),
    Command("mark-sent", "Was sent", "Resolve an uncertain letter: it was sent",
            "The answer was lost, but you know that it arrived: it is filed as sent.",
            _LETTERS, pine="i", mutt="i", slot=21),
    Command("check-again", "Check", "Check the account again",
            "You mended the account: its letters are tried again now.",
            _LETTERS | _ACCOUNTS | _MENU, pine="k", mutt="K", slot=21),
    Command("edit", "Edit", "Edit the letter", "Opens the letter in the composer; left unchanged, it goes back.",
            _LETTERS, pine="e", mutt="e", slot=30),
    Command("cancel", "Cancel", "Cancel the letter", "Takes it out of the outbox and keeps it as a draft.",
            _LETTERS, pine="x", mutt="x", slot=31),
    Command("hold", "Hold", "Hold the letter", "Keeps it in the outbox until you release it.",
            _LETTERS, pine="h", mutt="comma", slot=40),
    Command("release", "Release", "Release a held letter", "Lets a held letter go.",
            _LETTERS, pine="r", mutt="r", slot=40),
    Command("drop", "Delete", "Delete the letter", "Deletes it from the outbox; it can be undone.",
            _LETTERS, pine="d", mutt="d", slot=41),
    Command("later", "Later", "Send the letter later", "Asks when it is to leave, in words like tomorrow 9am.",
            _LETTERS, pine="l", mutt="plus", slot=50),
    Command("view-raw", "View", "View the letter", "Shows it as its receiver reads it; once more, its exact bytes.",
            _ANY_LETTER | {Context.RAW}, pine="v", mutt="v", slot=58),
    Command("tag", "Tag", "Tag or untag the letter", "Marks the letter; a command can then be applied to all marked.",
            _OUTBOX, pine="t :", mutt="t", slot=51),
    Command("apply", "Apply", "Apply a command to tagged letters", "The next command acts on every tagged letter.",
            _OUTBOX, pine="a", mutt=";", slot=53),
    Command("tag-matching", "Select", "Tag letters that match", "Tags all letters, none, or those that match.",
            _OUTBOX, pine=";", mutt="T", slot=54),
    Command("sort", "Sort", "Sort the letters", "Asks what the list is sorted by.",
            _OUTBOX, pine="$", mutt="o", slot=55),
    Command("show-only", "Show only", "Show only some letters",
            "Asks for words, addresses or state:deferred; empty, or Esc in the list, shows all again.",
            _OUTBOX, pine="z /", mutt="l", slot=56),
    Command("send-all", "Send all", "Send all waiting letters now", "Tries all that wait; those held stay held.",
            _OUTBOX, pine="!", mutt="E", slot=57),
    Command("move-up", "Move up", "Move the letter up", "It goes before the one above it.",
            _OUTBOX, pine="[ alt+up", mutt="( alt+up", slot=62),
    Command("move-down", "Move down", "Move the letter down", "It goes after the one below it.",
            _OUTBOX, pine="] alt+down", mutt=") alt+down", slot=63),
    Command("move-first", "Move first", "Move the letter to the front", "Of the letters that wait, it goes first.",
            _OUTBOX, pine="{ alt+home", mutt="{ alt+home", slot=64),
    Command("move-last", "Move last", "Move the letter to the end", "Of the letters that wait, it goes last.",
            _OUTBOX, pine="} alt+end", mutt="} alt+end", slot=65),
    Command("change-account", "Account", "Send by another account", "Asks which of your accounts is to send it.",
            _LETTERS, pine="#", mutt="#", slot=66),
    Command("export", "Export", "Export the letter", "Writes the exact bytes of the letter to a file, as .eml.",
            _ANY_LETTER, pine="w", mutt="C", slot=67),
    Command("dialogue", "Dialogue", "View the last dialogue", "What the server and we said last, secrets hidden.",
            _ANY_LETTER, pine="j", mutt="J", slot=68),
)  # fmt: skip

DRAFTS = (
    Command("discard", "Delete", "Delete the draft", "Deletes the draft, after a question.",
            _DRAFTS, pine="d", mutt="d", slot=20),
)  # fmt: skip

SERVER = (
    Command("server-down", "Down", "Take the server down or up", "Nobody can connect until it is up again.",
            _SERVER, pine="d", mutt="d", slot=20),
    Command("server-refuse", "Refuse", "Refuse an address", "Asks for an address to be refused, or taken again.",
            _SERVER, pine="r", mutt="r", slot=21),
    Command("server-swallow", "Swallow", "Swallow the next reply",
            "Keeps the next letter and hangs up without a reply: nobody can know whether it arrived.",
            _SERVER, pine="s", mutt="s", slot=30),
    Command("server-busy", "Be busy", "Put senders off", "Answers 451 to everybody until switched off.",
            _SERVER, pine="b", mutt="b", slot=31),
    Command("server-view", "View", "Read what arrived", "Shows the letter as its receiver reads it.",
            _SERVER, pine="v", mutt="v", slot=40),
)  # fmt: skip

COMPOSER = (
    Command("compose-help", "Help", "Help for the composer", "Explains the composer and its keys.",
            COMPOSE, pine="ctrl+g f1", mutt="ctrl+g f1", slot=10),
    Command("compose-cancel", "Cancel", "Cancel the letter", "Leaves the composer, after a question.",
            COMPOSE, pine="ctrl+c", mutt="ctrl+c", slot=11),
    Command("send", "Send", "Send the letter", "Shows the letter as it would go, and puts it into the outbox.",
            COMPOSE, pine="ctrl+x", mutt="ctrl+x", slot=20),
    Command("address-book", "Addresses", "Complete an address", "Lists whom you wrote to before, or those that fit.",
            _HEADER, pine="ctrl+t", mutt="ctrl+t", slot=21),
    Command("justify", "Justify", "Justify the paragraph", "Joins the lines of the paragraph and wraps them anew.",
            _BODY, pine="ctrl+j", mutt="ctrl+j", slot=21),
    Command("rich-header", "Rich hdr", "Show all header fields", "Shows or hides From, Bcc and Reply-To.",
            _HEADER, pine="ctrl+r", mutt="ctrl+r", slot=30),
    Command("attach", "Attach", "Attach a file", "Asks for a file and attaches it.",
            _HEADER, pine="ctrl+j", mutt="ctrl+j", slot=31),
    Command("read-file", "Read file", "Insert a file", "Asks for a text file and inserts it at the cursor.",
            _BODY, pine="ctrl+r", mutt="ctrl+r", slot=30),
    Command("where-is", "Where is", "Search the text", "Asks for words and moves to where they stand next.",
            _BODY, pine="ctrl+w", mutt="ctrl+w", slot=31),
    Command("compose-page-up", "Prev page", "Previous page", "Moves up: to the first field, or one page.",
            COMPOSE, pine="ctrl+y pageup", mutt="ctrl+y pageup", slot=60),
    Command("compose-page-down", "Next page", "Next page", "Moves down: to the message text, or one page.",
            COMPOSE, pine="ctrl+v pagedown", mutt="ctrl+v pagedown", slot=61),
    Command("cut-line", "Cut line", "Cut the line", "Cuts the line or the marked text; several in a row are kept.",
            COMPOSE, pine="ctrl+k", mutt="ctrl+k", slot=50),
    Command("uncut", "Paste", "Put back what was cut", "Inserts what was cut last.",
            COMPOSE, pine="ctrl+u", mutt="ctrl+u", slot=51),
    Command("postpone", "Postpone", "Postpone the letter", "Keeps the letter among the drafts and closes the composer.",
            COMPOSE, pine="ctrl+o", mutt="ctrl+o", slot=40),
    Command("editor", "Editor", "Use your own editor", "Opens the message text in $VISUAL or $EDITOR.",
            COMPOSE, pine="ctrl+underscore alt+e f4", mutt="ctrl+underscore alt+e f4", slot=41),
    Command("compose-undo", "Undo", "Undo typing", "Takes back the last change of the text.",
            COMPOSE, pine="alt+u f5", mutt="alt+u f5", slot=70),
    Command("compose-redo", "Redo", "Redo typing", "Does again what was undone last.",
            COMPOSE, pine="alt+r f6", mutt="alt+r f6", slot=71),
    Command("mark", "Mark", "Set a mark", "Starts marking text; move the cursor, then cut it.",
            _BODY, pine="ctrl+circumflex_accent alt+a", mutt="ctrl+circumflex_accent alt+a", slot=72),
    Command("detach", "Detach", "Remove an attachment", "Takes the attachment under the cursor off the letter.",
            _HEADER, pine="alt+d f7", mutt="alt+d f7", slot=72),
    Command("delete-char", "Delete", "Delete the character", "Deletes the character under the cursor.",
            COMPOSE, pine="ctrl+d", mutt="ctrl+d"),
    Command("compose-more", "More", "More keys", "Shows the other keys of the composer in the two rows.",
            COMPOSE, pine="f3", mutt="f3", slot=MORE),
)  # fmt: skip

DIALOG = (
    Command("dialog-send", "Send", "Send it", "Puts the letter into the outbox.",
            _DIALOG, pine="y enter ctrl+x", mutt="y enter ctrl+x", slot=20),
    Command("dialog-back", "Back", "Back to the letter", "Returns to the composer; nothing is sent.",
            _DIALOG, pine="n ctrl+c escape", mutt="n q ctrl+c escape", slot=21),
    Command("dialog-later", "Later", "Send later", "Asks when the letter is to leave.",
            _DIALOG, pine="l", mutt="l", slot=30),
    Command("dialog-hold", "Hold", "Queue but hold", "Puts it into the outbox, to wait there until you release it.",
            _DIALOG, pine="h", mutt="h", slot=31),
    Command("dialog-from", "From", "Write as somebody else", "Chooses another account or identity of yours.",
            _DIALOG, pine="f", mutt="f", slot=40),
    Command("dialog-help", "Help", "Help for this screen", "Explains the choices.",
            _DIALOG, pine="? f1 ctrl+g", mutt="? f1 ctrl+g", slot=10),
)  # fmt: skip

PROMPT = (
    Command("prompt-help", "Help", "Help for the question", "Says what is being asked, in the status line.",
            _PROMPT, pine="ctrl+g f1", mutt="f1", slot=10),
    Command("prompt-cancel", "Cancel", "Cancel the question", "Leaves everything as it was.",
            _PROMPT, pine="ctrl+c escape", mutt="ctrl+c ctrl+g escape", slot=11),
    Command("prompt-accept", "Accept", "Accept the answer", "Takes what was typed.",
            _PROMPT, pine="enter", mutt="enter", slot=20),
    Command("prompt-complete", "Complete", "Complete the answer", "Completes what was typed, where that is possible.",
            _PROMPT, pine="tab ctrl+t", mutt="tab ctrl+t", slot=30),
)  # fmt: skip

PALETTE = (
    Command("palette-run", "Run", "Run the selected command", "Closes the palette and gives the command.",
            _PALETTE, pine="enter", mutt="enter", slot=12),
    Command("palette-close", "Close", "Close the palette", "Closes the palette; nothing is done.",
            _PALETTE, pine="escape ctrl+c", mutt="escape ctrl+c ctrl+g", slot=11),
    Command("palette-previous", "Previous", "Previous command", "Moves one line up.",
            _PALETTE, pine="up ctrl+p", mutt="up ctrl+p", slot=20),
    Command("palette-next", "Next", "Next command", "Moves one line down.",
            _PALETTE, pine="down ctrl+n", mutt="down ctrl+n", slot=21),
)  # fmt: skip

TABLE: tuple[Command, ...] = (
    *EVERYWHERE, *READERS, *MENU, *SETUP, *ACCOUNTS, *MAIL, *MESSAGE, *OUTBOX, *DRAFTS, *SERVER, *COMPOSER, *DIALOG,
    *PROMPT, *PALETTE,
)  # fmt: skip
"""Every command, in the order of the help screen."""

BY_ID = {command.id: command for command in TABLE}


def commands_for(contexts: Iterable[Context]) -> list[Command]:
    """The commands that work in any of ``contexts``, those for everywhere included, in table order."""
    wanted = {*contexts, Context.EVERYWHERE}
    return [command for command in TABLE if not command.contexts.isdisjoint(wanted)]
