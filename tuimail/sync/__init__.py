"""Brings the cache into step with where mail is kept, and back; joins ``cache``, ``journal`` and ``mailboxes``.

maildir_sync      an account whose mail is in a Maildir
maildir_replay    carries out the journal in that Maildir
"""
