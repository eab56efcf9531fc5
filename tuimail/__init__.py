r"""tuimail: a mail client for the terminal with an outbox.

The way of a message::

    ui/screens/compose -- Draft --> compose/build -- OutgoingMessage --> outbox/store  ("queued" is shown only now)
                                                                           |    ^
                          ui <-- events <-- outbox/run <-- due, claim -----+    | deferred: next_attempt_at
                                                | submit                        |
                                                v                               |
                                         submission/smtp -- verdict per rcpt ---+-- refused: needs you (mend, edit)
                                                | accepted (written at once)    +-- uncertain: never re-sent silently
                                                v
                                           sent/filer --> mailboxes (\\Sent) --> the item leaves the outbox

The rooms, upper ones import lower ones and never the other way::

    cli         the command line, one file per command
    ui          the screens; the only room that knows Textual
    demo        an embedded account on a loopback server
    engine      the composition root: owns every background task, outlives every screen
    outbox | sent | compose | accounts        the steps of a message; independent of each other
    submission | mailboxes                    the two ways out of this program: SMTP (or a command), Maildir and IMAP
    tls sasl    what both say to a server before a letter
    config      accounts, identities, secrets, themes, keys
    events      what the engine announces
    mail        the words: pure values, no I/O
    coordination    what stores of several processes share: locks, notices of changes, one writing thread
    paths durable log clock     durable: files that survive a power cut
    private_files   the one place that opens files of ours and makes folders
    errors      every error a user may read, with its exit code

A room of many files lists them on its first page. [tool.importlinter] in pyproject.toml holds the order of the rooms.

This module imports nothing, so that ``import tuimail`` costs nothing.
"""

__version__ = "0.1.0"
