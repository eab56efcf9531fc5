"""What a message in the outbox is, and what is decided about it. Pure: no I/O, no clock of its own."""
