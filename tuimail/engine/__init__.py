"""The composition root: Config -> drafts, outbox, submitters, runner, filer.

facade      what the two faces may ask for; owns the background tasks
letters     what happens to one letter on the writer thread: taken out of the outbox, put back, read raw
export      a letter as a file of the user's
wiring      from an account's name to its way out, its secret, its Sent copy
"""

from tuimail.engine.facade import Engine

__all__ = ["Engine"]
