"""The embedded accounts: a loopback submission server, sample letters, a whole mailbox, and people who answer."""
