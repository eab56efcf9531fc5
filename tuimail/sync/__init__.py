"""Brings the cache into step with where mail is kept, and back; joins ``cache``, ``journal`` and ``mailboxes``.

maildir_sync      an account whose mail is in a Maildir
maildir_letters   reads messages of it that the cache lists
mbox_sync         one whose mail is in mbox files, each followed by mbox_file_sync; mbox_letters reads their messages
mailbox_sync      what both have
fulltext_sync     fills the full-text index
muted_threads     what marks new messages of muted threads read
maildir_replay    carries out the journal in that Maildir
"""
