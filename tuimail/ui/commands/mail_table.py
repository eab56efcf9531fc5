"""The commands of received mail: folders, the index of messages, and what is done to a message wherever it is shown.

Keys follow alpine's FOLDER LIST and MESSAGE INDEX, and mutt's index map. What neither has got a letter that is free in
both, or Alt with one.
"""

from __future__ import annotations

from tuimail.ui.commands.command import Command, Context

_MENU = frozenset({Context.MENU})
_FOLDERS = frozenset({Context.FOLDERS})
_INDEX = frozenset({Context.INDEX})
_JOURNAL = frozenset({Context.JOURNAL})
_MESSAGE = frozenset({Context.MESSAGE})
_MESSAGES = _INDEX | _MESSAGE
_QUOTING = _MESSAGES | {Context.SELECTING}

PLACES = (
    Command("go-index", "Index", "Go to the messages", "The messages of the folder opened last, else of the inbox.",
            _MENU | _FOLDERS, pine="i", mutt="i", slot=13),
    Command("go-folders", "Folders", "Go to the folder list", "All accounts and folders, and what is new in them.",
            _MENU | _MESSAGES, pine="l", mutt="y", slot=14),
    Command("go-to-folder", "Go to", "Go to a folder by name", "Asks for a folder; Tab completes its name.",
            _MENU | _FOLDERS | _MESSAGES, pine="g", mutt="c", slot=86),
    Command("search-mail", "Search", "Search all mail", "Asks for words, or a pattern; lists what has them anywhere.",
            _MENU | _FOLDERS | _MESSAGES, pine="alt+k", mutt="alt+k", slot=87),
    Command("go-journal", "Changes", "Go to the changes waiting", "What is still to be done to your mail, or refused.",
            _MENU | _FOLDERS, pine="j", mutt="J", slot=89),
    Command("recall", "Drafts", "Go on with a draft", "Lists the drafts, from where one is opened.",
            _FOLDERS | _MESSAGES, pine="", mutt="R", slot=0),
    Command("new-mail-folders", "New in", "Say which folders have new mail", "Lists them in the status line.",
            _FOLDERS | _MESSAGES, pine="", mutt=".", slot=0),
    Command("check-mail", "Check", "Look for new mail now", "Looks at the mailboxes now; new mail comes by itself too.",
            _MENU | _FOLDERS | _INDEX, pine="ctrl+r", mutt="G", slot=115),
)  # fmt: skip

FOLDERS = (
    Command("open-folder", "Open", "Open the selected folder", "Shows its messages.",
            _FOLDERS, pine="enter > right v .", mutt="enter right space", slot=12),
    Command("next-new-folder", "Next new", "Next folder with new mail", "Moves to the next folder that has new mail.",
            _FOLDERS, pine="tab", mutt="tab", slot=20),
    Command("create-folder", "Add", "Create a folder", "Asks for the name of a new folder of the selected account.",
            _FOLDERS, pine="a", mutt="C", slot=30),
    Command("rename-folder", "Rename", "Rename the folder", "Asks for its new name.",
            _FOLDERS, pine="r", mutt="r", slot=31),
    Command("delete-folder", "Delete", "Delete the folder", "Deletes it with everything in it, after a question.",
            _FOLDERS, pine="d", mutt="d", slot=32),
    Command("read-folder", "All read", "Mark all messages of the folder read", "It can be undone.",
            _FOLDERS | _INDEX, pine="alt+m", mutt="alt+m", slot=101),
    Command("find-folder", "Where is", "Search the folder list", "Asks for a part of a name and moves to it.",
            _FOLDERS, pine="w ctrl+w", mutt="/", slot=40),
)  # fmt: skip

MOVING = (
    Command("read", "Read", "Read the message", "Opens the message under the cursor.",
            _INDEX, pine="enter > right v .", mutt="enter right space", slot=12),
    Command("read-in-full", "Full hdrs", "Read the message with its whole header", "Opens it with every header field.",
            _INDEX, pine="", mutt="h", slot=0),
    Command("list-files", "Files", "List the files of the message", "Lists its attachments, without opening it first.",
            _INDEX, pine="", mutt="v", slot=0),
    Command("previous-message", "Prev", "Previous message", "Moves one message up.",
            _INDEX, pine="p up ctrl+p", mutt="K", slot=0),
    Command("next-message", "Next", "Next message", "Moves one message down.",
            _INDEX, pine="n down ctrl+n", mutt="J", slot=0),
    Command("previous-undeleted", "Prev", "Previous message not deleted", "Passes over messages marked to be deleted.",
            _INDEX, pine="", mutt="k up", slot=0),
    Command("next-undeleted", "Next", "Next message not deleted", "Passes over messages marked to be deleted.",
            _INDEX, pine="", mutt="j down", slot=0),
    Command("index-page-down", "Next page", "Next page", "Moves one page down.",
            _INDEX | _FOLDERS, pine="space pagedown ctrl+v +", mutt="z pagedown", slot=0),
    Command("index-page-up", "Prev page", "Previous page", "Moves one page up.",
            _INDEX, pine="- pageup ctrl+y", mutt="Z pageup", slot=0),
    Command("next-new", "Next new", "Next unread message", "Then the next folder that has one.",
            _INDEX, pine="tab", mutt="tab", slot=24),
    Command("previous-new", "Prev new", "Previous unread message", "Moves up to the unread message before.",
            _INDEX, pine="shift+tab", mutt="shift+tab alt+tab", slot=0),
    Command("jump", "Jump", "Jump to a message by number", "Asks for a number; a digit begins one at once.",
            _INDEX, pine="j", mutt="", slot=74),
    Command("search-index", "Where is", "Search the index", "Asks for words; moves to the next message that has them.",
            _INDEX, pine="w ctrl+w", mutt="/", slot=43),
    Command("search-again", "Find next", "Next message found", "Moves to the next one with the words searched last.",
            _INDEX, pine="alt+w", mutt="n", slot=0),
    Command("go-to-thread", "To thread", "Show the message in its thread", "Opens its folder by threads; Back returns.",
            _MESSAGES, pine="alt+h", mutt="alt+h", slot=88),
    Command("save-search", "Save srch", "Save the search", "Asks for a name, under which it is in the folder list.",
            _INDEX, pine='"', mutt='"', slot=44),
    Command("search-back", "Find prev", "Previous message found", "Moves up to one with the words searched last.",
            _INDEX, pine="alt+p", mutt="alt+/", slot=0),
)  # fmt: skip

JOURNAL = (
    Command("retry-change", "Again", "Try the change again", "Tries at once what was refused or put off.",
            _JOURNAL, pine="a", mutt="a", slot=20),
    Command("move-change", "Other fldr", "Take another folder for the change", "Asks which, and tries it there.",
            _JOURNAL, pine="s", mutt="s", slot=22),
    Command("delete-change", "Delete", "Delete for good what the trash refused", "Asks first; it cannot be undone.",
            _JOURNAL, pine="x", mutt="x", slot=23),
    Command("drop-change", "Drop", "Drop the change", "It is never carried out; that can be undone.",
            _JOURNAL, pine="d", mutt="d", slot=21),
)  # fmt: skip

ACTING = (
    Command("delete", "Delete", "Mark the message to be deleted",
            "The mark stays until it is carried out, or taken back.",
            _MESSAGES, pine="d delete", mutt="d", slot=20),
    Command("undelete", "Undelete", "Take back the mark, or the last step",
            "On a message marked to be deleted: unmarks it. Else it undoes the last step, then the one before.",
            _MESSAGES, pine="u", mutt="u", slot=21),
    Command("expunge", "Expunge", "Delete what is marked", "Moves what is marked to the trash, after a question.",
            _INDEX, pine="x", mutt="$", slot=50),
    Command("archive", "Archive", "Archive the message", "Moves it to the account's archive.",
            _MESSAGES, pine="y", mutt="alt+a", slot=40),
    Command("junk", "Junk", "Junk, or not junk", "Moves it to the junk folder; out of that, back to the inbox.",
            _MESSAGES, pine="!", mutt="alt+j", slot=52),
    Command("save", "Save", "Move the message to a folder", "Asks for the folder; the last one is offered.",
            _MESSAGES, pine="s", mutt="s", slot=30),
    Command("copy", "Copy", "Copy the message to a folder", "Asks for the folder; the message stays.",
            _MESSAGES, pine="alt+s", mutt="C", slot=53),
    Command("flag", "Flag", "Set or clear flags", "Asks which: important, unread, answered, forwarded.",
            _MESSAGES, pine="*", mutt="w", slot=31),
    Command("clear-flag", "Unflag", "Clear a flag", "Asks which flag is to be taken away.",
            _MESSAGES, pine="", mutt="W", slot=0),
    Command("toggle-important", "Important", "Mark as important, or not", "Sets or clears the flag.",
            _MESSAGES, pine="alt+i", mutt="F", slot=0),
    Command("toggle-unread", "Unread", "Mark as unread, or read", "Sets or clears it.",
            _MESSAGES, pine="alt+u", mutt="N", slot=0),
)  # fmt: skip

ANSWERING = (
    Command("reply", "Reply", "Reply to the message", "Opens the composer with the message quoted.",
            _QUOTING, pine="r", mutt="r", slot=22),
    Command("reply-all", "Reply all", "Reply to all recipients", "To the sender, and to all whom it went to.",
            _QUOTING, pine="alt+g", mutt="g", slot=54),
    Command("reply-list", "List reply", "Reply to the mailing list", "To the list that the message came from.",
            _QUOTING, pine="alt+y", mutt="L", slot=55),
    Command("forward", "Forward", "Forward the message", "Within the text, with its files; several are attached.",
            _MESSAGES, pine="f", mutt="f", slot=23),
    Command("forward-attached", "Fwd as is", "Forward as an attachment", "The whole message, byte for byte.",
            _MESSAGES, pine="alt+f", mutt="alt+f", slot=0),
    Command("bounce", "Bounce", "Resend the message as it is", "Asks to whom; its sender and text stay as they are.",
            _MESSAGES, pine="b", mutt="b", slot=56),
    Command("edit-as-new", "Edit new", "Begin a letter with the message", "A new letter that says the same.",
            _MESSAGES, pine="alt+e", mutt="alt+e", slot=57),
    Command("edit-message", "Edit", "Edit the message", "A draft; of another one a new letter is begun.",
            _MESSAGES, pine="", mutt="e", slot=0),
    Command("take-address", "Take addr", "Remember the sender's address", "From then on the composer completes it.",
            _MESSAGES, pine="t", mutt="a", slot=58),
    Command("show-address", "Address", "Show the sender's address", "Shows it in full in the status line.",
            _MESSAGES, pine="", mutt="@", slot=0),
)  # fmt: skip

SEVERAL = (
    Command("tag-message", "Tag", "Tag or untag the message", "A command can then be applied to all tagged ones.",
            _INDEX, pine=":", mutt="t", slot=60),
    Command("select", "Select", "Tag messages that match", "Asks which: all, the thread, those that match, none.",
            _INDEX, pine=";", mutt="", slot=61),
    Command("tag-pattern", "Tag match", "Tag messages that match a pattern", "Asks for the pattern, and for no more.",
            _INDEX, pine="", mutt="T", slot=61),
    Command("untag-matching", "Untag", "Untag messages that match", "Asks for a pattern.",
            _INDEX, pine="", mutt="ctrl+t", slot=0),
    Command("apply-tagged", "Apply", "Apply a command to tagged messages", "The next command acts on all tagged ones.",
            _INDEX, pine="a", mutt=";", slot=62),
    Command("zoom", "Zoom", "Show only tagged messages", "Once more, or Esc, shows all again.",
            _INDEX, pine="z", mutt="", slot=63),
    Command("limit", "Limit", "Show only some messages",
            "Asks for words, or a pattern like ~f kim ~d <1w; empty shows all again.",
            _INDEX, pine="k", mutt="l", slot=41),
    Command("show-limit", "Limit?", "Show what the index is limited to", "Repeats the limit as it was typed.",
            _INDEX, pine="", mutt="alt+l", slot=0),
    Command("delete-matching", "Delete", "Delete messages that match", "Asks for a pattern and marks what matches.",
            _INDEX, pine="", mutt="D", slot=0),
    Command("undelete-matching", "Undelete", "Undelete messages that match", "Asks for a pattern.",
            _INDEX, pine="", mutt="U", slot=0),
    Command("leave-index", "Leave", "Leave without deleting", "What is marked to be deleted stays marked.",
            _INDEX, pine="", mutt="x", slot=0),
    Command("sort-index", "Sort", "Sort the messages", "Asks for the order; the same one again turns it round.",
            _INDEX, pine="$", mutt="o", slot=42),
    Command("sort-reverse", "Reverse", "Sort in reverse order", "Asks for the order; its last message comes first.",
            _INDEX, pine="", mutt="O", slot=0),
)  # fmt: skip

THREADS = (
    Command("collapse", "Collapse", "Collapse or expand the thread", "Shows one line for the whole thread, or all.",
            _INDEX, pine="/", mutt="alt+v", slot=70),
    Command("collapse-all", "Collapse", "Collapse or expand all threads", "One line for each thread, or all of them.",
            _INDEX, pine="alt+c", mutt="alt+c alt+shift+v", slot=0),
    Command("next-thread", "Next thr", "Next thread", "Moves to the first message of the next thread.",
            _MESSAGES, pine="alt+n", mutt="ctrl+n", slot=0),
    Command("previous-thread", "Prev thr", "Previous thread", "Moves to the first message of the thread before.",
            _MESSAGES, pine="alt+b", mutt="ctrl+p", slot=0),
    Command("parent", "Parent", "Go to the message it answers", "Moves to the message that this one answers.",
            _MESSAGES, pine="alt+o", mutt="P", slot=0),
    Command("read-thread", "Read thr", "Mark the thread read", "All messages of the thread count as read.",
            _MESSAGES, pine="alt+r", mutt="ctrl+r", slot=0),
    Command("delete-thread", "Delete thr", "Delete the thread", "Marks all messages of the thread to be deleted.",
            _MESSAGES, pine="alt+d", mutt="ctrl+d", slot=0),
    Command("undelete-thread", "Undel thr", "Undelete the thread", "Takes the marks of the whole thread back.",
            _MESSAGES, pine="alt+z", mutt="ctrl+u", slot=0),
    Command("tag-thread", "Tag thread", "Tag the thread", "Tags all messages of the thread.",
            _INDEX, pine="alt+t", mutt="alt+t", slot=0),
    Command("break-thread", "Break thr", "Break the thread here", "The message begins a thread, with its answers.",
            _INDEX, pine="alt+x", mutt="#", slot=0),
    Command("link-threads", "Link thr", "Link tagged messages to this one", "From now on they answer it.",
            _INDEX, pine="alt+l", mutt="&", slot=0),
    Command("mute-thread", "Mute thr", "Mute the thread, or not", "New messages of a muted thread arrive read.",
            _INDEX, pine="alt+q", mutt="alt+q", slot=0),
)  # fmt: skip

MAIL: tuple[Command, ...] = (*PLACES, *FOLDERS, *JOURNAL, *MOVING, *ACTING, *ANSWERING, *SEVERAL, *THREADS)
"""All of them, in the order of the help screen."""
