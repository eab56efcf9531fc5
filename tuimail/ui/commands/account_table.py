"""The commands of accounts: adding one, removing one, and those of the form of a new one, where letters are text."""

from __future__ import annotations

from tuimail.ui.commands.command import Command, Context

_FORM = frozenset({Context.ADD_ACCOUNT})
_ACCOUNTS = frozenset({Context.ACCOUNTS})

ACCOUNTS = (
    Command("add-account", "Add", "Add an account", "Finds the servers of your address, signs in, and saves it.",
            _ACCOUNTS | {Context.MENU}, pine="plus", mutt="plus", slot=92),
    Command("remove-account", "Remove", "Remove the account", "Takes it out of the settings, after a question.",
            _ACCOUNTS, pine="d", mutt="d", slot=30),
    Command("account-help", "Help", "Help for adding an account", "Explains the form and its keys.",
            _FORM, pine="ctrl+g f1", mutt="ctrl+g f1", slot=10),
    Command("account-leave", "Cancel", "Cancel", "Ends the search or the sign-in; else leaves, and nothing is saved.",
            _FORM, pine="ctrl+c escape", mutt="ctrl+c escape", slot=11),
    Command("account-go-on", "Go on", "Go on", "Finds the servers; then signs in, and saves the account.",
            _FORM, pine="ctrl+x", mutt="ctrl+x", slot=20),
    Command("account-by-hand", "By hand", "Name the servers by hand", "Shows all settings; nobody is asked.",
            _FORM, pine="ctrl+w", mutt="ctrl+w", slot=21),
    Command("account-other", "Other", "Show other settings", "Goes through what else was found for the address.",
            _FORM, pine="ctrl+t", mutt="ctrl+t", slot=30),
    Command("account-look-up", "Again", "Find the servers again", "For the address as it stands there now.",
            _FORM, pine="ctrl+o", mutt="ctrl+o", slot=31),
    Command("account-rare", "More", "Show all fields",
            "Shows or hides the account's name, the kind of sign-in, a password command, a CA file.",
            _FORM, pine="ctrl+r", mutt="ctrl+r", slot=40),
)  # fmt: skip
