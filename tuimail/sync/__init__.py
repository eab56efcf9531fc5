"""Brings the cache into step with where mail is kept; joins ``cache`` and ``mailboxes``.

maildir_sync    an account whose mail is in a Maildir
"""
