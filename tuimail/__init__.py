r"""tuimail: a mail client for the terminal with an outbox.

The path of a message::

    ui/screens/compose -- Draft --> compose/build -- OutgoingMessage --> outbox/store  ("queued" is shown only now)
                                                                           |    ^
                          ui <-- events <-- outbox/run <-- due, claim -----+    | deferred: next_attempt_at
                                                | submit                        |
                                                v                               |
                                         submission/smtp -- verdict per rcpt ---+-- refused: needs you (mend, edit)
                                                | accepted (written at once)    +-- uncertain: never re-sent silently
                                                v
                                           sent/filer --> mailboxes (\\Sent) --> the item leaves the outbox

The packages; upper ones import lower ones, never the reverse::

    cli         the command line, one file per command
    ui          the screens; the only package that imports Textual
    demo        an embedded account on a loopback server
    engine      the composition root: owns every background task, lives longer than every screen
    outbox | sent | compose | accounts | sync     the stages of a message; independent of each other
    submission | mailboxes    protocols: SMTP (or a local command), IMAP, Maildir and mbox
    cache | journal           what was read, what is to be done to it; independent of each other and of those
    tls sasl    TLS and sign-in, used by both
    config      accounts, identities, secrets, themes, keys
    events      the events that the engine announces
    mail        values of mail: addresses, headers, messages; pure, no I/O
    coordination    shared by stores that several processes use: locks, change notices, one writer thread
    paths durable log clock     durable: files that survive a power cut
    private_files   the only module that opens the program's own files and creates its folders
    errors      every error a user may see, with its exit code

Each larger package lists its modules in its ``__init__``. [tool.importlinter] in pyproject.toml checks the order.

This module imports nothing, so that ``import tuimail`` is fast.
"""

__version__ = "0.1.0"
