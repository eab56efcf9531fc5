"""What sends the messages of the outbox: the runner and its workers."""
