"""The composition root: Config -> drafts, outbox, submitters, runner, filer.

facade      the Engine that the two faces see: its life and its background tasks; its parts are
  rooms       the stores and the one thread that touches them
  composing   drafts, and from a draft into the outbox
  watching    what is in the outbox
  steering    the user's verbs, delivery reports
  accounts    whether accounts can send
evidence    looks in Sent for letters of which nobody knows whether they went
export      a letter as a file of the user's
letters     what happens to one letter on the writer thread: taken out of the outbox, put back, read raw
reporting   what the user is told of a delivery report
surroundings  what wakes the outbox from outside: other processes, the network, the clock
wiring      from an account's name to its way out, its secret, its Sent copy
"""

from tuimail.engine.facade import Engine

__all__ = ["Engine"]
