r"""Mailboxes: Maildir and IMAP.

maildir                        durable delivery
imap_connect                   connects to an IMAP account and signs in, with sign_in and imap_errors
imap_session                   one command at a time: imap_command runs it, imap_append uploads, imap_timeouts limits it
imap_protocol, imap_wire       the connection on aioimaplib; parsing and quoting
sent_mail, folders             find \Sent, search it for a letter, append a letter
"""
