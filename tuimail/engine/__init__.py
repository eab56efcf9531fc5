"""The composition root: Config -> drafts, outbox, submitters, runner, filer.

facade      what the two faces may ask for; owns the background tasks
evidence    looks in Sent for letters of which nobody knows whether they went
export      a letter as a file of the user's
letters     what happens to one letter on the writer thread: taken out of the outbox, put back, read raw
reporting   what the user is told of a delivery report
surroundings  what wakes the outbox from outside: other processes, the network, the clock
wiring      from an account's name to its way out, its secret, its Sent copy
"""

from tuimail.engine.facade import Engine

__all__ = ["Engine"]
