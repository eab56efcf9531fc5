"""The letters of the demo's mailboxes, as tables by theme, and what turns them into the bytes of mail."""
