r"""Mailboxes: Maildir and IMAP.

maildir                        durable delivery
imap_connect                   connects to an IMAP account and signs in, with sign_in and imap_errors
imap_session, imap_protocol    one command at a time, on aioimaplib; imap_wire parses and quotes
sent_mail, folders             find \Sent, search it for a letter, append a letter
"""
